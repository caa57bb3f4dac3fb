"""Load the slices that a span lacks, several at once, one transaction each."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from tenantry.core.errors import TenantryError, WarehouseUnreachable
from tenantry.core.model import OPERATOR, FailedSlice, Feed, LoadedSlice
from tenantry.core.words import count
from tenantry.db import log
from tenantry.db.connect import acts_as
from tenantry.db.errors import translated
from tenantry.flow.slice import indexes, views
from tenantry.flow.slice import slice as slices
from tenantry.flow.slice.feed import list_feeds
from tenantry.loader import indexing, operators, stopping
from tenantry.loader.events import Waiting, Watcher
from tenantry.loader.indexing import NotIndexed
from tenantry.loader.planning import Plan
from tenantry.loader.result import FeedResult, Result
from tenantry.loader.sessions import Keeper, Sessions
from tenantry.loader.work.queue import Queue
from tenantry.loader.work.worker import Event, Worker

MOST_WORKERS = 8
"""Sessions on the warehouse at once, whatever the number of tenants."""


@dataclass(frozen=True)
class Limits:
    """Limits of a load: the maximum number of sessions per source, and the seconds that a worker pauses after each slice."""

    per_source: int = 2
    pause: float = 0.0


def run(
    conninfo: str,
    plans: Sequence[Plan],
    limits: Limits,
    watcher: Watcher,
    keeper: Keeper | None = None,
    *,
    name: str = "backfill",
) -> Result:
    """Load what the plans say, then bring the views up to date. The log calls it by `name`.

    Slices are committed one by one, so the run can be stopped in any way and started again: planning finds what
    is missing. A slice or a tenant that fails never stops the others. Ctrl-C cancels the slices in progress, keeps the
    rest and returns with `interrupted` set, as does a request to stop (loader/stopping.py). An exception of the watcher, or of another signal's handler, cancels them
    too, and is raised again at the end. A `keeper` holds sessions that the next run with it uses again.

    Raises:
        WarehouseUnreachable: the warehouse was lost and did not come back.
        DatabaseError: the views could not be brought up to date.
    """
    if keeper is None:
        with Keeper(conninfo) as own:
            return run(conninfo, plans, limits, watcher, own, name=name)
    started = time.monotonic()
    results = {
        item.feed: FeedResult(
            item.feed, present=item.present, gone=item.gone, unwanted=item.unwanted, left_out=item.left_out
        )
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
    stopped: BaseException | None = None
    if total:
        events: queue.Queue[Event] = queue.Queue()
        kind = operators.OperatorsWorker if by_operator else Worker
        workers = [kind(keeper, tasks, events, pause=limits.pause) for _ in range(min(total, at_once))]
        with stopping.when_asked(lambda: events.put(KeyboardInterrupt())):
            stopped = _drive(workers, tasks, events, results, watcher)
    for item in plans:
        result = results[item.feed]
        result.not_tried = len(item.days) - result.loaded - result.unchanged - len(result.failures)
        result.source_lost = item.unknown or tasks.closed_because(item.feed)
    if by_operator:
        _publish_as_operator(keeper, results)
    else:
        if stopped is None:
            _index(keeper, results, at_once, watcher)
        _finish(keeper, results, name)
    if stopped is not None and not isinstance(stopped, KeyboardInterrupt):
        raise stopped
    return Result(list(results.values()), time.monotonic() - started, interrupted=stopped is not None)


def _extend(keeper: Keeper, plans: Sequence[Plan]) -> None:
    """Let the feeds' spans begin with the planned days, so that an interrupted load leaves missing days."""
    sessions = keeper.take()
    try:
        try:
            _extend_in(sessions, plans)
        except WarehouseUnreachable:
            # A session kept from an earlier run may have ended since.
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
    """Create the indexes that this load, or a killed one, left out."""
    sessions = keeper.take()
    try:
        with translated():
            tables = [
                table
                for result in results.values()
                if result.feed.streams and not result.as_it_was
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


@contextmanager
def _lent(keeper: Keeper) -> Iterator[Sessions]:
    """Return sessions for the last step, which are not used again if it fails."""
    sessions = keeper.take()
    try:
        with translated():
            yield sessions
    except BaseException:
        sessions.let_go()
        raise
    finally:
        keeper.give_back(sessions)


def _finish(keeper: Keeper, results: dict[Feed, FeedResult], name: str) -> None:
    """Bring the views up to date, and log."""
    with _lent(keeper) as sessions:
        connection = sessions.warehouse()
        touched = not all(result.as_it_was for result in results.values())
        if touched:
            # Days that were reported as loaded stay loaded, even if the server crashes now.
            sessions.wait_for_disk()
        views.publish(connection, _to_publish(connection, results))
        for result in results.values():
            if result.loaded or result.unchanged or not result.complete:
                _log(connection, name, result)


def _publish_as_operator(keeper: Keeper, results: dict[Feed, FeedResult]) -> None:
    """Bring the views up to date; the log is written by the functions that load."""
    with _lent(keeper) as sessions:
        connection = sessions.warehouse()
        operators.publish(connection, _to_publish(connection, results))


def _to_publish(connection: psycopg.Connection, results: dict[Feed, FeedResult]) -> list[Feed]:
    """The feeds whose views may have changed, or been dropped by hand. An unchanged table needs nothing."""
    feeds = [r.feed for r in results.values() if not (r.as_it_was and r.feed.steady)]
    if not feeds:
        return []
    # Leave out tenants that were dropped meanwhile.
    there = {(feed.schema, feed.template) for feed in list_feeds(connection)}
    return [feed for feed in feeds if (feed.schema, feed.template) in there]


def _drive(
    workers: list[Worker],
    tasks: Queue,
    events: queue.Queue[Event],
    results: dict[Feed, FeedResult],
    watcher: Watcher,
) -> BaseException | None:
    """Run the workers to their end and tell the watcher. Return what ended them early, if anything: Ctrl-C, or what the
    watcher or a signal's handler raised.

    Raises TenantryError if a worker lost the warehouse.
    """
    fatal: TenantryError | None = None
    stopped: BaseException | None = None
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
            elif isinstance(event, KeyboardInterrupt):
                raise event
            else:
                _account(event, results, watcher)
        except BaseException as error:  # noqa: BLE001 - it is raised again when the workers have ended
            stopped = error
            tasks.stop()
            for worker in workers:
                worker.cancel()
    if fatal is not None:
        raise fatal
    return stopped


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


def _log(connection: psycopg.Connection, name: str, result: FeedResult) -> None:
    log.write(
        connection,
        name,
        "INFO" if result.complete else "ERROR",
        f"{count(result.loaded, 'slice')} loaded, {len(result.failures):,} failed, {result.not_tried:,} not tried",
        schema_name=result.feed.schema,
        template_name=result.feed.template,
        rows=result.rows,
        unchanged=result.unchanged or None,
        source_lost=result.source_lost,
        not_indexed=[str(table) for table in result.not_indexed] or None,
    )
