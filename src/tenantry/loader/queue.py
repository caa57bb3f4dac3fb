"""What a worker takes next: the days of many feeds, with a limit for each source."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date

from tenantry.core.days import Span
from tenantry.core.model import Feed


@dataclass
class _Line:
    feed: Feed
    spans: deque[Span]
    only_changed: bool
    bulk: bool
    active: int = 0
    closed_because: str | None = None

    @property
    def may_have_more(self) -> bool:
        """Whether there are days, or days that are pulled now and may be split."""
        return self.closed_because is None and bool(self.spans or self.active)


@dataclass(frozen=True)
class Task:
    """Days to pull together: one, or several that lie in one table; if `only_changed`, those that differ at the source.

    `bulk`: they are not all that is pulled of the feed, so new tables are indexed at the end.
    """

    feed: Feed
    span: Span
    only_changed: bool = False
    bulk: bool = False


@dataclass
class Queue:
    """Days to load, handed out oldest first, at most `per_source` at a time for each connection.

    Safe to use from several threads.
    """

    per_source: int
    _lines: list[_Line] = field(default_factory=list)
    _active: dict[str, int] = field(default_factory=dict)
    _out_of_reach: set[str] = field(default_factory=set)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _stopped: bool = False

    def add(self, feed: Feed, spans: Iterable[Span], *, only_changed: bool = False) -> None:
        """Append a feed's days."""
        line = deque(spans)
        self._lines.append(_Line(feed, line, only_changed, bulk=sum(map(len, line)) > 1))

    def take(self, preferred: str | None) -> Task | None:
        """The next task, waiting for a source with room; None when there is no more.

        `preferred` is the connection that the worker has open: its days come first.
        """
        with self._changed:
            while not self._stopped:
                open_lines = [line for line in self._lines if line.may_have_more]
                if not open_lines:
                    return None
                free = [line for line in open_lines if line.spans and self._room(line)]
                if free:
                    line = min(free, key=lambda line: (line.feed.connection != preferred, self._load(line)))
                    self._active[line.feed.connection] = self._load(line) + 1
                    line.active += 1
                    return Task(line.feed, line.spans.popleft(), line.only_changed, line.bulk)
                self._changed.wait()
            return None

    def done(self, task: Task) -> None:
        """Give the place at the source back."""
        with self._changed:
            self._active[task.feed.connection] -= 1
            self._line(task).active -= 1
            self._changed.notify_all()

    def split(self, task: Task, done: Collection[date] = ()) -> None:
        """Put the days of a task that are not done back, one by one, so that a bad day does not hold the good ones up."""
        with self._changed:
            self._line(task).spans.extendleft(
                Span(day, day) for day in reversed(list(task.span)) if day not in done
            )
            self._changed.notify_all()

    def put_out_of_reach(self, connection: str) -> None:
        """Note that a source cannot be reached from this machine."""
        with self._changed:
            self._out_of_reach.add(connection)

    def in_reach(self, connection: str) -> bool:
        """Whether a source may be reached from this machine, as far as is known."""
        with self._changed:
            return connection not in self._out_of_reach

    def close_source(self, connection: str, reason: str) -> None:
        """Hand out no more days of a source that cannot be reached."""
        with self._changed:
            for line in self._lines:
                if line.feed.connection == connection and line.closed_because is None:
                    line.closed_because = reason
            self._changed.notify_all()

    def stop(self) -> None:
        """Hand out nothing more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def closed_because(self, feed: Feed) -> str | None:
        """Why the source of a feed was closed, if it was."""
        with self._changed:
            return next((line.closed_because for line in self._lines if line.feed == feed), None)

    def _line(self, task: Task) -> _Line:
        return next(line for line in self._lines if line.feed == task.feed)

    def _room(self, line: _Line) -> bool:
        return self._load(line) < self.per_source

    def _load(self, line: _Line) -> int:
        return self._active.get(line.feed.connection, 0)
