"""What a check gets, and what it reports."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

import psycopg

from tenantry.db.queries import query
from tenantry.observe.checks.feeds import Feed, Part


class Severity(StrEnum):
    """How bad a finding is: reports lack or lose data (error), will soon or may (warning), good to know (note)."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """What is wrong with a subject, why, and what fixes it.

    `command` is a command of this program, or SQL for psql as whadmin. SQL ends with a semicolon, and with a comment if
    the administrator must run it. `safe` SQL takes nothing from anyone who should have it, and can be run without
    asking.
    """

    severity: Severity
    subject: str
    reason: str
    command: str | None = None
    safe: bool = False


@dataclass(frozen=True)
class Examined:
    """The warehouse that is examined.

    `session` acts as whadmin, `login` as the login itself: administrators see more of other sessions. `tenant` is the
    only one to check, or None for all. A source that takes longer than `source_limit` seconds does not answer, and a
    transaction that takes longer than `patience` takes too long. `count_rows` allows checks that read all rows. A
    password older than `password_days` is reported.
    """

    conninfo: str
    session: psycopg.Connection
    login: psycopg.Connection
    tenant: str | None = None
    source_limit: float = 5.0
    patience: timedelta = timedelta(hours=1)
    count_rows: bool = False
    password_days: int = 365

    def rows(self, name: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query from sql/queries/health.sql, run as whadmin; `tenant` is among its parameters."""
        return self.session.execute(query("health", name), {"tenant": self.tenant, **parameters}).fetchall()

    @cached_property
    def feeds(self) -> list[Feed]:
        """The feeds, with what holds their rows. Read once, because many tenants have many thousands of relations."""
        found = {(row[0], row[1]): Feed.of(*row) for row in self.rows("feeds")}
        for schema, template, *facts in self.rows("parts"):
            feed = found.get((schema, template))
            if feed:
                feed.parts.append(Part.of(*facts))
        return list(found.values())

    @cached_property
    def unfit(self) -> list[tuple[Any, ...]]:
        """Tables and daily views that do not match their template: schema, template, kind, number, some names."""
        return self.rows("unfit")

    def rows_of_login(self, name: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query, run as the login itself."""
        return self.login.execute(query("health", name), parameters).fetchall()


@dataclass(frozen=True)
class Check:
    """A check: its name, its question, and whether it is about tenants or about the warehouse as a whole."""

    name: str
    asks: str
    of_tenants: bool
    run: Callable[[Examined], Iterable[Finding]]


def tenantry(*words: object) -> str:
    """A command of this program, quoted for a shell."""
    return shlex.join(["tenantry", *map(str, words)])
