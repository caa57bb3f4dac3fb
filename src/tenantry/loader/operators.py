"""How an operator loads and compares, with the same parts as whadmin: a worker, and the sides of a comparison.

Only the warehouse queries the source. A call loads at most seven days, in one transaction, so that views are not
rebuilt for each day; a load can be stopped between two calls. Days that the source was asked about together are loaded
together, at most a month.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

import psycopg

from tenantry.core.days import Span, folded
from tenantry.core.model import Feed, LoadedSlice
from tenantry.flow.slice import operators
from tenantry.loader.sides import Compared, WarehouseSide
from tenantry.loader.work.queue import Task
from tenantry.loader.work.worker import Worker


class OperatorsWorker(Worker):
    """Takes tasks like any worker, and has the warehouse load their days."""

    def _load(self, task: Task, done: set[date]) -> Iterator[LoadedSlice]:
        session = self._sessions.warehouse()
        left = [task.span] if not done else [Span(day, day) for day in task.span if day not in done]
        for span in left:
            if self._stopping.is_set():
                return
            # The first call logs in to the source: a password that is refused is tried only once.
            with self._tasks.entering(task.feed.connection, self.name, direct=False):
                loaded = operators.load(session, task.feed, span, only_changed=task.only_changed)
                yield from loaded


class OperatorsSides(WarehouseSide):
    """A warehouse that compares itself with a source, and says how many rows of a day differ."""

    def compare(self, feed: Feed, span: Span, most_rows: int) -> Compared:
        """Compare a span, as many of its days as possible."""
        result = Compared()
        try:
            for day, rows, found in operators.compare(self.warehouse(), feed, span):
                result.rows += rows
                if isinstance(found, psycopg.Error):
                    result.fail(day, found)
                elif found is not None:
                    result.different.append(found)
        except psycopg.Error as error:
            for day in span:
                result.fail(day, error)
        return result


def weekly(days: Sequence[date]) -> list[Span]:
    """Consecutive days as spans of at most seven."""
    return [
        Span(span.first + timedelta(days=n), min(span.first + timedelta(days=n + 6), span.last))
        for span in folded(list(days))
        for n in range(0, len(span), 7)
    ]


def publish(session: psycopg.Connection, feeds: Iterable[Feed]) -> None:
    """Bring the views of the feeds up to date."""
    for feed in feeds:
        operators.publish(session, feed)
