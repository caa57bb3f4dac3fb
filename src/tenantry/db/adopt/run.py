"""Adopting a warehouse by hand, step by step; taking that back; and finishing it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing

import psycopg
from psycopg import errors

from tenantry.core.errors import DatabaseError, InputError, NotInstalled, TenantryError
from tenantry.db.adopt.jobs import Broken, broken, fix
from tenantry.db.adopt.plan import FILES, begun, find, planned
from tenantry.db.connect import open_owner_session
from tenantry.db.errors import translated
from tenantry.db.install import fill, prepare
from tenantry.db.migrations import refuse_newer
from tenantry.db.queries import one_row, query, sql_text

_ADMINISTRATOR, _OWNER = 0, 1
"""The parts that only one session at a time may do."""

_NOTICED = 2.0
"""Seconds after which pg_cron has noticed that a job is held, and what it had begun is seen at work."""

_LOOK_AGAIN = 1.0
"""Seconds between two looks at what the old functions still do."""


def run(
    session: psycopg.Connection,
    connections: Mapping[str, str],
    wait: float = 0,
    watch: Callable[[str], None] = lambda _: None,
    *,
    fix_jobs: bool = False,
) -> list[Broken]:
    """Adopt the session's warehouse, as its administrator; or go on with an adoption that was interrupted.

    Waits up to `wait` seconds for jobs that are running, and reports each step to `watch`. Reports go on meanwhile.
    Returns the jobs that call what no longer exists; with `fix_jobs`, those that are left after they were changed.

    Raises:
        DatabaseError: jobs are running, or a right is missing. Nothing has changed then.
        NotInstalled: the database holds no warehouse by the manual's scripts.
    """
    with translated(), closing(open_owner_session(session)) as owner:
        _alone(session, _ADMINISTRATOR)
        _alone(owner, _OWNER)
        if not _done(session, "recorded"):
            with session.transaction():
                find(session)
                unknown = planned(session, connections).unknown
                if unknown:
                    raise InputError(
                        f"cannot tell which connection loads {', '.join(unknown)}",
                        hint=f"Say so: --connection {unknown[0]}=CONNECTION",
                    )
                session.execute(sql_text(FILES / "2_record.sql"))
            watch("jobs are held")
        if not _done(session, "aside"):
            _step_aside(session, wait, watch)
            watch("the old functions and tables are in _wh_manual")
        if not _done(session, "installed"):
            _install(session, owner)
            watch("Tenantry is installed")
        if not _done(session, "functions"):
            with session.transaction():
                session.execute(sql_text(FILES / "6_own_functions.sql"))
        session.execute(sql_text(FILES / "4_owners.sql"))
        watch("tenants' tables and views belong to whadmin")
        owner.execute("CALL _wh.adopt_tenants(%s)", (json.dumps(dict(connections)),))
        watch("connections, templates, tenants and days are recorded")
        # Before they go on; there are none without a schema cron.
        stale = broken(session, owner) if one_row(session, query("install", "adopt_had_jobs"))[0] else []
        fixed = fix(session, stale) if fix_jobs else []
        for job in fixed:
            watch(f"job {job.name}: {job.replacement}")
        session.execute(sql_text(FILES / "7_jobs.sql"))
        watch("jobs go on")
        return [job for job in stale if job not in fixed]


def _alone(session: psycopg.Connection, part: int) -> None:
    with session.transaction():
        session.execute(query("install", "adopt_alone"), (part,))


def _install(session: psycopg.Connection, owner: psycopg.Connection) -> None:
    """Install Tenantry beside what was put aside; if it cannot be, bring that back at once."""
    try:
        refuse_newer(owner)
        # Roles keep the passwords that they have.
        prepare(session, {})
        fill(owner)
    except (psycopg.Error, TenantryError):
        if not session.closed:
            with session.transaction():
                session.execute(sql_text(FILES / "undo.sql"))
        raise
    session.execute(query("install", "adopt_installed"))


def _done(session: psycopg.Connection, step: str) -> bool:
    if not begun(session):
        return False
    return bool(one_row(session, query("install", "adopt_done"), (step,))[0])


def _step_aside(session: psycopg.Connection, wait: float, watch: Callable[[str], None]) -> None:
    """Rename the old schema when its functions have ended; if they do not in time, let the jobs go on as before."""
    if one_row(session, query("install", "adopt_held"))[0]:
        time.sleep(_NOTICED)
    give_up = time.monotonic() + wait
    told = False
    while True:
        try:
            with session.transaction():
                session.execute(sql_text(FILES / "3_aside.sql"))
                return
        except errors.ObjectInUse as busy:
            if time.monotonic() >= give_up:
                with session.transaction():
                    session.execute(sql_text(FILES / "7_jobs.sql"))
                    session.execute(sql_text(FILES / "give_up.sql"))
                raise DatabaseError(
                    busy.diag.message_primary or str(busy),
                    sqlstate=busy.sqlstate,
                    hint=busy.diag.message_hint,
                ) from busy
            if not told:
                watch(f"waiting: {busy.diag.message_primary}")
                told = True
        time.sleep(_LOOK_AGAIN)


def undo(session: psycopg.Connection) -> list[str]:
    """Take an adoption back that is not finished: the database is as it was before. One transaction.

    Returns a line for each thing that came since: days keep the rows that were loaded meanwhile.

    Raises DatabaseError: there is no adoption to take back, or views that were made since read the warehouse.
    """
    with translated():
        # What a killed program had begun ends first.
        _alone(session, _ADMINISTRATOR)
        _alone(session, _OWNER)
        if begun(session):
            session.execute(sql_text(FILES / "replaced.sql"))
    with translated(), session.transaction():
        if begun(session) and not _done(session, "aside"):
            session.execute(sql_text(FILES / "7_jobs.sql"))
            session.execute(sql_text(FILES / "give_up.sql"))
            return []
        session.execute(sql_text(FILES / "undo.sql"))
        return [row[0] for row in session.execute(query("install", "adopt_kept"))]


def remains(session: psycopg.Connection) -> list[str]:
    """What operators had made in the old schema, which stays in `_wh_manual` after `finish`."""
    return [row[0] for row in session.execute(query("install", "adopt_remains"))]


def secrets(session: psycopg.Connection) -> int:
    """How many daily views hold a password in their definition."""
    return int(one_row(session, query("install", "adopt_secrets"))[0])


def finish(session: psycopg.Connection) -> Iterator[int]:
    """Make each day whose definition holds a password again without it, a few at a time, then drop what was kept for `undo`.

    Goes on where it was interrupted; yields how many days are left. Each step copies rows within the warehouse.
    """
    with translated(), closing(open_owner_session(session)) as owner:
        _alone(session, _ADMINISTRATOR)
        _alone(owner, _OWNER)
        if not begun(session):
            raise NotInstalled(
                "there is no adoption to finish", hint="Look at the warehouse: tenantry status"
            )
        if not _done(session, "jobs"):
            raise DatabaseError("the adoption has not ended", hint="Go on with it: tenantry adopt")
        left = secrets(session)
        while left:
            yield left
            owner.execute("CALL _wh.adopt_copies(100)")
            session.execute(sql_text(FILES / "5_swap.sql"))
            session.execute(sql_text(FILES / "replaced.sql"))
            now = secrets(session)
            if now >= left:
                break
            left = now
        for feed in owner.execute(query("install", "adopt_made")).fetchall():
            owner.execute(query("install", "adopt_bind"), feed)
        with session.transaction():
            session.execute(sql_text(FILES / "8_finish.sql"))
