"""Add a tenant: the manual's "Adding a New Tenant", steps 1 to 6, as one call that can be repeated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import psycopg

from tenantry.core import state
from tenantry.core.days import Span, today_utc
from tenantry.core.errors import InputError
from tenantry.core.model import Connection, Feed
from tenantry.core.names import check_tenant_name
from tenantry.core.words import count
from tenantry.db.connect import session
from tenantry.flow.slice import at_source, room
from tenantry.flow.slice import slice as slices
from tenantry.flow.slice.feed import open_feed
from tenantry.flow.slice.year import Folded
from tenantry.flow.source import line
from tenantry.flow.template import override
from tenantry.flow.template import stored as templates
from tenantry.flow.tenant import schema
from tenantry.loader import fitting, folding, planning, run, verify
from tenantry.loader import span as spans
from tenantry.loader.events import Watcher
from tenantry.loader.result import Result
from tenantry.loader.verify import FeedVerdict

Step = Callable[[str, str], None]
"""Called with each finished step: its name, and its result."""


@dataclass(frozen=True)
class Newcomer:
    """A tenant to add. `first` is the first day to load (None: the first day of the source), `last` the last one (None: the last
    that its template loads). `queries` are the tenant's own, by template.

    Without `templates`, an existing tenant keeps its own, and a new one gets the only template of the warehouse.
    """

    name: str
    connection: Connection
    password: str | None
    templates: Sequence[str] = ()
    first: date | None = None
    fold: bool = True
    queries: Mapping[str, str] = field(default_factory=dict)
    last: date | None = None


@dataclass
class Added:
    """How a tenant was added: its load, its folded years, and how its days compare with the source.

    `rows_ahead` counts, by feed, the rows dated after the last loaded day. `jobs` names the jobs that were created.
    """

    tenant: str
    load: Result
    folded: list[Folded] = field(default_factory=list)
    compared: list[FeedVerdict] = field(default_factory=list)
    rows_ahead: dict[Feed, int] = field(default_factory=dict)
    jobs: list[str] = field(default_factory=list)


def add(conninfo: str, newcomer: Newcomer, limits: run.Limits, step: Step, watcher: Watcher) -> Added:
    """Create the schema and the connection, load all days, publish, fold closed years, and compare with the source.

    Nothing is created before the names are checked and the source has answered to each template. `step` is not called
    before that. If the load is interrupted, the steps after it are left out.

    Raises:
        InputError: an invalid name or template; a source without a range and no `first`.
        SourceError: the source does not answer, or a template does not fit it.
        TemplateError: the source returns other columns than a template declares.
    """
    check_tenant_name(newcomer.name)
    told: list[tuple[str, str]] = []
    with session(conninfo) as connection:
        # One transaction: if the source refuses, nothing of this stays.
        with connection.transaction():
            days = _register(connection, newcomer, lambda name, detail: told.append((name, detail)))
        for name, detail in told:
            step(name, detail)
    feeds = list(days)
    today = Span(today_utc(), today_utc())
    plans = planning.plan_spans(conninfo, {feed: span or today for feed, span in days.items()})
    added = Added(newcomer.name, run.run(conninfo, plans, limits, watcher, name="tenant add"))
    step("backfill", _told(added.load))
    if added.load.interrupted:
        return added
    with session(conninfo) as connection:
        step("views", ", ".join(f"{feed} and public.{feed.template}" for feed in feeds))
        for item in added.load.feeds:
            if newcomer.fold and item.complete:
                added.folded += _fold(connection, item.feed, days[item.feed], step, watcher)
    loaded = {feed: span for feed, span in days.items() if span is not None}
    for verdict in verify.settle(conninfo, loaded, limits, watcher):
        step("compared", str(verdict))
        added.compared.append(verdict)
    added.rows_ahead = planning.rows_ahead(conninfo, feeds)
    for feed, rows in added.rows_ahead.items():
        step("left out", state.told_ahead(feed, rows))
    return added


def _register(session: psycopg.Connection, newcomer: Newcomer, step: Step) -> dict[Feed, Span | None]:
    """Store the connection, the schema and the feeds, try each template at the source, and return the days to load."""
    names = _templates(session, newcomer)
    _connect(session, newcomer, step)
    made = schema.create_schema(session, newcomer.name)
    step("schema", f"{newcomer.name} {'created, readable by phood_ro' if made else 'was there'}")
    feeds = [open_feed(session, name, newcomer.connection.name, newcomer.name) for name in names]
    for name, text in newcomer.queries.items():
        own = override.put(session, name, newcomer.name, text, origin=f"the query for {name}")
        step("own query", f"{own.template}: {count(own.rows, 'row')} on {own.day}")
    days = {}
    for feed in feeds:
        fitting.require(session, feed, newcomer.last or today_utc() - timedelta(days=1))
        days[feed] = _span(session, feed, newcomer, step)
    _foresee(session, newcomer.name, days, step)
    for feed in feeds if newcomer.first is None else ():
        if odd := at_source.odd_rows(session, feed):
            step("source", f"{feed.template}: {odd}")
    return days


def _templates(session: psycopg.Connection, newcomer: Newcomer) -> Sequence[str]:
    """The templates to load. Raises InputError if one does not exist, or if none was chosen and there is a choice."""
    for name in newcomer.templates:
        templates.require(session, name)
    if newcomer.templates:
        return newcomer.templates
    stored = templates.stored(session)
    own = [template.name for template in stored if newcomer.name in template.tenants]
    found = own or [template.name for template in stored]
    if own or len(found) == 1:
        return found
    if not found:
        raise InputError(
            "there is no template yet, which says what to load",
            hint="Draft one from a table of the source: tenantry start, or tenantry template new.",
        )
    raise InputError(
        f"there are {len(found)} templates, and none was chosen: {', '.join(found)}",
        hint="Say which to load: --template NAME. To draft one from a table of the source: tenantry start.",
    )


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


def _span(session: psycopg.Connection, feed: Feed, newcomer: Newcomer, step: Step) -> Span | None:
    """The days to load, from now on the feed's span; None while the source has no rows."""
    latest = slices.latest(session, feed.template)
    last = min(newcomer.last or latest, latest)
    if newcomer.first is not None:
        wanted = Span(newcomer.first, last)
        slices.extend(session, feed, newcomer.first, chosen=True)
        step("source", f"{feed.template}: {wanted}")
        return wanted
    whole = spans.whole(session, feed, last)
    if whole.source is None and whole.asked:
        step("source", f"{feed.template}: has no rows yet")
        return None
    slices.extend(session, feed, whole.span.first)
    step("source", f"{feed.template}: {whole.span}")
    return whole.span


