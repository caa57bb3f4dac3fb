"""Querying a source from this machine: read-only, for a limited time, and without storing anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from tenantry.core import advice
from tenantry.core.errors import InputError, SourceError, TemplateError
from tenantry.db.errors import one_line
from tenantry.db.queries import one_row, query
from tenantry.flow.source import connection as connections
from tenantry.flow.source.login import ASKS, LoginFailed
from tenantry.flow.source.session import open_source, reading, source_conninfo


@dataclass(frozen=True)
class Field:
    """A column of a result: its name as an identifier, the type to declare, and the source's own type.

    `origin` is the table (its oid) and the number of the column in it, or (0, 0) if it is computed.
    """

    name: str
    identifier: str
    declared: str
    own: str
    origin: tuple[int, int]

    @property
    def is_time(self) -> bool:
        """Whether it can be a time column."""
        return self.declared == "date" or (
            self.declared.startswith("timestamp") and not self.declared.endswith("]")
        )


def connection_of(session: psycopg.Connection, name: str) -> str:
    """Return the connection of a tenant, or the connection with that name. Raises InputError if there is neither."""
    found = one_row(session, query("template", "connection_of"), {"name": name})[0]
    return found if found is not None else connections.get(session, name).name


@contextmanager
def asked(session: psycopg.Connection, connection: str, seconds: int) -> Iterator[psycopg.Connection]:
    """A read-only transaction on a source, in which each statement may take the given number of seconds.

    Raises SourceError for errors of the source inside the block.
    """
    login = source_conninfo(session, connection)
    try:
        source = open_source(login)
    except LoginFailed as error:
        if error.sqlstate is not None:
            raise SourceError(
                f'the source of "{connection}" refuses the login from this machine: {one_line(str(error))}',
                connection=connection,
                sqlstate=error.sqlstate,
                hint=advice.of_source("28P01" if error.sqlstate == ASKS else error.sqlstate),
            ) from None
        raise SourceError(
            f'the source of "{connection}" cannot be reached from this machine: {one_line(str(error))}',
            connection=connection,
            hint="Loads can go through the warehouse, but this command cannot: run it where the source can be reached.",
        ) from None
    try:
        with reading(source):
            source.execute(query("template", "source_timeout"), (f"{seconds}s",))
            yield source
    except psycopg.errors.QueryCanceled:
        raise SourceError(
            f'the source of "{connection}" did not answer within {seconds} s',
            connection=connection,
            hint="Give it more time with --timeout, or add an index at the source that serves the query.",
        ) from None
    except psycopg.Error as error:
        if error.sqlstate is None and session.broken:
            raise
        raise SourceError(
            f'the source of "{connection}" says: {one_line(error.diag.message_primary or str(error))}',
            connection=connection,
            sqlstate=error.sqlstate,
            hint=one_line(error.diag.message_hint)
            if error.diag.message_hint
            else advice.of_source(error.sqlstate),
        ) from None
    except (LookupError, TypeError, ValueError) as error:
        raise SourceError(
            f'the source of "{connection}" does not answer like PostgreSQL: {one_line(str(error))}',
            connection=connection,
            hint="See which server answers at the address of the connection: tenantry tenant test.",
        ) from error
    finally:
        source.close()


def fields(session: psycopg.Connection, source: psycopg.Connection, describe: str) -> list[Field]:
    """Return the columns of a statement's result: names and types as the warehouse writes them, whatever the source reports."""
    result = source.execute(describe.encode()).pgresult
    if result is None:
        return []
    places = range(result.nfields)
    names = [(result.fname(n) or b"").decode(errors="replace") for n in places]
    types = [result.ftype(n) for n in places]
    mods = [result.fmod(n) for n in places]
    own = source.execute(query("template", "source_types"), {"types": types, "mods": mods}).fetchall()
    said = {"names": names, "types": types, "mods": mods, "arrays": [is_array for _, is_array in own]}
    declared = session.execute(query("template", "declared_types"), said).fetchall()
    return [
        Field(name, identifier, kind, one_line(called), (result.ftable(n), result.ftablecol(n)))
        for n, name, (identifier, kind), (called, _) in zip(places, names, declared, own, strict=True)
    ]


def fields_by_warehouse(
    session: psycopg.Connection, template: str, sql: str, tenant: str, day: date, seconds: int
) -> list[Field]:
    """`fields` of a query for a template author: the warehouse asks, and reports neither tables nor lengths of types."""
    about = {
        "name": template,
        "tenant": tenant,
        "day": day,
        "rows": 0,
        "seconds": seconds,
        "draft": Jsonb({"query_template": sql}),
    }
    columns = tried(session, about)["columns"]
    said = {
        "names": [column["name"] for column in columns],
        "types": [column["number"] for column in columns],
        "mods": [column["modifier"] for column in columns],
        "arrays": [column["is_array"] for column in columns],
    }
    declared = session.execute(query("template", "declared_types"), said).fetchall()
    return [
        Field(column["name"], identifier, kind, one_line(column["source"]), (0, 0))
        for column, (identifier, kind) in zip(columns, declared, strict=True)
    ]


def tried(session: psycopg.Connection, about: Mapping[str, Any]) -> Any:
    """The result of `_wh.try_template`. Raises SourceError for errors of the source, and TemplateError for what does not match it."""
    found = one_row(session, query("template", "try"), about)[0]
    if "error" in found and found["of_source"]:
        raise SourceError(
            f'the source of "{about["tenant"]}" says: {found["error"]}',
            connection=about["tenant"],
            sqlstate=found.get("sqlstate"),
            hint=found["hint"],
        )
    if "error" in found:
        raise TemplateError(f'template "{about["name"]}": {found["error"]}', hint=found["hint"])
    return found


def texts(source: psycopg.Connection, statement: str) -> list[list[str | None]]:
    """The rows of a statement as the source writes them, because Python may have no type for its values."""
    result = source.execute(statement.encode()).pgresult
    if result is None:
        return []
    values: list[list[str | None]] = []
    for row in range(result.ntuples):
        cells: Sequence[bytes | None] = [result.get_value(row, n) for n in range(result.nfields)]
        values.append([None if cell is None else cell.decode(errors="replace") for cell in cells])
    return values


def refuse_unnamed(found: Sequence[Field], origin: str) -> None:
    """Raise InputError unless all columns have different names."""
    names = [field.name for field in found]
    for place, name in enumerate(names, 1):
        if name == "?column?" or names.count(name) > 1:
            what = "has no name" if name == "?column?" else f'is called "{name}" like another'
            raise InputError(
                f"{origin}: column {place} of the query {what}",
                hint="Give it one with AS.",
            )
