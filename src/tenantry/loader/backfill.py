"""Pulling the slices that a span lacks, several at once, one transaction each."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import psycopg

from tenantry.core.days import Span, folded, monthly, today_utc
from tenantry.core.errors import SourceError, TenantryError, WarehouseUnreachable
from tenantry.core.model import OPERATOR, FailedSlice, Feed, LoadedSlice
from tenantry.db.connect import acting, acts_as, session
from tenantry.db.errors import translated
from tenantry.flow import indexes, log, slices, stream, tenant, views
from tenantry.loader import indexing, operators, span
from tenantry.loader.events import Waiting, Watcher
from tenantry.loader.indexing import NotIndexed
from tenantry.loader.queue import Queue
from tenantry.loader.sessions import Keeper, Sessions
from tenantry.loader.worker import Event, Worker

MOST_WORKERS = 8
"""Sessions on the warehouse at once, whatever the number of tenants."""


@dataclass(frozen=True)
class Limits:
    """How much a load may ask for: sessions on each source, and seconds of rest of a worker after a slice."""

    per_source: int = 2
    pause: float = 0.0


@dataclass(frozen=True)
class Plan:
    """What one feed lacks: `days` will be loaded, `present` days of the span need nothing.

    `unknown` says why the source could not be asked for its days. With `only_changed` the source is asked first which of
    the days differ, and only those are loaded. `gone` days are lacking, but the source keeps none so old any longer: to pull
    them would empty them, so they are left as they are. `unwanted` days are at the source, before the first that somebody chose.
    `left_out` says which rows of the source are in no day that can be meant.
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
        """What is pulled at once: a day, or where days may come `together`, those of a month.

        With `only_changed` what the source is asked for at once: so many days as a month has.
        """
        if self.only_changed:
            months = [self.days[n : n + 31] for n in range(0, len(self.days), 31)]
            return [span for days in months for span in folded(list(days))]
        return monthly(self.days) if self.together else [Span(day, day) for day in self.days]


@dataclass
class FeedResult:
    """How the load of one feed ended. `not_tried` days remain because the source was lost or the run stopped.

    `unchanged` days were not pulled, because the source says that they are as they were.
    """

    feed: Feed
    present: int = 0
    loaded: int = 0
    unchanged: int = 0
    rows: int = 0
    failures: list[FailedSlice] = field(default_factory=list)
    not_tried: int = 0
    source_lost: str | None = None
    not_indexed: list[NotIndexed] = field(default_factory=list)
    gone: Sequence[date] = ()
    unwanted: Span | None = None

    @property
    def complete(self) -> bool:
        """Whether every day that was planned, or should have been, is there, in tables with indexes."""
        return not (self.failures or self.not_tried or self.source_lost or self.not_indexed or self.gone)

    @property
    def as_it_was(self) -> bool:
        """Whether all that was done was to find days unchanged."""
        return self.complete and self.unchanged > 0 and not self.loaded


@dataclass
class Result:
    """How a load ended: a result for each feed, wall time in seconds, and whether somebody interrupted it."""

    feeds: list[FeedResult]
    seconds: float
    interrupted: bool = False

    @property
    def complete(self) -> bool:
        """Whether every day that was planned is there."""
        return not self.interrupted and all(feed.complete for feed in self.feeds)

    @property
    def rows(self) -> int:
        """Rows of all slices that were loaded."""
        return sum(feed.rows for feed in self.feeds)


def plan_day(conninfo: str, feeds: Sequence[Feed], day: date) -> list[Plan]:
    """One day of each feed; with today also yesterday, if that was last loaded before it had ended."""
    if day != today_utc():
        return [Plan(feed, (day,), 0) for feed in feeds]
    before = Span(day - timedelta(days=1), day - timedelta(days=1))
    plans = []
    with session(conninfo) as connection:
        for feed in feeds:
            stale = slices.to_load(connection, feed, before)
            plans.append(Plan(feed, (*stale, day), 0))
    return plans


def rows_ahead(conninfo: str, feeds: Iterable[Feed]) -> dict[Feed, int]:
    """Of each feed how many rows its source has that are dated after the last day that may be loaded, where there are some.

    A source that does not answer, or cannot be asked, is left out: loading from it tells why. An operator asks none.
    """
    found: dict[Feed, int] = {}
    if acts_as(conninfo) == OPERATOR:
        return found
    for feed in feeds:
        try:
            with session(conninfo) as connection, suppress(psycopg.errors.FeatureNotSupported):
                found[feed] = tenant.rows_ahead(connection, feed)
        except SourceError:
            continue
    return {feed: rows for feed, rows in found.items() if rows}


