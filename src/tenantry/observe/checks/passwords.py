"""Passwords that are old."""

from __future__ import annotations

from collections.abc import Iterator

from tenantry.observe.checks.finding import Check, Examined, Finding, Severity, some, tenantry


def _passwords(examined: Examined) -> Iterator[Finding]:
    unknown = []
    for name, days, known in examined.rows("password_ages", most=examined.password_days):
        if known:
            yield Finding(
                Severity.NOTE,
                name,
                f"the source's password is {days:,} days old; {examined.password_days} are the most that you want",
                tenantry("tenant", "edit", name, "--password"),
            )
        else:
            unknown.append(name)
    if unknown:
        yield Finding(
            Severity.NOTE,
            unknown[0] if len(unknown) == 1 else "connections",
            f"how old the password of {some(unknown)} is was not kept when it was stored: it may be years",
            tenantry("tenant", "edit", unknown[0], "--password"),
        )


PASSWORDS = Check("passwords", "Is no password of a source too old?", True, _passwords)
