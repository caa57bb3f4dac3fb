"""The query of a template that pulls one table of a source."""

from __future__ import annotations

import re
from collections.abc import Sequence

import psycopg

from tenantry.core.errors import InputError
from tenantry.core.syntax import identifier
from tenantry.db.queries import query
from tenantry.flow.source.catalog import SourceTable, TimeColumn

_CASTS = {"timestamptz": "::timestamptz", "timestamp": "::timestamp", "date": ""}
"""What makes a placeholder of a column's type: a date that is compared with a point in time would follow the session's time zone."""

_RESERVED = ("schema_name",)
"""Columns that reports have anyway."""

_UNWRITABLE = re.compile(r"[{}\x00-\x1f\x7f]")


def of_table(source: psycopg.Connection, table: SourceTable, time: TimeColumn) -> tuple[str, Sequence[str]]:
    """A query for one UTC day of a table, with every column that the login may read, and what its author should know.

    Raises InputError if the names of the table or of its time column cannot be written into a template.
    """
    if odd := next(
        (name for name in (table.schema, table.name, time.name) if _UNWRITABLE.search(name)), None
    ):
        raise InputError(
            f"{odd!r} cannot be named in a template", hint="Create a view of the table at the source."
        )
    columns, remarks = [], []
    about = {"schema": table.schema, "table": table.name}
    for name, own, readable in source.execute(query("source", "source_columns"), about):
        if not readable:
            remarks.append(f"{name} is left out: the login may not read it")
        elif _UNWRITABLE.search(name):
            remarks.append(f"{name!r} is left out: its name cannot be written into a template")
        else:
            columns.append(_column(name, own, remarks))
    if time.type == "timestamp":
        remarks.append(f"{time.name} has no time zone: it is taken to be in UTC")
    if table.kind == "table" and not time.required:
        remarks.append(f"rows without {time.name} belong to no day, and are left out")
    if table.kind == "table" and not time.indexed:
        remarks.append(f"no index of the source begins with {time.name}: each load reads the whole table")
    column, cast = f"t.{identifier(time.name)}", _CASTS[time.type]
    lines = [
        "SELECT",
        ",\n".join(f"    {column}" for column in columns),
        f"FROM {table.written} t",
        f"WHERE {column} >= '{{START_TIME}}'{cast} AND {column} < '{{END_TIME}}'{cast}",
    ]
    return "\n".join(lines), remarks


def _column(name: str, own: str, remarks: list[str]) -> str:
    written = identifier(name)
    if own == "xml":
        # Not every server can read it.
        return f"t.{written}::text AS {written}"
    if name in _RESERVED:
        remarks.append(f"{name} becomes source_{name}: reports have a {name} of their own")
        return f"t.{written} AS source_{name}"
    return f"t.{written}"
