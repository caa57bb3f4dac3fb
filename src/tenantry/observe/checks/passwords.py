"""Passwords that are old, and reader logins that will expire soon."""

from __future__ import annotations

from collections.abc import Iterator

from tenantry.core.words import count, some
from tenantry.observe.checks.finding import Check, Examined, Finding, Severity, tenantry

SOON = 14
"""How many days before a reader's login expires it is reported."""


def _passwords(examined: Examined) -> Iterator[Finding]:
    unknown = []
    for name, days, known in examined.rows("password_ages", most=examined.password_days):
        if known:
            yield Finding(
                Severity.NOTE,
                name,
                f"the source's password is {count(days, 'day')} old; your limit is {examined.password_days}",
                tenantry("tenant", "edit", name, "--password"),
            )
        else:
            unknown.append(name)
    if unknown:
        yield Finding(
            Severity.NOTE,
            unknown[0] if len(unknown) == 1 else "connections",
            f"the age of the password of {some(unknown)} is unknown, because it was not recorded: it may be years",
            tenantry("tenant", "edit", unknown[0], "--password"),
        )
    if examined.tenant is not None:
        return
    for name, days, made_here, tenants in examined.rows("ending_readers", soon=SOON):
        if days < 0:
            when = "has expired: its reports cannot log in"
        else:
            when = "ends today" if days == 0 else f"expires in {days} day{'s' if days > 1 else ''}"
        seen = ["--all"] if tenants is None else [word for tenant in tenants for word in ("--tenant", tenant)]
        yield Finding(
            Severity.WARNING,
            name,
            f"the password of the reader {when} (VALID UNTIL)",
            tenantry("reader", "add", name, *seen, "--valid-until", "YYYY-MM-DD")
            if made_here
            else f"ALTER ROLE {name} VALID UNTIL 'YYYY-MM-DD'; -- as the administrator",
        )


PASSWORDS = Check(
    "passwords",
    "Are all passwords recent enough, and does no reader's password expire soon?",
    True,
    _passwords,
)
