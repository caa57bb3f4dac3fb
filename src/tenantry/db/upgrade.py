"""Bringing a warehouse up to this version: all of it or nothing, and not under the feet of a load."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import psycopg

from tenantry.core.errors import DatabaseError, NotInstalled
from tenantry.db.install import install
from tenantry.db.migrations import applied, refuse_newer
from tenantry.db.queries import one_row, query

_LOOK_AGAIN = 0.5
"""Seconds between two looks at who is at work."""


@dataclass(frozen=True)
class Work:
    """A session at work: what it calls itself, and the tenants that it holds."""

    pid: int
    name: str
    tenants: Sequence[str]

    def __str__(self) -> str:
        held = f", {', '.join(self.tenants)}" if self.tenants else ""
        return f"{self.name} (pid {self.pid}{held})"


@dataclass(frozen=True)
class Changes:
    """What an upgrade changes: migrations, and functions and templates that come, differ or go."""

    migrations: Sequence[str]
    new: Sequence[str]
    changed: Sequence[str]
    gone: Sequence[str]

    @property
    def any(self) -> bool:
        """Whether there is anything to change."""
        return bool(self.migrations or self.new or self.changed or self.gone)

    def lines(self) -> list[str]:
        """A line for each migration, and one for each kind of change."""
        kinds = (("new", self.new), ("changed", self.changed), ("gone", self.gone))
        return [*self.migrations, *(f"{word}: {', '.join(names)}" for word, names in kinds if names)]


def at_work(session: psycopg.Connection) -> list[Work]:
    """The commands, loads and jobs that run on the warehouse now."""
    found = [Work(row[0], row[1], row[2] or ()) for row in session.execute(query("recovery", "at_work"))]
    if one_row(session, query("recovery", "has_jobs"))[0]:
        known = {work.pid for work in found}
        jobs = [Work(row[0], row[1], ()) for row in session.execute(query("recovery", "jobs_at_work"))]
        found += [job for job in jobs if job.pid not in known]
    return found


def rehearse(session: psycopg.Connection) -> Changes:
    """What `run` would change: it is done in a transaction, compared, and rolled back.

    Raises what `run` raises, and psycopg.errors.LockNotAvailable if a load keeps a table of `_wh` for ten seconds.
    """
    _require_warehouse(session)
    with session.transaction(force_rollback=True):
        session.execute("SET LOCAL lock_timeout = '10s'")
        return _compared(session, {})


def run(
    session: psycopg.Connection,
    passwords: Mapping[str, str],
    wait: float = 0,
    watch: Callable[[Sequence[Work]], None] = lambda _: None,
) -> Changes:
    """Upgrade the session's database, as its administrator, in one transaction; what it changed.

    Waits up to `wait` seconds for loads and jobs to end, and tells `watch` of them. If some are at work then and there is
    something to change, nothing is.

    Raises:
        DatabaseError: loads or jobs are at work.
        NotInstalled: this is no warehouse, or one that is newer than the program.
    """
    _require_warehouse(session)
    give_up = time.monotonic() + wait
    while busy := at_work(session):
        if time.monotonic() >= give_up:
            break
        watch(busy)
        time.sleep(_LOOK_AGAIN)
    if busy and rehearse(session).any:
        raise DatabaseError(
            f"{len(busy)} {'session is' if len(busy) == 1 else 'sessions are'} at work: {', '.join(map(str, busy))}",
            hint="Wait for their end (tenantry upgrade --wait SECONDS), or stop them.",
        )
    return _compared(session, passwords)


def _require_warehouse(session: psycopg.Connection) -> None:
    refuse_newer(session)
    if not applied(session):
        raise NotInstalled("this database holds no warehouse", hint="Run: tenantry init")


def _compared(session: psycopg.Connection, passwords: Mapping[str, str]) -> Changes:
    before = _definitions(session)
    migrations = install(session, passwords)
    after = _definitions(session)
    return Changes(
        migrations,
        sorted(after.keys() - before.keys()),
        sorted(name for name in after.keys() & before.keys() if after[name] != before[name]),
        sorted(before.keys() - after.keys()),
    )


def _definitions(session: psycopg.Connection) -> dict[str, str]:
    return dict(session.execute(query("recovery", "definitions")).fetchall())
