"""Pulling again what was pulled before: some days, or all of a tenant; and seeing whether that made them the source's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import psycopg

from tenantry.core.days import Span, folded, monthly, today_utc
from tenantry.core.errors import InputError
from tenantry.core.model import Feed
from tenantry.db.connect import session
from tenantry.db.queries import one_row, query
from tenantry.flow import log, slices, states, stream, tenant
from tenantry.flow.tenant import DifferentDay
from tenantry.loader import backfill
from tenantry.loader.backfill import Plan
from tenantry.loader.events import Watcher


@dataclass(frozen=True)
class Comparison:
    """A feed beside its source: of `days` those with another number of rows."""

    feed: Feed
    days: int
    different: Sequence[DifferentDay]

    def __str__(self) -> str:
        if not self.days:
            return f"{self.feed}: no day that has ended"
        if self.different:
            days = ", ".join(str(item.day) for item in self.different[:5])
            return f"{self.feed}: row counts differ from the source on {len(self.different)} of {self.days} days: {days}"
        return f"{self.feed}: row counts per day agree with the source on all {self.days} days"


@dataclass(frozen=True)
class Work:
    """What pulling the days of a span again comes to, by their last loads; seconds are those of one session."""

    plan: Plan
    span: Span
    rows: int
    seconds: float


def plan(session: psycopg.Connection, feed: Feed, days: Iterable[date]) -> Plan:
    """All of the days, whether they are there or not."""
    together = feed.storage == "partition" and stream.range_capable(session, feed.template)
    return Plan(feed, tuple(sorted(set(days))), 0, together=together)


def compare(session: psycopg.Connection, feed: Feed, days: Iterable[date]) -> Comparison:
    """Count the rows of those of the days that have ended, here and at the source.

    Raises:
        SourceError: the source refuses or does not answer.
    """
    ended = [day for day in days if day < today_utc()]

    def asked(spans: Iterable[Span]) -> list[DifferentDay]:
        return [day for span in spans for day in tenant.different_days(session, feed, span)]

    try:
        return Comparison(feed, len(ended), asked(folded(ended)))
    except psycopg.errors.FeatureNotSupported:
        # Its template has to be asked day by day, of which a statement takes a month's.
        return Comparison(feed, len(ended), asked(monthly(ended)))


def settle(
    conninfo: str, days: Mapping[Feed, Iterable[date]], limits: backfill.Limits, watcher: Watcher
) -> list[Comparison]:
    """Compare days that were just pulled with their sources; those that differ are pulled once more, as sources go on.

    Raises:
        SourceError: a source refuses or does not answer.
    """
    with session(conninfo) as opened:
        found = [compare(opened, feed, wanted) for feed, wanted in days.items()]
        late = [plan(opened, c.feed, [item.day for item in c.different]) for c in found if c.different]
        if late:
            backfill.run(conninfo, late, limits, watcher)
            found = [compare(opened, feed, wanted) for feed, wanted in days.items()]
    return found


def tenant_feeds(session: psycopg.Connection, name: str, templates: Sequence[str] = ()) -> list[Feed]:
    """The feeds of a tenant that have a template: all, or those of the templates named.

    Raises InputError for an unknown tenant, one that is being dropped, or a template that it does not use.
    """
    states.get_whole(session, name)
    if templates:
        return [tenant.find_feed(session, template, name) for template in dict.fromkeys(templates)]
    known = {row[0] for row in session.execute(query("tenants", "templates"))}
    return [feed for feed in tenant.feeds(session) if feed.schema == name and feed.template in known]


def first_day(session: psycopg.Connection, feed: Feed) -> date | None:
    """The first day that is there of a feed, or None."""
    found: date | None = one_row(
        session, query("tenants", "first_day"), {"schema": feed.schema, "template": feed.template}
    )[0]
    return found


def rebuild_span(session: psycopg.Connection, feed: Feed, first: date | None, last: date) -> Span:
    """The days to pull again: from `first`, or the one that somebody chose, or the source's first, to `last`.

    Days before the source's first stay as they are: a source that keeps no old rows would empty them.

    Raises:
        InputError: the days would be emptied, or the template cannot be asked where the source begins.
        SourceError: the source refuses or does not answer.
    """
    try:
        found = tenant.source_span(session, feed)
    except psycopg.errors.FeatureNotSupported:
        if first is None:
            raise InputError(
                f"{feed}: its template cannot be asked where the source begins",
                hint="Say from where to rebuild: --from DAY.",
            ) from None
        return Span(first, last)
    if found is None:
        raise InputError(f"the source of {feed} has no rows: to rebuild it would empty it")
    begin, chosen = slices.begin(session, feed)
    begin = max(begin, found.first) if begin and chosen else found.first
    span = Span(min(first or begin, last), last)
    there = first_day(session, feed)
    if there is not None and max(there, span.first) < found.first:
        raise InputError(
            f"the source of {feed} begins on {found.first}: days before that would be emptied",
            hint=f"Give --from {found.first} or a later day.",
        )
    return span


def rebuild_work(session: psycopg.Connection, feed: Feed, span: Span, since: datetime | None) -> Work:
    """All days of the span, or those that were not pulled `since`."""
    days = list(span)
    if since is not None:
        parameters = {**slices.named(feed, span), "since": since}
        done = {row[0] for row in session.execute(query("tenants", "loaded_since"), parameters)}
        days = [day for day in days if day not in done]
    parameters = {**slices.named(feed, span), "days": days}
    rows, seconds = one_row(session, query("tenants", "last_loads"), parameters)
    return Work(plan(session, feed, days), span, rows, seconds)


def begin(session: psycopg.Connection, name: str, work: Sequence[Work]) -> datetime:
    """Note that a rebuild begins; the moment by the warehouse's clock, to go on from if it is cut off."""
    moment: datetime = one_row(session, query("tenants", "now"))[0]
    spans = {item.plan.feed.template: str(item.span) for item in work}
    log.write(
        session,
        "tenant rebuild",
        "INFO",
        "rebuild begins",
        schema_name=name,
        since=moment.isoformat(),
        days=spans,
    )
    return moment


def settling(until: date) -> Span:
    """The two weeks before a day in which sources still change rows, as nightly jobs have it."""
    return Span(until - timedelta(days=14), until - timedelta(days=1))
