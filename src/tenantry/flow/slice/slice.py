"""Slices: one UTC day of one feed, the unit of loading."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from typing import Any
from weakref import WeakKeyDictionary

import psycopg

from tenantry.core.days import Span
from tenantry.core.model import OWNER, Feed, LoadedSlice
from tenantry.db.connect import acting
from tenantry.db.queries import one_row, query

PATIENCE = 10
"""Seconds that a login to a source may take. dblink of PostgreSQL 18 has no connect_timeout."""

_HELD: WeakKeyDictionary[psycopg.Connection, str] = WeakKeyDictionary()
"""The source to which a block of `held_source` keeps a login in a session."""


def named(feed: Feed, span: Span) -> dict[str, Any]:
    """The days of a feed, as the parameters of a query."""
    return {"schema": feed.schema, "template": feed.template, "first": span.first, "last": span.last}


def to_load(session: psycopg.Connection, feed: Feed, span: Span) -> list[date]:
    """Return the days of the span that a backfill has to load: missing, failed and stale ones."""
    return [row[0] for row in session.execute(query("slice", "days_to_load"), named(feed, span))]


def first_with_rows(session: psycopg.Connection, feed: Feed) -> date | None:
    """The first day whose last successful load returned rows."""
    parameters = {"schema": feed.schema, "template": feed.template}
    first: date | None = one_row(session, query("slice", "first_with_rows"), parameters)[0]
    return first


def latest(session: psycopg.Connection, template: str) -> date:
    """The last day that may be loaded: today in UTC, plus the days ahead that the template allows."""
    day: date = one_row(session, query("slice", "latest_day"), (template,))[0]
    return day


def lookback(session: psycopg.Connection, template: str) -> int:
    """How many ended days the template's nightly window looks at again, because sources still change them."""
    return int(one_row(session, query("slice", "lookback"), (template,))[0])


def begin(session: psycopg.Connection, feed: Feed) -> tuple[date | None, bool]:
    """Return where the feed's span begins (None: nothing was ever loaded), and whether somebody chose that day."""
    first, chosen = one_row(
        session, query("feed", "span_begin"), {"schema": feed.schema, "template": feed.template}
    )
    return first, chosen


def extend(session: psycopg.Connection, feed: Feed, first: date, *, chosen: bool = False) -> None:
    """Make the feed's span begin on a day, unless it begins earlier. With `chosen`, no earlier day is wanted."""
    session.execute(query("feed", "extend_span"), {**named(feed, Span(first, first)), "chosen": chosen})


def outdated(session: psycopg.Connection, feed: Feed, span: Span) -> list[date]:
    """The days of the span that were loaded with an earlier query, other columns or another time column."""
    return [row[0] for row in session.execute(query("slice", "outdated_days"), named(feed, span))]


def load(
    session: psycopg.Connection,
    feed: Feed,
    day: date,
    *,
    digest: str | None = None,
    asked: datetime | None = None,
) -> LoadedSlice:
    """Load one slice, new or again, in its own transaction. Raises psycopg.Error with the source's message.

    `digest` is the source's digest of the day, from the same transaction of the source, at the time `asked`.
    """
    row = one_row(
        session,
        query("slice", "load_slice"),
        {"schema": feed.schema, "template": feed.template, "day": day, "digest": digest, "asked": asked},
    )
    result = row[0]
    return LoadedSlice(feed, day, result["action"], result["rows"], float(result["seconds"]))


def record_failure(session: psycopg.Connection, feed: Feed, day: date, error: str) -> None:
    """Record that a load failed; the rows of an earlier load stay."""
    session.execute(
        query("slice", "record_failure"),
        {"schema": feed.schema, "template": feed.template, "day": day, "error": error},
    )


def hold_source(session: psycopg.Connection, connection: str) -> None:
    """Keep one login to the source open for the following loads of this session.

    Raises psycopg.Error if the source refuses, or does not answer within PATIENCE seconds.
    """
    try:
        with session.transaction():
            session.execute(query("session", "patience"), (PATIENCE * 1000,))
            session.execute(query("source", "hold_source"), (connection,))
    except psycopg.errors.QueryCanceled as error:
        raise psycopg.errors.SqlclientUnableToEstablishSqlconnection(
            f"the source does not answer within {PATIENCE} seconds"
        ) from error


@contextmanager
def held_source(session: psycopg.Connection, connection: str) -> Iterator[None]:
    """One login to the source for all that the block asks of it through the warehouse, also in blocks within it; the
    functions for a group hold it themselves.
    """
    if acting(session) != OWNER or _HELD.get(session) == connection:
        yield
        return
    hold_source(session, connection)
    _HELD[session] = connection
    try:
        yield
    finally:
        del _HELD[session]
        # If the block failed, its transaction may have failed, too. The login then ends with the session, or
        # with the next login.
        with suppress(psycopg.Error):
            release_source(session, connection)


def release_source(session: psycopg.Connection, connection: str) -> None:
    """Close what hold_source opened; do nothing if it is gone."""
    session.execute(query("source", "release_source"), (connection,))
