"""What happens in the warehouse: running and slow statements, the log, and what uses the space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from tenantry.core.errors import InputError
from tenantry.db.queries import one_row, query


@dataclass(frozen=True)
class Running:
    """A session that is active or has an open transaction: ages in seconds, and the sessions that it waits for.

    `tenant` is the first tenant's schema that its statement names.
    """

    pid: int
    user: str
    program: str
    state: str
    seconds: float | None
    transaction_seconds: float | None
    waits_for: str
    blocked_by: Sequence[int]
    tenant: str | None
    query: str


@dataclass(frozen=True)
class Program:
    """A program of Tenantry that is connected: its login, its sessions, and how many of them are at work.

    `since` is when the oldest session began, None if the asking role may not know; then nobody seems to be at work.
    """

    name: str
    user: str
    sessions: int
    active: int
    since: datetime | None


@dataclass(frozen=True)
class Slow:
    """A statement of pg_stat_statements; times in milliseconds."""

    query: str
    calls: int
    mean: float
    total: float
    rows: int


@dataclass(frozen=True)
class Missing:
    """Why slow statements are not known, and how to change that."""

    reason: str
    command: str


@dataclass(frozen=True)
class Entry:
    """A line of `_wh.function_logs`."""

    id: int
    at: datetime
    level: str
    function: str
    message: str
    context: dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """Which lines of the log to show; all given conditions must hold. `pattern` is a regular expression for message or context."""

    tenant: str | None = None
    levels: Sequence[str] | None = None
    since: timedelta | None = None
    function: str | None = None
    pattern: str | None = None


@dataclass(frozen=True)
class Size:
    """What a feed holds: recorded rows, bytes of data and of indexes, and the rows of the last two whole months.

    Bytes are None if a node of a cluster that may hold some of them does not answer.
    """

    tenant: str
    template: str
    storage: str
    rows: int
    data_bytes: int | None
    index_bytes: int | None
    relations: int
    last_month_rows: int
    month_before_rows: int

    @property
    def bytes(self) -> int | None:
        """Data and indexes."""
        if self.data_bytes is None or self.index_bytes is None:
            return None
        return self.data_bytes + self.index_bytes


def running(session: psycopg.Connection) -> list[Running]:
    """The active sessions of this database except this one, oldest transaction first."""
    return [Running(*row) for row in session.execute(query("activity", "running"), {"own": []})]


def programs(session: psycopg.Connection) -> list[Program]:
    """The programs of Tenantry that are connected to this database."""
    return [Program(*row) for row in session.execute(query("activity", "programs"))]


def cancel(session: psycopg.Connection, pid: int) -> None:
    """Cancel what a session runs; the session stays.

    Raises:
        InputError: this database has no such session.
        DatabaseError: (through the session's errors) the session is another role's.
    """
    if session.execute(query("activity", "cancel"), {"pid": pid}).fetchone() is None:
        raise InputError(f"this database has no session {pid}", hint="Run: tenantry queries")


def missing_statements(session: psycopg.Connection) -> Missing | None:
    """Why `slow` is not available, or None if it is."""
    schema, libraries, loaded = one_row(session, query("activity", "statements_extension"))
    if schema and loaded is not False:
        return None
    if loaded:
        reason = "slow statements are not known: the extension pg_stat_statements is not created"
        return Missing(reason, "CREATE EXTENSION pg_stat_statements; -- as the administrator")
    wanted = f"{libraries}, pg_stat_statements" if libraries else "pg_stat_statements"
    return Missing(
        "slow statements are not known: the library pg_stat_statements is not loaded",
        f"ALTER SYSTEM SET shared_preload_libraries = {wanted}; "
        "-- as the administrator; restart the server; then CREATE EXTENSION pg_stat_statements;",
    )


def slow(session: psycopg.Connection, *, milliseconds: float, most: int) -> list[Slow]:
    """Statements that take longer on average, sorted by total time, most first."""
    schema, _, _ = one_row(session, query("activity", "statements_extension"))
    session.execute(query("activity", "find_statements"), {"schema": schema})
    rows = session.execute(query("activity", "slow_statements"), {"milliseconds": milliseconds, "most": most})
    return [Slow(*row) for row in rows]


def logs(
    session: psycopg.Connection,
    wanted: Wanted,
    *,
    after: int = 0,
    before: int | None = None,
    most: int = 1000,
) -> list[Entry]:
    """The newest entries with an id between `after` and `before`, oldest first. Raises InputError for an invalid pattern."""
    names = {
        "tenant": wanted.tenant,
        "levels": [level.upper() for level in wanted.levels] if wanted.levels else None,
        "since": wanted.since,
        "function": wanted.function,
        "pattern": wanted.pattern,
        "after": after,
        "before": before,
        "most": most,
    }
    try:
        return [Entry(*row) for row in session.execute(query("activity", "logs"), names)]
    except psycopg.errors.InvalidRegularExpression as error:
        raise InputError(
            f"{wanted.pattern!r} is not a regular expression: {error.diag.message_primary}",
        ) from error


def newest_entry(session: psycopg.Connection) -> int:
    """The id of the newest committed entry; 0 if there is none."""
    return int(one_row(session, query("activity", "newest_entry"))[0])


def sizes(session: psycopg.Connection, tenant: str | None = None) -> list[Size]:
    """What each feed holds, largest first."""
    return [Size(*row) for row in session.execute(query("activity", "sizes"), {"tenant": tenant})]


def database_size(session: psycopg.Connection) -> int:
    """The bytes of the whole database, including the catalog and what others keep in it."""
    return int(one_row(session, query("activity", "database_size"))[0])
