"""What taking over a warehouse by hand would do; nothing is changed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import psycopg
from psycopg import errors

from tenantry.core.errors import InputError, NotInstalled
from tenantry.db.build import function_files
from tenantry.db.errors import translated
from tenantry.db.queries import SQL, one_row, query, sql_text

FILES = SQL / "adopt"

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
class Right:
    """A right that a new warehouse does not have, and what happens to it."""

    name: str
    outcome: str


@dataclass(frozen=True)
class Plan:
    """What `adopt` will do, per tenant and template, and what it leaves alone. `functions`: the operators' own, which go on."""

    connections: Sequence[str]
    templates: Sequence[str]
    feeds: Sequence[Feed]
    functions: Sequence[str]
    jobs: Sequence[Job]
    rights: Sequence[Right]
    left: Sequence[Left]

    @property
    def unknown(self) -> list[str]:
        """Tenants whose connection cannot be told."""
        return sorted({feed.tenant for feed in self.feeds if feed.connection is None})


def is_by_hand(session: psycopg.Connection) -> bool:
    """Whether the database holds a warehouse by the manual's own scripts, or one that is being adopted."""
    return bool(one_row(session, query("install", "by_hand"))[0])


def begun(session: psycopg.Connection) -> bool:
    """Whether an adoption has begun and is not finished."""
    return bool(one_row(session, query("install", "adopt_begun"))[0])


def plan(session: psycopg.Connection, connections: Mapping[str, str]) -> Plan:
    """What adopting would do; changes nothing. `connections`: the operator's choice for a tenant's schema.

    Raises:
        NotInstalled: the database holds no warehouse by the manual's scripts.
        InputError: `connections` names a schema or a connection that does not exist.
    """
    with translated(), session.transaction(force_rollback=True):
        find(session)
        return planned(session, connections)


def find(session: psycopg.Connection) -> None:
    try:
        session.execute(sql_text(FILES / "0_check.sql"))
    except (
        errors.UndefinedObject,
        errors.DuplicateObject,
        errors.WrongObjectType,
        errors.DuplicateSchema,
    ) as error:
        raise NotInstalled(error.diag.message_primary or str(error), hint=error.diag.message_hint) from error
    session.execute(sql_text(FILES / "1_find.sql"))


def planned(session: psycopg.Connection, connections: Mapping[str, str]) -> Plan:
    known = [row[0] for row in session.execute(query("install", "hand_connections"))]
    feeds = [
        Feed(tenant, template, connections.get(tenant, connection), *rest)
        for tenant, template, connection, *rest in session.execute(query("install", "hand_feeds"))
    ]
    for schema, connection in connections.items():
        if schema not in {feed.tenant for feed in feeds}:
            raise InputError(f'no tenant is called "{schema}"', hint="See them all: tenantry adopt --dry-run")
        if connection not in known:
            raise InputError(f'no connection is called "{connection}"', hint=f"There are: {', '.join(known)}")
    return Plan(
        connections=known,
        templates=[row[0] for row in session.execute(query("install", "hand_templates"))],
        feeds=feeds,
        functions=[row[0] for row in session.execute(query("install", "hand_functions"), (_own_names(),))],
        jobs=[Job(*row) for row in session.execute(query("install", "hand_jobs"))],
        rights=[Right(*row) for row in session.execute(query("install", "hand_rights"))],
        left=[Left(*row) for row in session.execute(query("install", "hand_left"))],
    )


def _own_names() -> list[str]:
    """The names of Tenantry's functions in `_wh`."""
    return [match[1] for file in function_files() if (match := _IN_WH.search(sql_text(file)))]