def _foresee(session: psycopg.Connection, tenant: str, days: Mapping[Feed, Span | None], step: Step) -> None:
    """Tell why days are kept in views, and what reports will lack once the days are loaded and before years are folded."""
    server = room.room(session)
    loads = {feed.template: (feed, span or Span(today_utc(), today_utc())) for feed, span in days.items()}
    for reading in room.readings(session, loads, without=tenant):
        feed, span = loads[reading.template]
        daily = feed.storage in server.daily
        if daily and not reading.has_time_column:
            step(
                "storage",
                f"{reading.template}: {feed.storage}, a view for each day, since it has no time_column",
            )
        if found := server.shortage(
            reading.template,
            reading.relations + reading.of_span(span, storage=feed.storage, server=server),
            tenants=reading.tenants + 1,
            daily=reading.daily or daily,
            movable=reading.has_time_column,
        ):
            step("warning", str(found))


def _fold(
    session: psycopg.Connection, feed: Feed, span: Span | None, step: Step, watcher: Watcher
) -> list[Folded]:
    """Fold the closed years of the span. Last year stays open in January, while late rows still come in."""
    if span is None:
        return []
    settled = (today_utc() - timedelta(days=31)).year
    years = range(span.first.year, min(settled, span.last.year + 1))
    return list(folding.fold(session, feed, years, step, watcher))


def _told(result: Result) -> str:
    failed = sum(len(item.failures) + item.not_tried for item in result.feeds)
    loaded = sum(item.loaded for item in result.feeds)
    present = sum(item.present for item in result.feeds)
    parts = [f"{count(loaded, 'slice')}, {count(result.rows, 'row')} in {result.seconds:.1f} s"]
    if present:
        parts.append(f"{present:,} already loaded")
    if failed:
        parts.append(f"{failed:,} {'is' if failed == 1 else 'are'} missing")
    parts += [str(table) for item in result.feeds for table in item.not_indexed]
    return "; ".join(parts)
