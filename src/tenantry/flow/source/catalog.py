"""What a source is like for somebody who sees it for the first time: its login, and its tables with a column of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import psycopg

from tenantry.core.errors import InputError
from tenantry.core.model import Connection, SourceFacts
from tenantry.core.syntax import identifier
from tenantry.core.words import count
from tenantry.db.queries import one_row, query

_BASES = {
    "date": "date",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
}


@dataclass(frozen=True)
class TimeColumn:
    """A column that can say to which day a row belongs: its type, and whether each row has a value and an index begins with it."""

    name: str
    type: str
    required: bool
    indexed: bool


@dataclass(frozen=True)
class SourceTable:
    """A table or view of a source: an estimate of its rows (-1: unknown), its bytes with indexes, and its date and timestamp columns, the most likely first.

    `visible` says that its name needs no schema.
    """

    schema: str
    name: str
    visible: bool
    kind: str
    rows: int
    bytes: int
    times: Sequence[TimeColumn]

    def __str__(self) -> str:
        return self.name if self.visible else f"{self.schema}.{self.name}"

    @property
    def written(self) -> str:
        """The name in SQL."""
        name = identifier(self.name)
        return name if self.visible else f"{identifier(self.schema)}.{name}"


@dataclass(frozen=True)
class SourceLogin:
    """What a login may do at its source. `writes` names up to five tables that it may change."""

    encrypted: bool
    superuser: bool
    standby: bool
    writes: Sequence[str]

    @property
    def can_only_read(self) -> bool:
        """Whether nothing that it does can change a table there."""
        return self.standby or not (self.superuser or self.writes)


@dataclass(frozen=True)
class StoredConnection:
    """A stored connection, when its password was stored (None: not known), and the tenants that use it."""

    connection: Connection
    password_set_at: datetime | None
    tenants: Sequence[str]


@dataclass(frozen=True)
class SourceReport:
    """A source at first sight: its connection, with the safest sslmode that works, what the server reports, a sentence about the
    security of the line (None: not tested), what the login may do, and the tables with a date or timestamp column.
    """

    connection: Connection
    answered: SourceFacts
    line: str | None
    login: SourceLogin
    tables: Sequence[SourceTable]


def login(source: psycopg.Connection) -> SourceLogin:
    """What the session's login may do, and whether its line is encrypted."""
    superuser, standby, writes = one_row(source, query("source", "source_rights"))
    return SourceLogin(bool(source.pgconn.ssl_in_use), superuser, standby, writes)


def tables(source: psycopg.Connection) -> list[SourceTable]:
    """The tables and views with a date or timestamp column that the login may read, the largest first."""
    found: dict[tuple[str, str], SourceTable] = {}
    for schema, name, visible, kind, rows, size, column, own, required, indexed in source.execute(
        query("source", "source_tables")
    ):
        table = SourceTable(schema, name, visible, kind, rows, size, ())
        times = [*found.get((table.schema, table.name), table).times]
        times.append(TimeColumn(column, _BASES[own], required, indexed))
        times.sort(key=lambda time: (not time.indexed, not time.required, time.type == "date"))
        found[table.schema, table.name] = replace(table, times=times)
    return list(found.values())


def find(known: Sequence[SourceTable], wanted: str) -> SourceTable:
    """The table that is named, with or without its schema. Raises InputError if there is none, or more than one."""
    exact = [table for table in known if wanted in (f"{table.schema}.{table.name}", table.written)]
    named = exact or [table for table in known if wanted == table.name]
    named = [table for table in named if table.visible] or named
    if len(named) == 1:
        return named[0]
    if named:
        raise InputError(
            f'there are {count(len(named), "table")} "{wanted}": {", ".join(map(str, named))}',
            hint="Name its schema, too.",
        )
    names = ", ".join(map(str, known[:20])) or "none"
    raise InputError(
        f'the source has no table "{wanted}" with a date or timestamp column that its login may read',
        hint=f"It has: {names}{' and more' if len(known) > 20 else ''}.",
    )


def time_of(table: SourceTable, wanted: str | None) -> TimeColumn:
    """The column of time that is named, or the likeliest. Raises InputError if the table has none of that name."""
    for time in table.times:
        if wanted in (None, time.name):
            return time
    names = ", ".join(time.name for time in table.times)
    raise InputError(f'{table} has no date or timestamp column "{wanted}"', hint=f"It has: {names}.")
