"""Taking in a tenant: the manual's "Adding a New Tenant", steps 1 to 6, as one job that can be run again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg

from tenantry.core.days import Span, today_utc
from tenantry.core.model import Connection, Feed
from tenantry.db.connect import session
from tenantry.flow import line, slices, tenant, yearly
from tenantry.flow import template as templates
from tenantry.loader import backfill, verify
from tenantry.loader import span as spans
from tenantry.loader.events import Watcher

Step = Callable[[str, str], None]
"""Told of each step when it is done: its name, and what came of it."""


@dataclass(frozen=True)
class Newcomer:
    """Who is taken in. `first` is the first day to load (None: the first that the source has)."""

    name: str
    connection: Connection
    password: str | None
    templates: Sequence[str]
    first: date | None = None
    convert: bool = True


def add(
    conninfo: str, newcomer: Newcomer, limits: backfill.Limits, step: Step, watcher: Watcher
) -> dict[str, Any]:
    """Make the schema and the connection, load all days, make the views, fold closed years, and compare with the source.

    Nothing is made before the names are checked and the source has answered. Returns a summary: tenant, feeds
    (rows, days, failed), years converted, days that differ from the source, and days that could not be compared with it.

    Raises:
        InputError: a name or template that cannot be meant; a source without a range and no `first`.
        SourceError: the source does not answer.
    """
    tenant.check_name(newcomer.name)
    with session(conninfo) as connection:
        for name in newcomer.templates:
            templates.require(connection, name)
        _connect(connection, newcomer, step)
        made = tenant.create_schema(connection, newcomer.name)
        step("schema", f"{newcomer.name} {'created, readable by phood_ro' if made else 'was there'}")
        feeds = [
            tenant.open_feed(connection, name, newcomer.connection.name, newcomer.name)
            for name in newcomer.templates
        ]
        days = {feed: _span(connection, feed, newcomer.first, step) for feed in feeds}
        for feed in feeds if newcomer.first is None else ():
            if odd := tenant.odd_rows(connection, feed):
                step("source", f"{feed.template}: {odd}")
    plans = []
    for feed, span in days.items():
        plans += backfill.plan(conninfo, [feed], span or Span(today_utc(), today_utc()))
    result = backfill.run(conninfo, plans, limits, watcher)
    step("backfill", _told(result))
    summary: dict[str, Any] = {
        "tenant": newcomer.name,
        "complete": result.complete,
        "rows": result.rows,
        "seconds": round(result.seconds, 3),
        "feeds": [_feed_summary(item) for item in result.feeds],
        "converted": [],
        "different_days": [],
        "not_compared": [],
        "rows_ahead": {},
    }
    if result.interrupted:
        return summary | {"interrupted": True}
    with session(conninfo) as connection:
        step("views", ", ".join(f"{feed} and public.{feed.template}" for feed in feeds))
        for item in result.feeds:
            if newcomer.convert and item.complete and days[item.feed] is not None:
                summary["converted"] += _convert(connection, item.feed, days[item.feed], step)
    loaded = {feed: span for feed, span in days.items() if span is not None}
    for verdict in verify.settle(conninfo, loaded, limits, watcher):
        step("compared", str(verdict))
        summary["different_days"] += [
            {
                "feed": str(verdict.feed),
                "day": str(day.day),
                "source_rows": day.source_rows,
                "warehouse_rows": day.warehouse_rows,
            }
            for day in verdict.different
        ]
        summary["not_compared"] += [
            {"feed": str(verdict.feed), "day": str(day), "error": error}
            for day, error in verdict.failed.items()
        ]
    for feed, rows in backfill.rows_ahead(conninfo, feeds).items():
        step("left out", backfill.told_ahead(feed, rows))
        summary["rows_ahead"][feed.template] = rows
    return summary


def _connect(session: psycopg.Connection, newcomer: Newcomer, step: Step) -> None:
    """Store the connection and try it; what was stored before is put back if the source does not answer."""
    _, facts, told = line.store(session, newcomer.connection, newcomer.password)
    step("connection", f"{newcomer.connection.name} stored; its password is in a user mapping")
    step(
        "test",
        f"PostgreSQL {facts.server_version}, database {facts.database}, answered in {facts.latency * 1000:.0f} ms, "
        f"{'read only' if facts.read_only else 'NOT read only'}, {facts.time_zone}, {facts.settings} settings read back",
    )
    if told:
        step("line", told)


def _span(session: psycopg.Connection, feed: Feed, first: date | None, step: Step) -> Span | None:
    """The days to load, which are the feed's from now on; None while the source has no rows."""
    if first is not None:
        wanted = Span(first, slices.latest(session, feed.template))
        slices.extend(session, feed, first, chosen=True)
        step("source", f"{feed.template}: {wanted}")
        return wanted
    whole = spans.whole(session, feed)
    if whole.source is None and whole.asked:
        step("source", f"{feed.template}: has no rows yet")
        return None
    slices.extend(session, feed, whole.span.first)
    step("source", f"{feed.template}: {whole.span}")
    return whole.span


def _convert(session: psycopg.Connection, feed: Feed, span: Span | None, step: Step) -> list[dict[str, Any]]:
    """Fold the closed years of the span. Last year stays open in January, while late rows still come in."""
    if span is None:
        return []
    done = []
    settled = (today_utc() - timedelta(days=31)).year
    for year in range(span.first.year, settled):
        if yearly.check(session, feed, year)["status"] == "complete":
            result = yearly.convert(session, feed, year)
            step(
                "year",
                f"{feed} {year}: {result['processed_mvs']} slices, {result['total_records']:,} rows in one table",
            )
            done.append(result)
    return done


def _told(result: backfill.Result) -> str:
    failed = sum(len(item.failures) + item.not_tried for item in result.feeds)
    loaded = sum(item.loaded for item in result.feeds)
    present = sum(item.present for item in result.feeds)
    parts = [f"{loaded} slices, {result.rows:,} rows in {result.seconds:.1f} s"]
    if present:
        parts.append(f"{present} were there")
    if failed:
        parts.append(f"{failed} are missing")
    parts += [str(table) for item in result.feeds for table in item.not_indexed]
    return "; ".join(parts)


def _feed_summary(item: backfill.FeedResult) -> dict[str, Any]:
    return {
        "template": item.feed.template,
        "loaded": item.loaded,
        "present": item.present,
        "rows": item.rows,
        "failed": [
            {"day": str(f.day), "error": f.error, "sqlstate": f.sqlstate, "of_source": f.of_source}
            for f in item.failures
        ],
        "not_tried": item.not_tried,
        "source_lost": item.source_lost,
        "not_indexed": [{"table": table.table, "error": table.reason} for table in item.not_indexed],
    }
