"""Templates as they are stored: what to load."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import psycopg

from tenantry.core.model import Template
from tenantry.core.words import count
from tenantry.db.queries import one_row, query


@dataclass(frozen=True)
class Stored:
    """A template in the warehouse: who uses it, its loaded days, and how many of those were made by an earlier text of it.

    `own_queries` are the tenants that have their own query.
    """

    name: str
    description: str | None
    storage: str
    time_column: str | None
    tenants: Sequence[str]
    days: int
    outdated_days: int
    created_at: datetime
    updated_at: datetime
    own_queries: Sequence[str]


@dataclass(frozen=True)
class Outdated:
    """What a tenant has that does not match the template: `days` (from `first` to `last`) made by an earlier query or
    other columns; `tables`, and a number of daily `views`, with other columns or indexes, or partitioned by another time
    column.

    `range_capable` means that the source can report where its data begins.
    """

    tenant: str
    days: int
    first: date | None
    last: date | None
    tables: Sequence[str]
    views: int
    range_capable: bool

    @property
    def differs(self) -> str:
        """What differs, as text: `3 days made by an earlier text; 2 days with other indexes`."""
        parts = [count(self.days, "day") + " made by an earlier text"] if self.days else []
        if self.tables:
            parts.append(f"{', '.join(self.tables)} without its columns, indexes or time column")
        if self.views:
            parts.append(count(self.views, "day") + " with other indexes")
        return "; ".join(parts)

    def command(self, template: str) -> str:
        """The command that brings it up to date."""
        begun = f"tenantry backfill {shlex.quote(template)} --tenant {shlex.quote(self.tenant)}"
        if not self.tables and not self.views:
            return f"{begun} --from {self.first} --to {self.last} --reload"
        begin = "" if self.range_capable or not self.days else f" --from {self.first}"
        return f"{begun} --outdated{begin}"


@dataclass(frozen=True)
class Override:
    """A tenant's own query. With `drifted`, the template's columns have changed since it was tried, so that it may no
    longer return them.
    """

    template: str
    tenant: str
    query: str
    drifted: bool
    created_at: datetime
    updated_at: datetime


def require(session: psycopg.Connection, name: str) -> None:
    """Raise InputError (through the session's errors) if there is no template with that name."""
    session.execute(query("template", "require_template"), (name,))


def find(session: psycopg.Connection, name: str) -> Template | None:
    """The stored template, or None. None of its parts is None ("" means that there is none), except a storage that nobody chose."""
    row = session.execute(query("template", "get"), (name,)).fetchone()
    return Template(*row) if row else None


def get(session: psycopg.Connection, name: str) -> Template:
    """The stored template. Raises InputError (through the session's errors) if it does not exist."""
    require(session, name)
    return Template(*one_row(session, query("template", "get"), (name,)))


def stored(session: psycopg.Connection) -> list[Stored]:
    """All templates, by name."""
    return [Stored(*row) for row in session.execute(query("template", "list"))]


def outdated(session: psycopg.Connection, name: str) -> list[Outdated]:
    """The tenants with days, tables or views that do not match the template."""
    return [Outdated(*row) for row in session.execute(query("template", "outdated"), (name,))]


def overrides(session: psycopg.Connection, template: str | None = None) -> list[Override]:
    """The own queries of a template's tenants, or all."""
    return [Override(*row) for row in session.execute(query("template", "overrides"), (template,))]
