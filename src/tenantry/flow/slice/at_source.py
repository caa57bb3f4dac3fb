"""What a source has for a feed: its days, and rows outside any day that can be loaded."""

from __future__ import annotations

import psycopg

from tenantry.core.days import Span
from tenantry.core.model import Feed
from tenantry.core.words import count
from tenantry.db.by_role import by_role
from tenantry.db.queries import one_row, query
from tenantry.flow.slice.slice import held_source
from tenantry.flow.source.connection import asking


def source_span(session: psycopg.Connection, feed: Feed) -> Span | None:
    """Return the first and last UTC day for which the source has rows, or None if it has none. Years before 1900 do not
    count.

    Raises:
        SourceError: the source refuses or does not answer.
    """
    with (
        asking(session, feed.connection),
        held_source(session, feed.connection),
        session.transaction(),
    ):
        row = session.execute(by_role(session, "source", "source_extent"), _named(feed)).fetchone()
    return Span(row[0], row[1]) if row and row[0] else None


def odd_rows(session: psycopg.Connection, feed: Feed) -> str | None:
    """Return what to say about the source's rows in implausible years, which source_span leaves out; None if there are
    none.

    Also None if the template cannot load more than one day at once.

    Raises:
        SourceError: the source refuses or does not answer.
    """
    with asking(session, feed.connection), held_source(session, feed.connection):
        try:
            with session.transaction():
                number, first, last = one_row(session, query("source", "source_odd_days"), _named(feed))
        except psycopg.errors.FeatureNotSupported:
            return None
    if not number:
        return None
    times = first if first == last else f"{first} to {last}"
    return (
        f"{count(number, 'row is', 'rows are')} of years before 1900 or after 9999 and left out ({times}): "
        "fix them at the source, or give --from"
    )


def _named(feed: Feed) -> dict[str, str]:
    return {"template": feed.template, "connection": feed.connection, "schema": feed.schema}


def rows_ahead(session: psycopg.Connection, feed: Feed) -> int:
    """Return how many rows of the source are dated after the last day that may be loaded.

    Raises:
        SourceError: the source refuses or does not answer.
        psycopg.errors.FeatureNotSupported: the template cannot load more than one day at once.
    """
    with asking(session, feed.connection), session.transaction():
        return int(one_row(session, query("source", "rows_ahead"), _named(feed))[0])
