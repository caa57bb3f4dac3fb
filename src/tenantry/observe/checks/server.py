"""The server: its settings, clock, lock table and connections, and sessions that block others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from psycopg import sql

from tenantry.core.model import OWNER
from tenantry.core.words import some
from tenantry.flow.slice import room
from tenantry.observe.checks.feeds import Feed
from tenantry.observe.checks.finding import Check, Examined, Finding, Severity

_SKEW = 5.0
"""Seconds between this machine's clock and the server's: both decide which day is today."""

_ROOM = 5
"""Sessions that should be free: a load with two jobs, its views, a report, and somebody who investigates."""


def _server(examined: Examined) -> Iterator[Finding]:
    before = datetime.now(UTC)
    row = examined.rows("server")[0]
    after = datetime.now(UTC)
    moment, standby, read_only, autovacuum, counts, fsync, full_pages, database, read_only_by = row
    skew = (moment - before).total_seconds() if moment < before else max((moment - after).total_seconds(), 0)
    if abs(skew) > _SKEW:
        yield Finding(
            Severity.WARNING,
            "clock",
            f"the server's clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} this machine's",
            "sudo chronyc makestep # on the host whose clock is wrong",
        )
    if standby:
        reason = "it is a read-only standby: nothing can be loaded here"
        yield Finding(
            Severity.ERROR,
            "server",
            reason,
            "SELECT pg_promote(); -- as the administrator, or name the primary with --dsn",
        )
    elif read_only:
        yield Finding(
            Severity.ERROR,
            "default_transaction_read_only",
            f"it is on ({read_only_by or 'server'}): nothing can be loaded",
            _reset(read_only_by, database),
        )
    for name, on, severity, why in (
        (
            "autovacuum",
            autovacuum,
            Severity.ERROR,
            "dead rows stay, and the server stops when transaction numbers run out",
        ),
        ("track_counts", counts, Severity.ERROR, "autovacuum does not know which tables need it"),
        ("fsync", fsync, Severity.WARNING, "a crash of the host can destroy the warehouse"),
        ("full_page_writes", full_pages, Severity.WARNING, "a crash of the host can destroy pages"),
    ):
        if not on:
            yield Finding(
                severity,
                name,
                f"it is off: {why}",
                f"ALTER SYSTEM SET {name} = on; -- as the administrator; then SELECT pg_reload_conf();",
            )
    here = examined.login.info.host
    if not (
        examined.login.pgconn.ssl_in_use or here.startswith("/") or here in ("localhost", "127.0.0.1", "::1")
    ):
        yield Finding(
            Severity.WARNING,
            "connection",
            f"this session with the warehouse at {here} is not encrypted",
            "tenantry --dsn '… sslmode=verify-full' doctor",
        )
    for name, value, needed in examined.rows_of_login("told_secrets"):
        yield Finding(
            Severity.WARNING,
            name,
            f"it is {value}: a source's password is logged in clear text when it is stored",
            f"GRANT SET ON PARAMETER {needed} TO {OWNER}; -- as a superuser",
        )


def _reset(where: str | None, database: str) -> str:
    if where and "role" in where:
        return "ALTER ROLE whadmin RESET default_transaction_read_only; -- as the administrator, after SET default_transaction_read_only = off"
    if where:
        name = sql.Identifier(database).as_string()
        return f"ALTER DATABASE {name} RESET default_transaction_read_only; -- as the administrator, after SET default_transaction_read_only = off"
    return "ALTER SYSTEM RESET default_transaction_read_only; -- as the administrator, after SET default_transaction_read_only = off; then SELECT pg_reload_conf();"


def locked(feeds: Iterable[Feed]) -> int:
    """Return how many relations a report over everything locks in feeds of one template: the public view and what unites
    the tenants, each tenant's own view or table, and each relation with its indexes, once if tenants share it.
    """
    feeds = list(feeds)
    parts = {part.name: 1 + part.indexes for feed in feeds for part in feed.parts}
    return 2 + sum(not feed.shared for feed in feeds) + sum(parts.values())


def _locks(examined: Examined) -> Iterator[Finding]:
    server = room.room(examined.session)
    for template in sorted({feed.template for feed in examined.feeds}):
        feeds = [feed for feed in examined.feeds if feed.template == template]
        lacks = server.shortage(
            template,
            locked(feeds),
            tenants=len(feeds),
            daily=any(feed.daily for feed in feeds),
            movable=feeds[0].has_time_column,
        )
        if lacks:
            severity = Severity.ERROR if lacks.fails else Severity.WARNING
            yield Finding(severity, f"public.{template}", lacks.reason, lacks.command)


def _connections(examined: Examined) -> Iterator[Finding]:
    used, most = examined.rows_of_login("client_sessions")[0]
    if most - used < _ROOM or used > 0.8 * most:
        yield Finding(
            Severity.ERROR if most - used < _ROOM else Severity.WARNING,
            "max_connections",
            f"{used} of {most} sessions are in use",
            "tenantry queries",
        )


def _sessions(examined: Examined) -> Iterator[Finding]:
    patience = {"patience": examined.patience}
    for pid, user, program, state, age, idle, text in examined.rows_of_login("long_transactions", **patience):
        who = f"session {pid}"
        by = f"{user}, {program}" if program else user
        if state.startswith("idle"):
            reason = f"{by}: idle in its transaction for {_span(idle)}; it keeps its locks, and dead rows from being removed"
            yield Finding(Severity.WARNING, who, reason, f"SELECT pg_terminate_backend({pid});")
        else:
            reason = (
                f"{by}: one transaction for {_span(age)}, which keeps dead rows from being removed: {text}"
            )
            yield Finding(Severity.WARNING, who, reason, f"tenantry queries --cancel {pid}")
    for pid, user, seconds, blocker, blockers in examined.rows_of_login("waiting_sessions", **patience):
        reason = f"{user}: waits for a lock of session {some(blockers)} for {_span(seconds)}"
        yield Finding(Severity.WARNING, f"session {pid}", reason, f"tenantry queries --cancel {blocker}")
    idle_holders = examined.rows_of_login("idle_holders", **patience)
    ours = _ours(examined, "lock_keys", idle_holders)
    for pid, user, program, seconds, keys in idle_holders:
        if ours.isdisjoint(keys):
            continue
        by = f"{user}, {program}" if program else user
        reason = f"{by}: idle for {_span(seconds)}, and holds a lock of a tenant, which keeps loads or moves waiting"
        yield Finding(Severity.WARNING, f"session {pid}", reason, f"SELECT pg_terminate_backend({pid});")
    strange_holders = examined.rows_of_login("strange_holders")
    ours = _ours(examined, "all_lock_keys", strange_holders)
    for pid, user, program, address, certain, keys in strange_holders:
        if not certain and ours.isdisjoint(keys):
            continue
        by = ", ".join(word for word in (user, program, address) if word)
        reason = f"{by}: holds a lock of Tenantry's, which this role should not hold; loads and jobs fail meanwhile"
        yield Finding(
            Severity.ERROR,
            f"session {pid}",
            reason,
            f"SELECT pg_terminate_backend({pid}); -- as the administrator",
        )
    for gid, seconds, owner in examined.rows_of_login("prepared_transactions", **patience):
        reason = (
            f"prepared by {owner} {_span(seconds)} ago and not finished: it keeps its locks, and dead rows"
        )
        yield Finding(
            Severity.WARNING,
            f"transaction {gid}",
            reason,
            f"ROLLBACK PREPARED {sql.Literal(gid).as_string()}; -- as {owner}",
        )
    for slot, age in examined.rows_of_login("idle_slots"):
        reason = f"the replication slot is not in use and keeps dead rows of {age:,} transactions"
        yield Finding(
            Severity.WARNING,
            slot,
            reason,
            f"SELECT pg_drop_replication_slot({sql.Literal(slot).as_string()}); -- as the administrator",
        )


def _ours(examined: Examined, question: str, holders: Iterable[tuple[Any, ...]]) -> set[int]:
    """Those of the holders' keys, the last of each row, that are Tenantry's by this query."""
    held = {key for *_, keys in holders for key in keys}
    return {key for (key,) in examined.rows(question, keys=sorted(held))} if held else set()


def _span(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"


SERVER = Check("server", "Can the server be written to, is it safe, and is its clock right?", False, _server)
LOCKS = Check(
    "locks", "Is there room for the locks and the memory of reports over everything?", False, _locks
)
CONNECTIONS = Check("connections", "Is there room for sessions?", False, _connections)
SESSIONS = Check("sessions", "Does a session hold up others, or the removal of dead rows?", False, _sessions)
