"""Taking over a warehouse that runs by the operations manual's own scripts, in place. No source is asked.

The files of sql/adopt are the administrator's part, and run nothing of whadmin's; adopt.sql runs the same with psql alone.
Whadmin's part are procedures of `_wh`. Each step leaves a record in the schema `_wh_adopt`, so that what was interrupted
goes on where it was.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date

import psycopg
from psycopg import errors

from tenantry.core.errors import DatabaseError, InputError, NotInstalled
from tenantry.db.build import function_files
from tenantry.db.errors import translated
from tenantry.db.install import fill, owner_login, prepare
from tenantry.db.queries import SQL, one_row, query, sql_text

_FILES = SQL / "adopt"

_NOTICED = 2.0
"""Seconds after which pg_cron has noticed that a job is held, and what it had begun is seen at work."""

_LOOK_AGAIN = 1.0
"""Seconds between two looks at what the old functions still do."""


_IN_WH = re.compile(r"^CREATE OR REPLACE (?:FUNCTION|PROCEDURE) _wh\.(\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Feed:
    """A template of a tenant by hand: its days and folded years, and what is odd about them. `connection`: None, if it cannot be told."""

    tenant: str
    template: str
    connection: str | None
    candidates: Sequence[str]
    first_day: date | None
    last_day: date | None
    days: int
    gaps: int
    years: Sequence[int]
    secrets: int


@dataclass(frozen=True)
class Left:
    """An object that stays as it is, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class Job:
    """A job that calls functions of the warehouse."""

    name: str
    active: bool
    command: str


@dataclass(frozen=True)
class Plan:
    """What `adopt` will do, per tenant and template, and what it leaves alone. `functions`: the operators' own, which go on."""

    connections: Sequence[str]
    templates: Sequence[str]
    feeds: Sequence[Feed]
    functions: Sequence[str]
    jobs: Sequence[Job]
    left: Sequence[Left]

    @property
    def unknown(self) -> list[str]:
        """Tenants whose connection cannot be told."""
        return sorted({feed.tenant for feed in self.feeds if feed.connection is None})


def is_by_hand(session: psycopg.Connection) -> bool:
    """Whether the database holds a warehouse by the manual's own scripts, or one that is being adopted."""
    return bool(one_row(session, query("adopt", "by_hand"))[0])


def begun(session: psycopg.Connection) -> bool:
    """Whether an adoption has begun and is not finished."""
    return bool(one_row(session, query("adopt", "begun"))[0])


def plan(session: psycopg.Connection, connections: Mapping[str, str]) -> Plan:
    """What adopting would do; changes nothing. `connections`: the operator's choice for a tenant's schema.

    Raises:
        NotInstalled: the database holds no warehouse by the manual's scripts.
        InputError: `connections` names a schema or a connection that does not exist.
    """
    with translated(), session.transaction(force_rollback=True):
        _find(session)
        return _planned(session, connections)


def _find(session: psycopg.Connection) -> None:
    try:
        session.execute(sql_text(_FILES / "0_check.sql"))
    except (errors.UndefinedObject, errors.DuplicateObject, errors.WrongObjectType, errors.DuplicateSchema) as error:
        raise NotInstalled(error.diag.message_primary or str(error), hint=error.diag.message_hint) from error
    session.execute(sql_text(_FILES / "1_find.sql"))


def _planned(session: psycopg.Connection, connections: Mapping[str, str]) -> Plan:
    known = [row[0] for row in session.execute(query("adopt", "connections"))]
    feeds = [
        Feed(*row[:2], connections.get(row[0], row[2]), *row[3:])
        for row in session.execute(query("adopt", "feeds"))
    ]
    for schema, connection in connections.items():
        if schema not in {feed.tenant for feed in feeds}:
            raise InputError(f'no tenant is called "{schema}"', hint="See them all: tenantry adopt --dry-run")
        if connection not in known:
            raise InputError(f'no connection is called "{connection}"', hint=f"There are: {', '.join(known)}")
    return Plan(
        connections=known,
        templates=[row[0] for row in session.execute(query("adopt", "templates"))],
        feeds=feeds,
        functions=[row[0] for row in session.execute(query("adopt", "own_functions"), (_own_names(),))],
        jobs=[Job(*row) for row in session.execute(query("adopt", "jobs"))],
        left=[Left(*row) for row in session.execute(query("adopt", "left"))],
    )


def _own_names() -> list[str]:
    """The names of Tenantry's functions in `_wh`."""
    return [match[1] for file in function_files() if (match := _IN_WH.search(sql_text(file)))]


