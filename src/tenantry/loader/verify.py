"""Comparing the warehouse with its sources: each day by a digest, each day that differs by its rows."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date
from queue import SimpleQueue

from tenantry.core.days import Span, folded, monthly, today_utc
from tenantry.core.model import OPERATOR, Feed
from tenantry.core.words import count
from tenantry.db.connect import acts_as, session
from tenantry.flow.slice.compare import DayDifference
from tenantry.loader import reload_tenant, stopping
from tenantry.loader import run as backfill
from tenantry.loader.events import Watcher
from tenantry.loader.operators import OperatorsSides
from tenantry.loader.result import MOST_ROWS
from tenantry.loader.sides import Compared, Sides, WarehouseSide


@dataclass
class FeedVerdict:
    """How a feed compares with its source: the days and rows that were compared, the days that differ, and the days that could not be compared."""

    feed: Feed
    days: int = 0
    rows: int = 0
    different: list[DayDifference] = field(default_factory=list)
    failed: dict[date, str] = field(default_factory=dict)

    @property
    def agrees(self) -> bool:
        """Whether every day was compared and matches its source."""
        return not (self.different or self.failed)

    def __str__(self) -> str:
        """The result as text."""
        parts = []
        if self.different:
            parts.append(
                f"{count(len(self.different), 'day')} of {self.days} {_differ(len(self.different))} from the source: "
                f"{_spans([day.day for day in self.different])}"
            )
        if self.failed:
            parts.append(
                f"{count(len(self.failed), 'day')} could not be compared, {_spans(self.failed)}: {next(iter(self.failed.values()))}"
            )
        if not parts:
            parts.append(
                f"{count(self.days, 'day')} verified: every row matches the source"
                if self.days
                else "no day that has ended"
            )
        return f"{self.feed}: {'; '.join(parts)}"


@dataclass(frozen=True)
class Verdict:
    """How the warehouse compares with its sources. `seconds` is wall time."""

    feeds: Sequence[FeedVerdict]
    seconds: float

    @property
    def agrees(self) -> bool:
        """Whether every day of every feed was compared and matches its source."""
        return all(feed.agrees for feed in self.feeds)


def settle(
    conninfo: str, wanted: Mapping[Feed, Iterable[date]], limits: backfill.Limits, watcher: Watcher
) -> Sequence[FeedVerdict]:
    """Compare days that were just loaded with their sources, except those that have not ended.

    Those that differ are loaded again and compared once more, because sources keep changing.

    Raises:
        WarehouseUnreachable: the warehouse does not answer.
    """
    today = today_utc()
    ended = {feed: [day for day in days if day < today] for feed, days in wanted.items()}
    total, done = sum(map(len, ended.values())), 0

    def compared(feed: Feed, days: int, rows: int) -> None:
        nonlocal done
        done += days
        watcher.working("comparing", done, total, "day")

    if total:
        watcher.working("comparing", 0, total, "day")
    found = run(conninfo, ended, sessions=limits.per_source, pause=limits.pause, compared=compared)
    return fix(conninfo, found, limits, watcher).feeds


def fix(
    conninfo: str, found: Verdict, limits: backfill.Limits, watcher: Watcher, most_rows: int = MOST_ROWS
) -> Verdict:
    """Load the days that differ again, and compare them once more: the verdict with the result.

    Raises:
        WarehouseUnreachable: the warehouse does not answer.
    """
    wrong = {feed.feed: [day.day for day in feed.different] for feed in found.feeds if feed.different}
    if not wrong:
        return found
    with session(conninfo) as opened:
        plans = [reload_tenant.plan(opened, feed, days) for feed, days in wrong.items()]
    pulled = backfill.run(conninfo, plans, limits, watcher, name="verify")
    if pulled.interrupted:
        return found
    later = run(conninfo, wrong, sessions=limits.per_source, pause=limits.pause, most_rows=most_rows)
    checked = {feed.feed: feed for feed in later.feeds}
    feeds = [
        replace(
            feed,
            different=_twice(feed.different, checked[feed.feed].different),
            failed=feed.failed | checked[feed.feed].failed,
        )
        if feed.feed in checked
        else feed
        for feed in found.feeds
    ]
    return Verdict(feeds, found.seconds + pulled.seconds + later.seconds)


def _twice(before: Sequence[DayDifference], after: Sequence[DayDifference]) -> list[DayDifference]:
    """Days that still differ after they were loaded again: a fault if the source was the same both times."""
    known = {day.day: day.source_digest for day in before}
    return [replace(day, fault=True) if known[day.day] == day.source_digest else day for day in after]


def sample(days: Sequence[date], number: int, seed: int | None = None) -> list[date]:
    """A random choice of that many days."""
    return sorted(random.Random(seed).sample(list(days), min(number, len(days))))  # noqa: S311 - no secret


def run(
    conninfo: str,
    wanted: Mapping[Feed, Sequence[date]],
    *,
    sessions: int = 1,
    pause: float = 0.0,
    most_rows: int = MOST_ROWS,
    compared: Callable[[Feed, int, int], None] = lambda feed, days, rows: None,
) -> Verdict:
    """Compare the days of each feed with their sources; `compared` is called with days and rows as they are done.

    At most `sessions` sessions query each source a month at a time, and pause `pause` seconds after each. A day that
    differs is queried again, with its rows, so that a load in between does not count as a difference. Memory use does
    not depend on the amount of data.

    Raises:
        WarehouseUnreachable: the warehouse does not answer.
    """
    started = time.monotonic()
    kind = OperatorsSides if acts_as(conninfo) == OPERATOR else Sides
    verdicts = {feed: FeedVerdict(feed) for feed in wanted}
    tasks = [(feed, span) for feed, days in wanted.items() for span in monthly(sorted(days))]
    free: SimpleQueue[WarehouseSide] = SimpleQueue()
    with ExitStack() as opened, ThreadPoolExecutor(sessions, "tenantry-verify") as pool:
        for _ in range(sessions):
            free.put(opened.enter_context(kind(conninfo)))
        running: set[Future[tuple[Feed, Span, Compared]]] = set()
        try:
            for feed, span in tasks:
                running.add(pool.submit(_compare, free, feed, span, pause, most_rows))
                if len(running) >= sessions * 2:
                    running = _take(running, verdicts, compared)
            while running:
                running = _take(running, verdicts, compared)
        except BaseException:
            # What was begun is waited for: its sessions are about to be closed.
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return Verdict(list(verdicts.values()), time.monotonic() - started)


def _take(
    running: set[Future[tuple[Feed, Span, Compared]]],
    verdicts: Mapping[Feed, FeedVerdict],
    compared: Callable[[Feed, int, int], None],
) -> set[Future[tuple[Feed, Span, Compared]]]:
    done, left = wait(running, return_when=FIRST_COMPLETED)
    stopping.check()
    for future in done:
        feed, span, result = future.result()
        verdict = verdicts[feed]
        verdict.days += len(span) - len(result.failed)
        verdict.rows += result.rows
        verdict.different += result.different
        verdict.failed |= result.failed
        compared(feed, len(span), result.rows)
    return left


def _compare(
    free: SimpleQueue[WarehouseSide], feed: Feed, span: Span, pause: float, most_rows: int
) -> tuple[Feed, Span, Compared]:
    """Compare a span."""
    sides = free.get()
    try:
        return feed, span, sides.compare(feed, span, most_rows)
    finally:
        if pause:
            time.sleep(pause)
        free.put(sides)


def _spans(days: Iterable[date]) -> str:
    found = folded(list(days))
    return ", ".join(map(str, found[:3])) + (f" and {len(found) - 3} more" if found[3:] else "")


def _differ(number: int) -> str:
    return "differs" if number == 1 else "differ"
