"""Upgrading a warehouse to this version: everything or nothing, and not during a load."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import LiteralString

import psycopg

from tenantry.core.errors import DatabaseError, NotInstalled
from tenantry.core.words import count, some
from tenantry.db.connect import owner_session
from tenantry.db.errors import translated
from tenantry.db.install import fill, owner_login, prepare
from tenantry.db.migrations import applied, refuse_newer
from tenantry.db.queries import one_row, query

_LOOK_AGAIN = 0.5
"""Seconds between two checks for running commands."""


@dataclass(frozen=True)
class Work:
    """A session at work: its application name, and the tenants that it holds."""

    pid: int
    name: str
    tenants: Sequence[str]

    def __str__(self) -> str:
        held = f", {', '.join(self.tenants)}" if self.tenants else ""
        return f"{self.name} (pid {self.pid}{held})"


@dataclass(frozen=True)
class Changes:
    """What an upgrade changes: migrations, and functions and templates that are added, changed or removed.

    `moved`: feeds whose tables stood in their tenants' schemas, and are in `_wh_data` now. `published`: feeds whose views
    have other columns now.
    """

    migrations: Sequence[str]
    new: Sequence[str]
    changed: Sequence[str]
    gone: Sequence[str]
    moved: Sequence[str] = ()
    published: Sequence[str] = ()

    @property
    def any(self) -> bool:
        """Whether there is anything to change."""
        return bool(self.migrations or self.new or self.changed or self.gone or self.moved or self.published)

    def lines(self) -> list[str]:
        """One line for each migration, and one for each kind of change."""
        kinds = (
            ("new", ", ".join(self.new)),
            ("changed", ", ".join(self.changed)),
            ("gone", ", ".join(self.gone)),
            # A warehouse may have thousands of feeds.
            ("tables moved to _wh_data", some(self.moved, most=8)),
            ("views with new columns", some(self.published, most=8)),
        )
        return [*self.migrations, *(f"{kind}: {names}" for kind, names in kinds if names)]


def at_work(session: psycopg.Connection) -> list[Work]:
    """The commands, loads and jobs that are running on the warehouse. The session is the administrator's, who sees all of them."""
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
    """Return what `run` would change: do it in a transaction, compare, and roll back.

    Raises what `run` raises, and psycopg.errors.LockNotAvailable if a load holds a table of `_wh` for ten seconds.
    """
    with owner_session(session) as owner:
        _require_warehouse(owner)
        with session.transaction(force_rollback=True):
            prepare(session, {})
        return _rehearse(owner)


def _rehearse(owner: psycopg.Connection) -> Changes:
    with owner.transaction(force_rollback=True):
        owner.execute("SET LOCAL lock_timeout = '10s'")
        changes = _compared(owner)
        moved = _feeds(owner, query("install", "unsettled"))
        # Moving a feed publishes it, too.
        published = [feed for feed in _feeds(owner, query("install", "unpublished")) if feed not in moved]
        return replace(changes, moved=moved, published=published)


def run(
    session: psycopg.Connection,
    passwords: Mapping[str, str],
    wait: float = 0,
    watch: Callable[[Sequence[Work]], None] = lambda _: None,
    settling: Callable[[str, int, int], None] = lambda feed, done, total: None,
) -> Changes:
    """Upgrade the session's database, as its administrator, in one transaction of whadmin's; return what changed.

    Then moves tables that an older version kept in tenants' schemas, and publishes views whose columns change, one tenant
    at a time; if that is interrupted, run it again. Waits up to `wait` seconds for loads and jobs to end, and reports them to
    `watch`. If some are still running then and there is something to change, changes nothing. `settling` is called before
    each feed, with its name, the number of feeds done, and of all.

    Raises:
        DatabaseError: loads or jobs are running.
        NotInstalled: this is not a warehouse, or it is newer than the program.
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
                f"{count(len(busy), 'session is', 'sessions are')} working: {', '.join(map(str, busy))}",
                hint="Wait for them to end (tenantry upgrade --wait SECONDS), or stop them.",
            )
        prepare(session, passwords)
        changes = _compared(owner)
        moved = _each(owner, query("install", "unsettled"), query("install", "settle"), settling)
        published = _each(owner, query("install", "unpublished"), query("install", "publish"), settling)
        return replace(changes, moved=moved, published=published)


def _each(
    owner: psycopg.Connection,
    listing: LiteralString,
    step: LiteralString,
    settling: Callable[[str, int, int], None],
) -> list[str]:
    """Do a step for each feed of a listing, in a transaction of its own; the feeds.

    One that fails does not keep the others from it: the first error is raised after them.
    """
    feeds = owner.execute(listing).fetchall()
    failure: psycopg.Error | None = None
    for number, (schema, template) in enumerate(feeds):
        settling(f"{schema}.{template}", number, len(feeds))
        try:
            owner.execute(step, {"schema": schema, "template": template})
        except psycopg.Error as error:
            if owner.closed or isinstance(error, psycopg.errors.QueryCanceled):
                raise
            failure = failure or error
    if failure:
        raise failure
    return [f"{schema}.{template}" for schema, template in feeds]


def _feeds(owner: psycopg.Connection, listing: LiteralString) -> list[str]:
    return [f"{schema}.{template}" for schema, template in owner.execute(listing)]


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
