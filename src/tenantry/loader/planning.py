"""What a load will do: the days that each feed lacks, or that are to be loaded again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import date, timedelta

import psycopg

from tenantry.core.days import Span, folded, monthly, today_utc
from tenantry.core.errors import SourceError
from tenantry.core.model import OPERATOR, Feed
from tenantry.db.connect import acting, acts_as, session
from tenantry.flow.slice import at_source, stream
from tenantry.flow.slice import slice as slices
from tenantry.flow.slice.each_source import ask_each
from tenantry.loader import span


@dataclass(frozen=True)
class Plan:
    """What one feed lacks: `days` will be loaded; `present` days of the span need nothing.

    `unknown` says why the source could not be asked for its days. With `only_changed`, the source is asked first which
    of the days differ, and only those are loaded. `gone` days are missing, but the source no longer keeps days that
    old: loading them would empty them, so they are left alone. `unwanted` days exist at the source before the first day
    that somebody chose. `left_out` says which rows of the source belong to no day that can be loaded.
    """

    feed: Feed
    days: tuple[date, ...]
    present: int
    unknown: str | None = None
    together: bool = False
    only_changed: bool = False
    gone: tuple[date, ...] = ()
    unwanted: Span | None = None
    left_out: str | None = None

    @property
    def spans(self) -> list[Span]:
        """What is loaded at once: a day, or with `together` the days of a month.

        With `only_changed`, it is what the source is asked for at once: as many days as a month has.
        """
        if self.only_changed:
            months = [self.days[n : n + 31] for n in range(0, len(self.days), 31)]
            return [span for days in months for span in folded(list(days))]
        return monthly(self.days) if self.together else [Span(day, day) for day in self.days]


def plan_day(
    conninfo: str, feeds: Sequence[Feed], day: date, *, given: psycopg.Connection | None = None
) -> list[Plan]:
    """One day of each feed; with today also yesterday, if yesterday was last loaded before it had ended.

    The session `given` is used, if there is one.
    """
    if day != today_utc():
        return [Plan(feed, (day,), 0) for feed in feeds]
    before = Span(day - timedelta(days=1), day - timedelta(days=1))
    plans = []
    with _session(conninfo, given) as connection:
        for feed in feeds:
            stale = slices.to_load(connection, feed, before)
            plans.append(Plan(feed, (*stale, day), 0))
    return plans


def rows_ahead(conninfo: str, feeds: Iterable[Feed]) -> dict[Feed, int]:
    """Return, for each feed, how many rows of its source are dated after the last day that may be loaded, if there are
    any.

    A source that does not answer, or cannot be asked, is left out; loading from it shows why. An operator asks none.
    """
    if acts_as(conninfo) == OPERATOR:
        return {}
    found = ask_each(conninfo, feeds, _rows_ahead)
    return {feed: rows for feed, rows in found.items() if rows and not isinstance(rows, SourceError)}


def _rows_ahead(connection: psycopg.Connection, feed: Feed) -> int:
    try:
        return at_source.rows_ahead(connection, feed)
    except psycopg.errors.FeatureNotSupported:
        return 0


def _session(conninfo: str, given: psycopg.Connection | None) -> AbstractContextManager[psycopg.Connection]:
    return session(conninfo) if given is None else nullcontext(given)


def plan_changed(feeds: Sequence[Feed], window: Span) -> list[Plan]:
    """The days of the window that differ at each source; the source is asked when the plan is carried out."""
    return [Plan(feed, tuple(window), 0, only_changed=True) for feed in feeds]


def plan(
    conninfo: str,
    feeds: Sequence[Feed],
    wanted: Span,
    *,
    reload: bool = False,
    outdated: bool = False,
    given: psycopg.Connection | None = None,
) -> list[Plan]:
    """Return the wanted days that each feed lacks. `outdated` adds those that an earlier definition loaded, and `reload`
    all others. The session `given` is used, if there is one.
    """
    spans = dict.fromkeys(feeds, wanted)
    return plan_spans(conninfo, spans, reload=reload, outdated=outdated, given=given)


def plan_spans(
    conninfo: str,
    spans: Mapping[Feed, Span],
    *,
    reload: bool = False,
    outdated: bool = False,
    given: psycopg.Connection | None = None,
) -> list[Plan]:
    """As `plan`, with the wanted days of each feed."""
    plans = []
    with _session(conninfo, given) as connection:
        for feed, wanted in spans.items():
            days = tuple(wanted) if reload else tuple(slices.to_load(connection, feed, wanted))
            if outdated:
                days = tuple(sorted({*days, *slices.outdated(connection, feed, wanted)}))
            together = feed.streams and stream.range_capable(connection, feed)
            plans.append(Plan(feed, days, len(wanted) - len(days), together=together))
    return plans


def plan_whole(
    conninfo: str,
    feeds: Sequence[Feed],
    last: date | None = None,
    *,
    reload: bool = False,
    outdated: bool = False,
) -> list[Plan]:
    """Return what each feed lacks of all its days up to `last` (None: the last day that its template loads). With
    `reload`, also the days that its source has; with `outdated`, those of them that an earlier text made.

    Sources are asked side by side, each through one login. One that does not answer does not stop the others: its plans
    are empty and say why.
    """

    def planned(connection: psycopg.Connection, feed: Feed) -> Plan:
        # An operator may not see rows.
        left_out = None if acting(connection) == OPERATOR else at_source.odd_rows(connection, feed)
        return replace(_plan_whole(connection, feed, last, reload, outdated), left_out=left_out)

    return [
        Plan(feed, (), 0, unknown=found.message) if isinstance(found, SourceError) else found
        for feed, found in ask_each(conninfo, feeds, planned).items()
    ]


def _plan_whole(
    connection: psycopg.Connection, feed: Feed, last: date | None, reload: bool, outdated: bool
) -> Plan:
    found = span.whole(connection, feed, last)
    lacking = span.lacking(connection, feed, found)
    days = set(lacking.days)
    if reload or outdated:
        begins = found.source.first if found.source else found.span.first
        again = found.span if reload else slices.outdated(connection, feed, found.span)
        days |= {day for day in again if day >= begins or not found.asked}
    together = feed.streams and stream.range_capable(connection, feed)
    gone = tuple(lacking.gone)
    present = len(found.span) - len(days) - len(gone)
    return Plan(feed, tuple(sorted(days)), present, together=together, gone=gone, unwanted=found.unwanted)
