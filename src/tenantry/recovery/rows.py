"""Rows of a backup, prepared for their tables."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

import psycopg
from psycopg import sql

from tenantry.core.visible import visible
from tenantry.db.queries import query
from tenantry.recovery.content import Content

_AT_ONCE = 1000
"""Rows in one INSERT, unless they are long."""

_BYTES_AT_ONCE = 4 * 2**20
"""Characters in one INSERT, unless a row has more."""


def keys(line: str) -> set[str]:
    """The columns of a row; none if it is not a row, which then does not fit."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return set()
    return set(row) if isinstance(row, dict) else set()


def batches(lines: Iterator[str]) -> Iterator[list[str]]:
    """The lines in batches that fit into one statement."""
    batch: list[str] = []
    size = 0
    for line in lines:
        if batch and (len(batch) == _AT_ONCE or size + len(line) > _BYTES_AT_ONCE):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line)
    if batch:
        yield batch


def insertion(table: str, columns: Sequence[str]) -> sql.Composed:
    """The statement that inserts a JSON array of rows, except those that already exist."""
    return sql.SQL(
        "INSERT INTO _wh.{table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns}"
        " FROM jsonb_populate_recordset(NULL::_wh.{table}, %s::jsonb) ON CONFLICT DO NOTHING"
    ).format(table=sql.Identifier(table), columns=sql.SQL(", ").join(map(sql.Identifier, columns)))


def with_jobs(line: str, jobids: Mapping[int, int]) -> str:
    """A tenant with the new numbers of its paused jobs."""
    row = json.loads(line)
    paused = row.get("paused_jobs")
    if isinstance(paused, list):
        row["paused_jobs"] = [jobids[old] for old in paused if isinstance(old, int) and old in jobids]
    return json.dumps(row)


def with_short_description(line: str) -> str:
    """A template whose description a warehouse takes: those of backups by older versions may be longer, or hide something."""
    row = json.loads(line)
    if isinstance(row.get("description"), str):
        row["description"] = visible(row["description"])[:1000]
    return json.dumps(row)


def names(content: Content, table: str, column: str) -> list[str]:
    """The values of a table's rows in a column."""
    return [row[column] for row in content.rows(f"table {table}")]


def go_on_counting(session: psycopg.Connection, table: str) -> None:
    """Make identity columns continue after the highest number."""
    for column, sequence in session.execute(
        query("recovery", "identity_columns"), {"table": table}
    ).fetchall():
        session.execute(
            sql.SQL("SELECT setval(%s, max({column})) FROM _wh.{table}").format(
                column=sql.Identifier(column), table=sql.Identifier(table)
            ),
            (sequence,),
        )
