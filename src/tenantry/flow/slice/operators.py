"""What an operator's session does through the functions of `_wh` that are for him: it reads no secret, and no row of a tenant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg

from tenantry.core.days import Span
from tenantry.core.model import Feed, LoadedSlice
from tenantry.db.queries import one_row, query
from tenantry.flow.slice.compare import DayDifference
from tenantry.flow.slice.slice import named


def load(
    session: psycopg.Connection, feed: Feed, span: Span, *, only_changed: bool = False
) -> Iterator[LoadedSlice]:
    """Pull days in one transaction, or those of them that differ at the source; the failure of one loses no other.

    Raises psycopg.Error for the first that failed, which is recorded, after the others.
    """
    parameters = {**named(feed, span), "only_changed": only_changed}
    said = one_row(session, query("operators", "load_days"), parameters)[0]["date_results"]
    for day in said:
        if day["status"] in ("loaded", "unchanged"):
            yield LoadedSlice(
                feed,
                date.fromisoformat(day["date"]),
                day.get("action", "unchanged"),
                day.get("rows", 0),
                float(day.get("seconds", 0)),
            )
    for day in said:
        if day["status"] == "failed":
            raise _failure(day)


def compare(session: psycopg.Connection, feed: Feed, span: Span) -> Iterator[tuple[date, int, Any]]:
    """Each day with the rows that reports see of it and how it compares: None, a DayDifference, or a psycopg.Error.

    Raises psycopg.Error if the source cannot be asked at all.
    """
    for day in one_row(session, query("operators", "verify_days"), named(feed, span))[0]["days"]:
        found: DayDifference | psycopg.Error | None = None
        moment = date.fromisoformat(day["date"])
        if "error" in day:
            found = _failure(day)
        elif not day["agrees"]:
            found = DayDifference(
                feed,
                moment,
                source_rows=day["source_rows"],
                warehouse_rows=day["warehouse_rows"],
                differing=day["differing_rows"],
                rows=(),
                fault=day["fault"],
                source_digest=day["source_digest"],
            )
        yield moment, day.get("warehouse_rows", 0), found


def publish(session: psycopg.Connection, feed: Feed) -> None:
    """Bring the views of a feed up to date."""
    session.execute(query("operators", "publish_views"), {"template": feed.template, "schema": feed.schema})


def _failure(day: dict[str, Any]) -> psycopg.Error:
    """The error of a day as if it had been raised, which would have undone the record of it."""
    try:
        return psycopg.errors.lookup(day["sqlstate"])(day["error"])
    except KeyError:
        return psycopg.DatabaseError(day["error"])
