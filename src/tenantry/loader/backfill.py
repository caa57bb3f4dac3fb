"""Pulling the slices that a span lacks, several at once, one transaction each."""

from __future__ import annotations

import queue
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import psycopg

from tenantry.core.days import Span, folded
from tenantry.core.errors import SourceError, TenantryError
from tenantry.core.model import FailedSlice, Feed, LoadedSlice
from tenantry.db.connect import session
from tenantry.flow import log, slices, stream, tenant, views
from tenantry.loader.events import Waiting, Watcher
from tenantry.loader.queue import Queue
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

    `unknown` says why the source could not be asked for its days.
    """

    feed: Feed
    days: tuple[date, ...]
    present: int
    unknown: str | None = None
    together: bool = False

    @property
    def spans(self) -> list[Span]:
        """What is pulled in one transaction: a day, or where days may come `together`, those of a month."""
        if not self.together:
            return [Span(day, day) for day in self.days]
        months: dict[tuple[int, int], list[date]] = {}
        for day in self.days:
            months.setdefault((day.year, day.month), []).append(day)
        return [span for days in months.values() for span in folded(days)]


@dataclass
class FeedResult:
    """How the load of one feed ended. `not_tried` days remain because the source was lost or the run stopped."""

    feed: Feed
    present: int = 0
    loaded: int = 0
    rows: int = 0
    failures: list[FailedSlice] = field(default_factory=list)
    not_tried: int = 0
    source_lost: str | None = None

    @property
    def complete(self) -> bool:
        """Whether every day that was planned is there."""
        return not self.failures and not self.not_tried and self.source_lost is None


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


def plan(conninfo: str, feeds: Sequence[Feed], span: Span, *, reload: bool = False) -> list[Plan]:
    """What each feed lacks in the span; with `reload`, all of its days."""
    plans = []
    with session(conninfo) as connection:
        for feed in feeds:
            days = tuple(span) if reload else tuple(slices.to_load(connection, feed, span))
            together = feed.storage == "partition" and stream.range_capable(connection, feed.template)
            plans.append(Plan(feed, days, len(span) - len(days), together=together))
    return plans


def plan_from_source(conninfo: str, feeds: Sequence[Feed], last: date, *, reload: bool = False) -> list[Plan]:
    """What each feed lacks from its source's first day to `last`.

    A source that does not answer keeps no other from being loaded: its plan is empty and says why.
    """
    plans = []
    for feed in feeds:
        try:
            with session(conninfo) as connection:
                found = tenant.source_span(connection, feed)
        except SourceError as error:
            plans.append(Plan(feed, (), 0, unknown=error.message))
            continue
        span = Span(min(found.first, last), last) if found else Span(last, last)
        plans += plan(conninfo, [feed], span, reload=reload)
    return plans


def run(conninfo: str, plans: Sequence[Plan], limits: Limits, watcher: Watcher) -> Result:
    """Load what the plans say, then bring the views up to date.

    Slices are committed one by one, so the run can be stopped in any way and started again: planning finds what
    is missing. A slice or a tenant that fails never stops the others. Ctrl-C cancels the slices in hand, keeps the
    rest and returns with `interrupted` set.

    Raises:
        WarehouseUnreachable: the warehouse was lost and did not come back.
        DatabaseError: the views could not be brought up to date.
    """
    started = time.monotonic()
    results = {item.feed: FeedResult(item.feed, present=item.present) for item in plans}
    tasks = Queue(per_source=limits.per_source)
    for item in plans:
        tasks.add(item.feed, item.spans)
        watcher.planned(item.feed, len(item.days), item.present)
    total = sum(len(item.spans) for item in plans)
    sources = {item.feed.connection for item in plans if item.days}
    interrupted = False
    if total:
        events: queue.Queue[Event] = queue.Queue()
        wanted = min(total, len(sources) * limits.per_source, MOST_WORKERS)
        workers = [Worker(conninfo, tasks, events, pause=limits.pause) for _ in range(wanted)]
        interrupted = _drive(workers, tasks, events, results, watcher)
    for item in plans:
        result = results[item.feed]
        result.not_tried = len(item.days) - result.loaded - len(result.failures)
        result.source_lost = item.unknown or tasks.closed_because(item.feed)
    with session(conninfo) as connection:
        # A tenant that was dropped meanwhile has nothing to show.
        there = {(feed.schema, feed.template) for feed in tenant.feeds(connection)}
        left = [feed for feed in results if (feed.schema, feed.template) in there]
        for feed in left:
            if feed.storage == "partition" and not interrupted:
                for failure in stream.finish(connection, feed):
                    _account(failure, results, watcher)
        views.publish(connection, left)
        for result in results.values():
            if result.loaded or not result.complete:
                _log(connection, result)
    return Result(list(results.values()), time.monotonic() - started, interrupted)


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
        source_lost=result.source_lost,
    )
