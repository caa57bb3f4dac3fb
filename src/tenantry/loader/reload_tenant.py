"""Load again what was loaded before: some days, or all of a tenant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import psycopg

from tenantry.core.days import Span
from tenantry.core.errors import InputError
from tenantry.core.model import Feed
from tenantry.db import log
from tenantry.db.queries import one_row, query
from tenantry.flow.slice import at_source, stream
from tenantry.flow.slice import slice as slices
from tenantry.flow.slice.feed import find_feed, list_feeds
from tenantry.flow.tenant import state
from tenantry.loader.planning import Plan


@dataclass(frozen=True)
class Work:
    """How much loading the days of a span again takes, by their last loads; seconds are those of one session."""

    plan: Plan
    span: Span
    rows: int
    seconds: float


def plan(session: psycopg.Connection, feed: Feed, days: Iterable[date]) -> Plan:
    """All of the days, whether they are loaded or not."""
    together = feed.streams and stream.range_capable(session, feed)
    return Plan(feed, tuple(sorted(set(days))), 0, together=together)


def tenant_feeds(session: psycopg.Connection, name: str, templates: Sequence[str] = ()) -> list[Feed]:
    """The feeds of a tenant that have a template: all, or those of the templates named.

    Raises InputError for an unknown tenant, one that is being dropped, or a template that it does not use.
    """
    state.get_whole(session, name)
    if templates:
        return [find_feed(session, template, name) for template in dict.fromkeys(templates)]
    known = {row[0] for row in session.execute(query("template", "names"))}
    return [feed for feed in list_feeds(session) if feed.schema == name and feed.template in known]


def first_day(session: psycopg.Connection, feed: Feed) -> date | None:
    """The first day of a feed that is loaded, or None."""
    found: date | None = one_row(
        session, query("slice", "first_day"), {"schema": feed.schema, "template": feed.template}
    )[0]
    return found


def reload_span(session: psycopg.Connection, feed: Feed, first: date | None, last: date) -> Span:
    """The days to load again: from `first`, or the chosen first day, or the source's first, to `last`.

    Days before the source's first stay as they are: a source that keeps no old rows would empty them.

    Raises:
        InputError: the days would be emptied, or the template cannot tell where the source begins.
        SourceError: the source refuses or does not answer.
    """
    try:
        found = at_source.source_span(session, feed)
    except psycopg.errors.FeatureNotSupported:
        if first is None:
            raise InputError(
                f"{feed}: its template cannot tell where the source begins",
                hint="Give the first day: --from DAY.",
            ) from None
        return Span(first, last)
    if found is None:
        raise InputError(f"the source of {feed} has no rows: loading it again would empty the tenant's data")
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


def reload_work(session: psycopg.Connection, feed: Feed, span: Span, since: datetime | None) -> Work:
    """All days of the span, or those that were not loaded since the moment `since`."""
    days = list(span)
    if since is not None:
        parameters = {**slices.named(feed, span), "since": since}
        done = {row[0] for row in session.execute(query("slice", "loaded_since"), parameters)}
        days = [day for day in days if day not in done]
    parameters = {**slices.named(feed, span), "days": days}
    rows, seconds = one_row(session, query("slice", "last_loads"), parameters)
    return Work(plan(session, feed, days), span, rows, seconds)


def begin(session: psycopg.Connection, name: str, work: Sequence[Work]) -> datetime:
    """Log that a reload begins. Return the warehouse's time, from which to continue after an interruption."""
    moment: datetime = one_row(session, query("session", "now"))[0]
    spans = {item.plan.feed.template: str(item.span) for item in work}
    log.write(
        session,
        "tenant reload",
        "INFO",
        "reload begins",
        schema_name=name,
        since=moment.isoformat(),
        days=spans,
    )
    return moment


def settling(until: date, days: int) -> Span:
    """The days before a day in which sources still change rows, the same as for nightly jobs."""
    return Span(until - timedelta(days=days), until - timedelta(days=1))
