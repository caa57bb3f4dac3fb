"""Folding the closed years of a feed after a load, with what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import psycopg

from tenantry.core.model import Feed
from tenantry.core.words import count, spans_of_years
from tenantry.flow.slice import year as yearly
from tenantry.flow.slice.year import Folded
from tenantry.loader import stopping
from tenantry.loader.events import Watcher


def fold(
    session: psycopg.Connection,
    feed: Feed,
    years: Sequence[int],
    step: Callable[[str, str], None],
    watcher: Watcher,
) -> Iterator[Folded]:
    """Fold those of the years that are complete and not folded yet, or not finished. Years without rows are one step together."""
    empty: list[int] = []
    for number, year in enumerate(years):
        watcher.working(f"folding {feed}", number, len(years), "year")
        if yearly.check(session, feed, year).can_fold:
            result = yearly.fold(session, feed, year, stopping.check)
            yield result
            if result.rows:
                slices, rows = count(result.days, "slice"), count(result.rows, "row")
                step("year", f"{feed} {year}: {slices}, {rows} in one table")
            else:
                empty.append(year)
    if years:
        watcher.working(f"folding {feed}", len(years), len(years), "year")
    if empty:
        # A source that has stopped may have many of them.
        step("year", f"{feed}: {count(len(empty), 'year')} without rows folded: {spans_of_years(empty)}")