def told_ahead(feed: Feed, rows: int) -> str:
    """Rows that are left out, and what to do about it."""
    few = rows == 1
    return (
        f"{feed}: {rows:,} {'row is' if few else 'rows are'} dated after the last day that is loaded, and "
        f"{'was' if few else 'were'} left out; to load such days: tenantry template edit {feed.template}, key ahead"
    )


def plan_changed(feeds: Sequence[Feed], window: Span) -> list[Plan]:
    """The days of the window that differ at each source, which it is asked for when the plan is carried out."""
    return [Plan(feed, tuple(window), 0, only_changed=True) for feed in feeds]


def plan(
    conninfo: str, feeds: Sequence[Feed], wanted: Span, *, reload: bool = False, outdated: bool = False
) -> list[Plan]:
    """What each feed lacks of the days that are wanted; with `outdated` also what an earlier text made, with `reload` all of them."""
    plans = []
    with session(conninfo) as connection:
        for feed in feeds:
            days = tuple(wanted) if reload else tuple(slices.to_load(connection, feed, wanted))
            if outdated:
                days = tuple(sorted({*days, *slices.outdated(connection, feed, wanted)}))
            together = feed.storage == "partition" and stream.range_capable(connection, feed.template)
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
    """What each feed lacks of all its days up to `last` (None: the last that its template asks for); with `reload`, also the
    days that its source has, again; with `outdated`, those of them that an earlier text made.

    A source that does not answer keeps no other from being loaded: its plan is empty and says why.
    """
    plans = []
    for feed in feeds:
        try:
            with session(conninfo) as connection:
                # An operator is not told of rows.
                left_out = None if acting(connection) == OPERATOR else tenant.odd_rows(connection, feed)
                plans.append(
                    replace(_plan_whole(connection, feed, last, reload, outdated), left_out=left_out)
                )
        except SourceError as error:
            plans.append(Plan(feed, (), 0, unknown=error.message))
    return plans


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
    together = feed.storage == "partition" and stream.range_capable(connection, feed.template)
    gone = tuple(lacking.gone)
    present = len(found.span) - len(days) - len(gone)
    return Plan(feed, tuple(sorted(days)), present, together=together, gone=gone, unwanted=found.unwanted)


def run(
    conninfo: str, plans: Sequence[Plan], limits: Limits, watcher: Watcher, keeper: Keeper | None = None
) -> Result:
    """Load what the plans say, then bring the views up to date.

    Slices are committed one by one, so the run can be stopped in any way and started again: planning finds what
    is missing. A slice or a tenant that fails never stops the others. Ctrl-C cancels the slices in hand, keeps the
    rest and returns with `interrupted` set. A `keeper` has sessions that the next run with it uses again.

    Raises:
        WarehouseUnreachable: the warehouse was lost and did not come back.
        DatabaseError: the views could not be brought up to date.
    """
    if keeper is None:
        with Keeper(conninfo) as own:
            return run(conninfo, plans, limits, watcher, own)
    started = time.monotonic()
    results = {
        item.feed: FeedResult(item.feed, present=item.present, gone=item.gone, unwanted=item.unwanted)
        for item in plans
    }
    tasks = Queue(per_source=limits.per_source)
    by_operator = acts_as(conninfo) == OPERATOR
    for item in plans:
        spans = operators.weekly(item.days) if by_operator and not item.only_changed else item.spans
        tasks.add(item.feed, spans, only_changed=item.only_changed)
        watcher.planned(item.feed, len(item.days), item.present)
    if not by_operator:
        _extend(keeper, plans)
    total = sum(len(item.spans) for item in plans)
    sources = {item.feed.connection for item in plans}
    at_once = min(len(sources) * limits.per_source, MOST_WORKERS)
    interrupted = False
    if total:
        events: queue.Queue[Event] = queue.Queue()
        kind = operators.OperatorsWorker if by_operator else Worker
        workers = [kind(keeper, tasks, events, pause=limits.pause) for _ in range(min(total, at_once))]
        interrupted = _drive(workers, tasks, events, results, watcher)
    for item in plans:
        result = results[item.feed]
        result.not_tried = len(item.days) - result.loaded - result.unchanged - len(result.failures)
        result.source_lost = item.unknown or tasks.closed_because(item.feed)
    if by_operator:
        _publish_as_operator(keeper, results)
        return Result(list(results.values()), time.monotonic() - started, interrupted)
    if not interrupted:
        _index(keeper, results, at_once, watcher)
    _finish(keeper, results)
    return Result(list(results.values()), time.monotonic() - started, interrupted)


def _extend(keeper: Keeper, plans: Sequence[Plan]) -> None:
    """Let the feeds' spans begin with what is planned, so that days are missing if the load is cut off."""
    sessions = keeper.take()
    try:
        try:
            _extend_in(sessions, plans)
        except WarehouseUnreachable:
            # A session that was kept from an earlier run may have ended since.
            sessions.let_go()
            _extend_in(sessions, plans)
    finally:
        keeper.give_back(sessions)


