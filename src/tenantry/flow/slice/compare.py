"""Comparing days with their sources: by a digest of what is stored, and row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg

from tenantry.core.days import Span
from tenantry.core.model import Feed
from tenantry.db.queries import one_row, query
from tenantry.flow.slice.slice import named
from tenantry.flow.source.deadline import Budget, deadline
from tenantry.flow.source.session import columns, reading, speaking


@dataclass(frozen=True)
class RowDifference:
    """A row that is `missing` in the warehouse, `extra` there, or `changed`, and its key as text.

    `columns` are those that differ. `source` and `warehouse` are the texts of all columns, cut to 200 characters; None
    for a row that one side does not have.
    """

    kind: str
    key: str
    columns: Sequence[str]
    source: Sequence[str | None] | None
    warehouse: Sequence[str | None] | None


@dataclass(frozen=True)
class DayDifference:
    """A day whose rows differ from the source's. `rows` holds the first of the `differing` rows.

    `fault` says whether the source has not changed since the load, so that the warehouse is wrong. It is None if that
    is not known, because the load stored no digest. `source_digest` is the digest of the source's own rows.
    """

    feed: Feed
    day: date
    source_rows: int
    warehouse_rows: int
    differing: int
    rows: Sequence[RowDifference]
    fault: bool | None
    source_digest: str


def source_digests(
    session: psycopg.Connection, source: psycopg.Connection, feed: Feed, span: Span
) -> Mapping[date, str]:
    """Return what the source has now, as the warehouse would store it: one digest per day, `1:rows:sum of row hashes`.

    Raises:
        psycopg.Error: the source cannot compute it.
        SliceError: the source does not finish within its deadline.
    """
    days = named(feed, span)
    _, _, describe, *limits = one_row(session, query("slice", "ask"), days)
    with deadline(source, Budget(*limits), f"{feed} {span}"), reading(source):
        given = columns(source, describe)
        about = {**days, "names": given.names, "types": given.types}
        digests = one_row(session, query("slice", "kept_digest_query"), about)[0]
        with speaking():
            return dict(source.execute(digests).fetchall())


def source_digests_through_warehouse(
    session: psycopg.Connection, feed: Feed, span: Span
) -> Mapping[date, str]:
    """The same through the login that the warehouse's session holds."""
    digests: dict[str, str] | None = one_row(
        session, query("source", "source_kept_digests"), named(feed, span)
    )[0]
    return {date.fromisoformat(day): digest for day, digest in (digests or {}).items()}


def stored_digests(session: psycopg.Connection, feed: Feed, span: Span) -> Mapping[date, str]:
    """What reports see, as the same kind of digest."""
    return dict(session.execute(query("slice", "stored_digests"), named(feed, span)).fetchall())


def verify_day(session: psycopg.Connection, feed: Feed, day: date, most_rows: int) -> DayDifference | None:
    """Pull a day again and compare its rows; None if they match the source's. Loads of the day wait meanwhile.

    Raises psycopg.Error with the source's message.
    """
    parameters = {"template": feed.template, "schema": feed.schema, "day": day, "most": most_rows}
    said: dict[str, Any] = one_row(session, query("slice", "verify_slice"), parameters)[0]
    if said["agrees"]:
        return None
    return DayDifference(
        feed,
        day,
        source_rows=said["source_rows"],
        warehouse_rows=said["warehouse_rows"],
        differing=said["differing_rows"],
        rows=[
            RowDifference(
                row["row"], row["key"], row.get("columns", ()), row.get("source"), row.get("warehouse")
            )
            for row in said["rows"]
        ],
        fault=said["fault"],
        source_digest=said["source_digest"],
    )
