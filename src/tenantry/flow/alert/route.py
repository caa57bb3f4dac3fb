"""Routes: where alerts go, and which ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Literal

import psycopg
from pydantic import SecretStr

from tenantry.core.errors import InputError
from tenantry.core.visible import visible
from tenantry.db.queries import one_row, query
from tenantry.flow.alert import address

Kind = Literal["webhook", "email", "apprise"]

Severity = Literal["warning", "error"]

REPEAT = timedelta(hours=4)
"""After how long an alert that is not over is told again, if a route says nothing else."""

_TIME = re.compile(r"\s*(\d{1,5})\s*(min|minutes?|h|hours?|d|days?)\s*")
_SECRET = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,4000}")
_UNITS = {"m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class Route:
    """Where alerts go: `address` is a webhook's URL, a mail server's, or the name of a service of Apprise.

    It gets alerts of at least `severity`; if it names tenants or templates, only alerts about those. An alert that is not over is
    repeated after `repeat_after`, then each time after twice as long, up to a day. With `plain`, messages may be sent without
    encryption. The secret is stored elsewhere.
    """

    name: str
    kind: Kind
    address: str
    sender: str | None = None
    recipients: Sequence[str] = ()
    severity: Severity = "warning"
    tenants: Sequence[str] = ()
    templates: Sequence[str] = ()
    repeat_after: timedelta = REPEAT
    plain: bool = False
    has_secret: bool = False

    @property
    def needs_secret(self) -> bool:
        """Whether it cannot work without its secret."""
        match self.kind:
            case "apprise":
                return True
            case "webhook":
                return address.PLACE in self.address
            case "email":
                return address.mail_server(self.address).user is not None


@dataclass(frozen=True)
class RouteState:
    """A route and the state of its messages: how many wait and since when, when the last one was sent, how many were given up
    within a month, and what the other side answered to the oldest one that waits.
    """

    route: Route
    waiting: int
    waiting_since: datetime | None
    last_sent_at: datetime | None
    given_up: int
    answer: str | None


def checked(route: Route) -> Route:
    """The route, if messages can be sent there. Raises InputError if not, without what may be a secret."""
    if not route.name or len(route.name) > 63 or visible(route.name, lines=False) != route.name:
        raise InputError("the name of a route has 1 to 63 visible characters")
    if route.repeat_after < timedelta(minutes=1):
        raise InputError("alerts cannot be repeated more often than every minute")
    if route.kind == "webhook":
        address.webhook(route.address, plain=route.plain)
    elif route.kind == "email":
        address.mail_server(route.address)
        if not route.recipients or route.sender is None:
            raise InputError("e-mail needs a recipient, a sender and a mail server")
        for one in (*route.recipients, route.sender):
            address.mailbox(one)
        if route.has_secret and not route.needs_secret:
            raise InputError(
                "there is a password, but the mail server's URL names no user",
                hint="Write it as smtp://user@host:port.",
            )
    else:
        address.service(route.address)
    if route.kind != "email" and (route.recipients or route.sender):
        raise InputError("only e-mail has recipients and a sender")
    return route


def given(
    name: str,
    *,
    webhook: str | None = None,
    email: Sequence[str] = (),
    smtp: str | None = None,
    sender: str | None = None,
    apprise: str | None = None,
    severity: str = "warning",
    tenants: Sequence[str] = (),
    templates: Sequence[str] = (),
    repeat_after: str = "4h",
    plain: bool = False,
) -> Route:
    """The route that somebody describes. Raises InputError if it is not of one kind, or cannot work."""
    kinds: list[tuple[Kind, str | None]] = [
        ("webhook", webhook),
        ("email", smtp if email or smtp or sender else None),
        ("apprise", apprise),
    ]
    chosen = [(kind, where) for kind, where in kinds if where]
    if (email or sender) and not smtp:
        raise InputError("e-mail needs a recipient, a sender and a mail server")
    if len(chosen) != 1 or severity not in ("warning", "error"):
        raise InputError(
            f'the severity of route "{name}" is neither warning nor error'
            if len(chosen) == 1
            else f'route "{name}" needs exactly one of a webhook, e-mail and a service of Apprise'
        )
    ((kind, where),) = chosen
    level: Severity = "error" if severity == "error" else "warning"
    return checked(
        Route(
            name,
            kind,
            where or "",
            sender,
            tuple(email),
            level,
            tuple(sorted(set(tenants))),
            tuple(sorted(set(templates))),
            span(repeat_after),
            plain,
        )
    )


def span(text: str) -> timedelta:
    """A time such as 30min, 4h or 1d. Raises InputError for another text."""
    found = _TIME.fullmatch(text)
    if not found:
        raise InputError(f"{text!r} is not a time", hint="Write it as 30min, 4h or 1d.")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2][0]])


def as_text(span: timedelta) -> str:
    """A time as `span` reads it."""
    minutes = max(1, round(span.total_seconds() / 60))
    for unit, length in (("d", 1440), ("h", 60)):
        if minutes % length == 0:
            return f"{minutes // length}{unit}"
    return f"{minutes}min"


def require_names(route: Route, tenants: Iterable[str], templates: Iterable[str], place: str = "") -> None:
    """Raise InputError if a route names a tenant or a template that does not exist: it would never get an alert."""
    for noun, given, known in (
        ("tenant", route.tenants, list(tenants)),
        ("template", route.templates, list(templates)),
    ):
        for name in given:
            if name not in known:
                near = get_close_matches(name, known, 1)
                raise InputError(
                    f'{place}{noun} "{name}" does not exist',
                    hint=f"Did you mean {near[0]}?" if near else None,
                )


def every(session: psycopg.Connection) -> list[Route]:
    """All routes by name."""
    return [_route(row) for row in session.execute(query("alert", "routes"), {"name": None})]


def get(session: psycopg.Connection, name: str) -> Route:
    """One route. Raises InputError if there is none with that name."""
    row = session.execute(query("alert", "routes"), {"name": name}).fetchone()
    if row is None:
        known = ", ".join(route.name for route in every(session)) or "none"
        raise InputError(f'there is no route "{name}" for alerts', hint=f"Known routes: {known}")
    return _route(row)


def states(session: psycopg.Connection) -> list[RouteState]:
    """All routes by name, each with the state of its messages."""
    found = {row[0]: row[1:] for row in session.execute(query("alert", "route_states"))}
    return [RouteState(route, *found.get(route.name, (0, None, None, 0, None))) for route in every(session)]


def put(session: psycopg.Connection, route: Route, secret: SecretStr | None) -> bool:
    """Store a route with its secret; return whether it is new. No secret means the one that is stored.

    Raises InputError for a route that cannot work, or that leads elsewhere and gets no secret for there.
    """
    if secret is not None and not _SECRET.fullmatch(secret.get_secret_value()):
        raise InputError("the secret is empty, or has line breaks or other characters that cannot be sent")
    with session.transaction():
        old = next((one for one in every(session) if one.name == route.name), None)
        stored = old is not None and old.has_secret
        if (
            old is not None
            and stored
            and secret is None
            and (old.kind, old.address) != (route.kind, route.address)
        ):
            raise InputError(
                f'the secret of route "{route.name}" is for another address',
                hint="Give the secret again: --secret-file.",
            )
        route = checked(replace(route, has_secret=secret is not None or stored))
        if route.needs_secret and not route.has_secret:
            raise InputError(f'route "{route.name}" needs its secret', hint="Give it with --secret-file.")
        lists = {key: list(getattr(route, key)) for key in ("recipients", "tenants", "templates")}
        session.execute(query("alert", "put_route"), vars(route) | lists)
        if secret is not None:
            session.execute(query("alert", "drop_secret"), {"name": route.name})
            with session.cursor() as cursor, cursor.copy(query("alert", "put_secret")) as copy:
                copy.set_types(["text", "text"])
                copy.write_row((route.name, secret.get_secret_value()))
    return old is None


def drop(session: psycopg.Connection, name: str) -> None:
    """Remove a route with its secret and the messages that wait. Raises InputError if there is none with that name."""
    get(session, name)
    session.execute(query("alert", "drop_route"), {"name": name})


def secrets(session: psycopg.Connection, name: str | None = None) -> Mapping[str, SecretStr]:
    """The secrets of all routes, or of one, by name. Only whadmin may read them."""
    rows = session.execute(query("alert", "secrets"), {"name": name})
    return {row[0]: SecretStr(row[1]) for row in rows}


def known_names(session: psycopg.Connection) -> tuple[list[str], list[str]]:
    """The names of the tenants and of the templates."""
    tenants, templates = one_row(session, query("alert", "known_names"))
    return tenants, templates


def _route(row: tuple[object, ...]) -> Route:
    return Route(*row)  # type: ignore[arg-type]