def run(
    session: psycopg.Connection,
    passwords: Mapping[str, str],
    connections: Mapping[str, str],
    wait: float = 0,
    watch: Callable[[str], None] = lambda _: None,
) -> None:
    """Adopt the session's warehouse, as its administrator; or go on with an adoption that was interrupted.

    Waits up to `wait` seconds for jobs that are running, and reports each step to `watch`. Reports go on meanwhile.

    Raises:
        DatabaseError: jobs are running, or a right is missing. Nothing has changed then.
        NotInstalled: the database holds no warehouse by the manual's scripts.
    """
    with translated(), closing(owner_login(session, passwords)) as owner:
        if not _done(session, "recorded"):
            with session.transaction():
                _find(session)
                unknown = _planned(session, connections).unknown
                if unknown:
                    raise InputError(
                        f"cannot tell which connection loads {', '.join(unknown)}",
                        hint=f"Say so: --connection {unknown[0]}=CONNECTION",
                    )
                session.execute(sql_text(_FILES / "2_record.sql"))
            watch("jobs are held")
        if not _done(session, "aside"):
            _step_aside(session, wait, watch)
            watch("the old functions and tables are in _wh_manual")
        if not _done(session, "installed"):
            prepare(session, passwords)
            fill(owner)
            session.execute(query("adopt", "installed"))
            watch("Tenantry is installed")
        if not _done(session, "functions"):
            with session.transaction():
                session.execute(sql_text(_FILES / "6_own_functions.sql"))
        session.execute(sql_text(_FILES / "4_owners.sql"))
        watch("tenants' tables and views belong to whadmin")
        owner.execute("CALL _wh.adopt_tenants(%s)", (json.dumps(dict(connections)),))
        watch("connections, templates, tenants and days are recorded")
        session.execute(sql_text(_FILES / "7_jobs.sql"))
        watch("jobs go on")


def _done(session: psycopg.Connection, step: str) -> bool:
    if not begun(session):
        return False
    return bool(one_row(session, query("adopt", "done"), (step,))[0])


def _step_aside(session: psycopg.Connection, wait: float, watch: Callable[[str], None]) -> None:
    """Rename the old schema when its functions have ended; if they do not in time, let the jobs go on as before."""
    if one_row(session, query("adopt", "held"))[0]:
        time.sleep(_NOTICED)
    give_up = time.monotonic() + wait
    told = False
    while True:
        try:
            with session.transaction():
                session.execute(sql_text(_FILES / "3_aside.sql"))
                return
        except errors.ObjectInUse as busy:
            if time.monotonic() >= give_up:
                with session.transaction():
                    session.execute(sql_text(_FILES / "7_jobs.sql"))
                    session.execute(query("adopt", "give_up"))
                raise DatabaseError(
                    busy.diag.message_primary or str(busy), sqlstate=busy.sqlstate, hint=busy.diag.message_hint
                ) from busy
            if not told:
                watch(f"waiting: {busy.diag.message_primary}")
                told = True
        time.sleep(_LOOK_AGAIN)


def undo(session: psycopg.Connection) -> None:
    """Take an adoption back that is not finished: the database is as it was before. One transaction.

    Raises DatabaseError: there is no adoption to take back, or views that were made since read the warehouse.
    """
    with translated(), session.transaction():
        session.execute(sql_text(_FILES / "undo.sql"))


def secrets(session: psycopg.Connection) -> int:
    """How many daily views hold a password in their definition."""
    return int(one_row(session, query("adopt", "secrets"))[0])


def finish(
    session: psycopg.Connection, passwords: Mapping[str, str], watch: Callable[[int], None] = lambda _: None
) -> None:
    """Make each day whose definition holds a password again without it, a few at a time, then drop what was kept for `undo`.

    Goes on where it was interrupted. `watch` hears how many days are left. Each step copies rows within the warehouse.
    """
    with translated(), closing(owner_login(session, passwords)) as owner:
        if not begun(session):
            raise NotInstalled("there is no adoption to finish", hint="Look at the warehouse: tenantry status")
        left = secrets(session)
        while left:
            watch(left)
            owner.execute("CALL _wh.adopt_copies(25)")
            session.execute(sql_text(_FILES / "5_swap.sql"))
            now = secrets(session)
            if now >= left:
                break
            left = now
        with session.transaction():
            session.execute(sql_text(_FILES / "8_finish.sql"))
