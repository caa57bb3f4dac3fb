"""What is wrong and what was told of it, as the warehouse keeps it from one look to the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from tenantry.db.queries import one_row, query
from tenantry.flow.alert import route as routes
from tenantry.flow.alert.route import Route, Severity

Event = Literal["began", "continues", "grew", "recovered", "test"]


@dataclass(frozen=True)
class Alert:
    """Something that is wrong, or was: `cause` is what it has in common with others that one message tells.

    `looks` says how many looks in a row have found it. `tenant` and `template` are None if it is not about one.
    """

    key: str
    kind: str
    cause: str
    severity: Severity
    tenant: str | None
    template: str | None
    message: str
    looks: int
    first_seen: datetime
    last_seen: datetime
    recovered_at: datetime | None = None


@dataclass(frozen=True)
class Notice:
    """What a route was told of a cause: how often, when last, and of how many alerts.

    `reopened` counts how often the cause came back within a day after it had gone. `closed_at` is when its end was told.
    """

    route: str
    cause: str
    kind: str
    severity: Severity
    summary: str
    opened_at: datetime
    last_sent_at: datetime
    times_sent: int
    alerts: int
    reopened: int = 0
    closed_at: datetime | None = None


@dataclass(frozen=True)
class Told:
    """A message to queue, with its id, and what is noted with it."""

    message_id: UUID
    event: Event
    message: Mapping[str, Any]
    notice: Notice


@dataclass(frozen=True)
class Known:
    """What the warehouse knows when a program looks: `waiting` has route and cause of messages that are still to be sent.

    `database` is the warehouse's name.
    """

    now: datetime
    database: str
    routes: Sequence[Route]
    alerts: Sequence[Alert]
    notices: Sequence[Notice]
    waiting: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Decided:
    """What a look changes: alerts, notices that are only noted, and messages. `examined`: doctor's checks ran for it."""

    alerts: Sequence[Alert] = ()
    notices: Sequence[Notice] = ()
    told: Sequence[Told] = ()
    examined: bool = False


@dataclass(frozen=True)
class Due:
    """Whether there are routes, and when a program last looked, and ran doctor's checks (None: never)."""

    now: datetime
    routes: bool
    looked_at: datetime | None
    examined_at: datetime | None


@dataclass(frozen=True)
class Delivery:
    """A message that waits, with the route and its secret. `attempts` are those that failed."""

    id: int
    message_id: UUID
    route: Route
    event: Event
    message: Mapping[str, Any]
    attempts: int
    created_at: datetime
    secret: Any = field(repr=False, default=None)


def due(session: psycopg.Connection) -> Due:
    """When a program last looked."""
    return Due(*one_row(session, query("alert", "look")))


def alerts(session: psycopg.Connection, *, open_only: bool = False) -> list[Alert]:
    """What is wrong, oldest first; with `open_only`, without what is over."""
    return [Alert(*row) for row in session.execute(query("alert", "alerts"), {"open": open_only})]


def decide(
    session: psycopg.Connection,
    judge: Callable[[Known], Decided],
    since: datetime | None,
    me: Mapping[str, Any],
) -> Sequence[Told] | None:
    """Let `judge` decide what to tell, and store its decision with its messages, in one transaction.

    Returns None if another program is deciding right now, or has since the last look that was known (`since`). `me` names
    the host and pid.
    """
    with session.transaction():
        if not one_row(session, query("alert", "try_decide"))[0]:
            return None
        last = due(session)
        if last.looked_at != since:
            return None
        known = Known(
            last.now,
            session.info.dbname,
            routes.every(session),
            alerts(session),
            [Notice(*row) for row in session.execute(query("alert", "notices"))],
            frozenset((row[0], row[1]) for row in session.execute(query("alert", "waiting_causes"))),
        )
        decided = judge(known)
        if decided.alerts:
            session.execute(
                query("alert", "put_alerts"), {"alerts": Jsonb([_row(one) for one in decided.alerts])}
            )
        for notice in (*decided.notices, *(told.notice for told in decided.told)):
            session.execute(query("alert", "put_notice"), asdict(notice))
        for told in decided.told:
            session.execute(
                query("alert", "put_delivery"),
                {
                    "message_id": told.message_id,
                    "route": told.notice.route,
                    "cause": told.notice.cause,
                    "event": told.event,
                    "message": Jsonb(told.message),
                },
            )
        looked = {"now": known.now, "examined_at": known.now if decided.examined else None, **me}
        session.execute(query("alert", "looked"), looked)
        session.execute(query("alert", "prune"), {"now": known.now})
        return decided.told


def _row(alert: Alert) -> dict[str, Any]:
    return {
        "alert_key": alert.key,
        "kind": alert.kind,
        "cause": alert.cause,
        "severity": alert.severity,
        "schema_name": alert.tenant,
        "template_name": alert.template,
        "message": alert.message,
        "looks": alert.looks,
        "first_seen": alert.first_seen.isoformat(),
        "last_seen": alert.last_seen.isoformat(),
        "recovered_at": alert.recovered_at.isoformat() if alert.recovered_at else None,
    }


def take(session: psycopg.Connection) -> Delivery | None:
    """The next message that is due, or None. Call it in a transaction: its end lets others take what was not confirmed."""
    # While the other side is heard, the transaction is idle.
    session.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    row = session.execute(query("alert", "take")).fetchone()
    if row is None:
        return None
    number, message_id, name, event, message, attempts, created_at = row
    secret = routes.secrets(session, name).get(name)
    return Delivery(
        number, message_id, routes.get(session, name), event, message, attempts, created_at, secret
    )
