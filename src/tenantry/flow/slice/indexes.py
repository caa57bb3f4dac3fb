"""The indexes of tables that bulk loads create without indexes: built afterwards, several of a table at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from tenantry.core.model import FailedSlice, Feed
from tenantry.db.queries import query


@dataclass(frozen=True)
class Unindexed:
    """A table that is to be indexed: its oid and its quoted name."""

    feed: Feed
    relid: int
    name: str


def unindexed(session: psycopg.Connection, feed: Feed) -> list[Unindexed]:
    """The tables of a feed that are to be indexed, by name."""
    rows = session.execute(query("storage", "unindexed"), _named(feed))
    return [Unindexed(feed, *row) for row in rows]


def begin(session: psycopg.Connection, table: Unindexed) -> bool:
    """Hold the table until the transaction ends; False if another session has already indexed it.

    Other sessions build the indexes, and this one waits for them in the client, which the server does not see.
    """
    row = session.execute(query("storage", "index_begin"), _named(table.feed, table)).fetchone()
    # If the feed is gone, the tenant has been dropped.
    return row is not None and bool(row[0])


def missing(session: psycopg.Connection, table: Unindexed) -> list[str]:
    """The statements for the table, which can run in any order and in any session. Indexes that a killed run has built are left out."""
    return [row[0] for row in session.execute(query("storage", "missing_indexes"), _named(table.feed, table))]


def end(session: psycopg.Connection, table: Unindexed) -> None:
    """Analyze the table, and record that it has all of its indexes."""
    session.execute(query("storage", "index_end"), _named(table.feed, table))


def doubled(session: psycopg.Connection, table: Unindexed) -> list[FailedSlice]:
    """The days of the table that have rows with the same key as another row, which are recorded as failed: rows that
    moved from one day to another while those were loaded. None if the key is not made of columns alone.
    """
    rows = session.execute(query("storage", "doubled"), _named(table.feed, table))
    return [
        FailedSlice(table.feed, day, error, psycopg.errors.UniqueViolation.sqlstate, of_source=False)
        for day, error in rows
    ]


def _named(feed: Feed, table: Unindexed | None = None) -> dict[str, Any]:
    return {"schema": feed.schema, "template": feed.template, "table": table.relid if table else None}
