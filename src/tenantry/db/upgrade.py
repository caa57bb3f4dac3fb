"""Bringing a warehouse up to this version: all of it or nothing, and not under the feet of a load."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import psycopg

from tenantry.core.errors import DatabaseError, NotInstalled
from tenantry.db.connect import owner_session
from tenantry.db.errors import translated
from tenantry.db.install import fill, owner_login, prepare
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
    """The commands, loads and jobs that run on the warehouse now. The session is the administrator's, who sees them all."""
    with owner_session(session) as owner:
        return _at_work(session, owner)


def _at_work(session: psycopg.Connection, owner: psycopg.Connection) -> list[Work]:
    tenants = [row[0] for row in owner.execute(query("install", "tenant_names"))]
    about = {"tenants": tenants, "own": [owner.info.backend_pid, session.info.backend_pid]}
    found = [
        Work(row[0], row[1], row[2] or ()) for row in session.execute(query("install", "at_work"), about)
    ]
    if one_row(owner, query("install", "has_jobs"))[0]:
        known = {work.pid for work in found}
        jobs = [Work(row[0], row[1], ()) for row in owner.execute(query("install", "jobs_at_work"))]
        found += [job for job in jobs if job.pid not in known]
    return found


def is_installed(session: psycopg.Connection) -> bool:
    """Whether the database has a record of migrations, as an administrator sees it in the catalog."""
    return bool(one_row(session, query("install", "has_migrations"))[0])


def rehearse(session: psycopg.Connection) -> Changes:
    """What `run` would change: it is done in a transaction, compared, and rolled back.

    Raises what `run` raises, and psycopg.errors.LockNotAvailable if a load keeps a table of `_wh` for ten seconds.
    """
    with owner_session(session) as owner:
        _require_warehouse(owner)
        with session.transaction(force_rollback=True):
            prepare(session, {})
        return _rehearse(owner)


def _rehearse(owner: psycopg.Connection) -> Changes:
    with owner.transaction(force_rollback=True):
        owner.execute("SET LOCAL lock_timeout = '10s'")
        return _compared(owner)


def run(
    session: psycopg.Connection,
    passwords: Mapping[str, str],
    wait: float = 0,
    watch: Callable[[Sequence[Work]], None] = lambda _: None,
) -> Changes:
    """Upgrade the session's database, as its administrator, in one transaction of whadmin's; what it changed.

    Waits up to `wait` seconds for loads and jobs to end, and tells `watch` of them. If some are at work then and there is
    something to change, nothing is.

    Raises:
        DatabaseError: loads or jobs are at work.
        NotInstalled: this is no warehouse, or one that is newer than the program.
    """
    with translated(), closing(owner_login(session, passwords)) as owner:
        _require_warehouse(owner)
        give_up = time.monotonic() + wait
        while busy := _at_work(session, owner):
            if time.monotonic() >= give_up:
                break
            watch(busy)
            time.sleep(_LOOK_AGAIN)
        if busy and _rehearse(owner).any:
            raise DatabaseError(
                f"{len(busy)} {'session is' if len(busy) == 1 else 'sessions are'} working: {', '.join(map(str, busy))}",
                hint="Wait for them to end (tenantry upgrade --wait SECONDS), or stop them.",
            )
        prepare(session, passwords)
        return _compared(owner)


def _require_warehouse(owner: psycopg.Connection) -> None:
    refuse_newer(owner)
    if not applied(owner):
        raise NotInstalled("this database holds no warehouse", hint="Run: tenantry init")


def _compared(owner: psycopg.Connection) -> Changes:
    before = _definitions(owner)
    migrations = fill(owner)
    after = _definitions(owner)
    return Changes(
        migrations,
        sorted(after.keys() - before.keys()),
        sorted(name for name in after.keys() & before.keys() if after[name] != before[name]),
        sorted(before.keys() - after.keys()),
    )


def _definitions(owner: psycopg.Connection) -> dict[str, str]:
    return dict(owner.execute(query("install", "definitions")).fetchall())