def _extend_in(sessions: Sessions, plans: Sequence[Plan]) -> None:
    with translated():
        for item in plans:
            if item.days:
                slices.extend(sessions.warehouse(), item.feed, item.days[0])


def _index(keeper: Keeper, results: dict[Feed, FeedResult], at_once: int, watcher: Watcher) -> None:
    """Index what this load, or one that was killed, left bare."""
    sessions = keeper.take()
    try:
        with translated():
            tables = [
                table
                for result in results.values()
                if result.feed.storage == "partition" and not result.as_it_was
                for table in indexes.unindexed(sessions.warehouse(), result.feed)
            ]
    finally:
        keeper.give_back(sessions)
    if not tables:
        return
    for feed in {table.feed: None for table in tables}:
        watcher.indexing(feed)
    with translated():
        for left in indexing.run(keeper, tables, at_once):
            if isinstance(left, NotIndexed):
                results[left.feed].not_indexed.append(left)
            else:
                _account(left, results, watcher)


def _finish(keeper: Keeper, results: dict[Feed, FeedResult]) -> None:
    """Bring the views up to date, and log."""
    sessions = keeper.take()
    try:
        with translated():
            connection = sessions.warehouse()
            touched = not all(result.as_it_was for result in results.values())
            if touched:
                # What was reported as loaded stays loaded, also if the server crashes now.
                sessions.wait_for_disk(True)
            views.publish(connection, _to_publish(connection, results))
            for result in results.values():
                if result.loaded or result.unchanged or not result.complete:
                    _log(connection, result)
            if touched:
                sessions.wait_for_disk(False)
    except BaseException:
        sessions.let_go()
        raise
    finally:
        keeper.give_back(sessions)


def _publish_as_operator(keeper: Keeper, results: dict[Feed, FeedResult]) -> None:
    """Bring the views up to date; the log is written by the functions that load."""
    sessions = keeper.take()
    try:
        with translated():
            connection = sessions.warehouse()
            operators.publish(connection, _to_publish(connection, results))
    except BaseException:
        sessions.let_go()
        raise
    finally:
        keeper.give_back(sessions)


def _to_publish(connection: psycopg.Connection, results: dict[Feed, FeedResult]) -> list[Feed]:
    """The feeds whose views may have changed, or been dropped by hand. Partitions that hold what they held need nothing."""
    feeds = [r.feed for r in results.values() if not (r.as_it_was and r.feed.storage == "partition")]
    if not feeds:
        return []
    # A tenant that was dropped meanwhile has nothing to show.
    there = {(feed.schema, feed.template) for feed in tenant.feeds(connection)}
    return [feed for feed in feeds if (feed.schema, feed.template) in there]


def _drive(
    workers: list[Worker],
    tasks: Queue,
    events: queue.Queue[Event],
    results: dict[Feed, FeedResult],
    watcher: Watcher,
) -> bool:
    """Run the workers to their end and tell the watcher; True if Ctrl-C ended it."""
    fatal: TenantryError | None = None
    interrupted = False
    for worker in workers:
        worker.start()
    at_work = len(workers)
    while at_work:
        try:
            event = events.get()
            if event is None:
                at_work -= 1
            elif isinstance(event, TenantryError):
                fatal = event
                tasks.stop()
            else:
                _account(event, results, watcher)
        except KeyboardInterrupt:
            interrupted = True
            tasks.stop()
            for worker in workers:
                worker.cancel()
    if fatal is not None:
        raise fatal
    return interrupted


def _account(
    event: LoadedSlice | FailedSlice | Waiting, results: dict[Feed, FeedResult], watcher: Watcher
) -> None:
    match event:
        case LoadedSlice(action="unchanged"):
            results[event.feed].unchanged += 1
            watcher.loaded(event)
        case LoadedSlice():
            results[event.feed].loaded += 1
            results[event.feed].rows += event.rows
            watcher.loaded(event)
        case FailedSlice():
            results[event.feed].failures.append(event)
            watcher.failed(event)
        case Waiting():
            watcher.waiting(event)


def _log(connection: psycopg.Connection, result: FeedResult) -> None:
    log.write(
        connection,
        "backfill",
        "INFO" if result.complete else "ERROR",
        f"{result.loaded} slices loaded, {len(result.failures)} failed, {result.not_tried} not tried",
        schema_name=result.feed.schema,
        template_name=result.feed.template,
        rows=result.rows,
        unchanged=result.unchanged or None,
        source_lost=result.source_lost,
        not_indexed=[str(table) for table in result.not_indexed] or None,
    )
