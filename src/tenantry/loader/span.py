"""Which days a feed is to have: the one answer of tenant add, backfill, enable and recover when nobody names a first day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import psycopg

from tenantry.core.days import Span
from tenantry.core.model import Feed
from tenantry.flow.slice import at_source
from tenantry.flow.slice import slice as slices


@dataclass(frozen=True)
class Whole:
    """All days of a feed up to some last one. `source` are the days that its source has rows of.

    `source` is None if it has none, or if the template cannot be asked for them (then not `asked`). `chosen`: somebody chose
    the first day, so what the source has before that is not wanted.
    """

    span: Span
    source: Span | None
    asked: bool = True
    chosen: bool = False

    @property
    def unwanted(self) -> Span | None:
        """The days of the source before the chosen first one."""
        if not self.chosen or self.source is None or self.source.first >= self.span.first:
            return None
        return Span(
            self.source.first, min(self.source.last, date.fromordinal(self.span.first.toordinal() - 1))
        )


@dataclass(frozen=True)
class Lacking:
    """Days to load, and those that are `gone` at the source, which keeps no rows of such days any longer."""

    days: Sequence[date]
    gone: Sequence[date] = ()


def whole(session: psycopg.Connection, feed: Feed, last: date | None = None) -> Whole:
    """From the day on which the feed's span begins, or the source's first if that is earlier and nobody chose.

    `last` is by default the last day that the template loads, today unless it says more. A feed that was never loaded begins on January 1st of its source's first year, so that the year can be folded.

    Raises:
        SourceError: the source refuses or does not answer.
        psycopg.errors.FeatureNotSupported: never loaded, and the template cannot be asked where its source begins.
    """
    last = last or slices.latest(session, feed.template)
    first, chosen = slices.begin(session, feed)
    try:
        source = at_source.source_span(session, feed)
    except psycopg.errors.FeatureNotSupported:
        if first is None:
            raise
        return Whole(Span(min(first, last), last), None, asked=False, chosen=chosen)
    if first is None:
        first = date(source.first.year, 1, 1) if source else last
    elif source and not chosen:
        first = min(first, source.first)
    return Whole(Span(min(first, last), last), source, chosen=chosen)


def lacking(session: psycopg.Connection, feed: Feed, found: Whole) -> Lacking:
    """What is to be loaded of all days of a feed.

    Days before the source's first row are loaded like any other, and are empty. But if the warehouse has rows of earlier days,
    the source has ceased to keep old ones: then those days had rows, as far as anybody knows.
    """
    wanted = slices.to_load(session, feed, found.span)
    kept = slices.first_with_rows(session, feed)
    if kept is None or not found.asked:
        return Lacking(wanted)
    begins = found.source.first if found.source else found.span.last
    gone = [day for day in wanted if kept <= day < begins]
    return Lacking([day for day in wanted if day not in set(gone)], gone)
