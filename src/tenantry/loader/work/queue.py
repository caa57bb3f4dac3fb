"""What a worker takes next: the days of many feeds, with a limit for each source."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date

from tenantry.core.days import Span
from tenantry.core.model import Feed
from tenantry.loader.work.pace import Pace


class SourceClosed(Exception):
    """Nothing more is to be loaded from a source: it refused another worker's login, or the run was stopped."""


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
        """Whether there are days, or days being loaded that may be split."""
        return self.closed_because is None and bool(self.spans or self.active)


@dataclass(frozen=True)
class Task:
    """Days to load together: one, or several that lie in one table; with `only_changed`, those that differ at the
    source.

    With `bulk`, they are not all that is loaded of the feed, so new tables are indexed at the end.
    """

    feed: Feed
    span: Span
    only_changed: bool = False
    bulk: bool = False


@dataclass
class Queue:
    """Days to load, handed out oldest first, at most `per_source` at a time for each connection, and fewer if those load as
    fast.

    Safe to use from several threads.
    """

    per_source: int
    _lines: list[_Line] = field(default_factory=list)
    _active: dict[str, int] = field(default_factory=dict)
    _paces: dict[str, Pace] = field(default_factory=dict)
    _out_of_reach: set[str] = field(default_factory=set)
    _moved: set[Feed] = field(default_factory=set)
    _logins: dict[str, str] = field(default_factory=dict)
    _let_in: set[tuple[str, bool]] = field(default_factory=set)
    _knocking: set[str] = field(default_factory=set)
    _without_place: set[tuple[str, str]] = field(default_factory=set)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _stopped: bool = False

    def add(self, feed: Feed, spans: Iterable[Span], *, only_changed: bool = False) -> None:
        """Append a feed's days."""
        line = deque(spans)
        self._lines.append(_Line(feed, line, only_changed, bulk=sum(map(len, line)) > 1))

    def take(self, preferred: str | None, worker: str = "") -> Task | None:
        """Return the next task, waiting for a source with room; None when there are no more.

        `preferred` is the connection that the worker has open: its days come first.
        """
        with self._changed:
            if preferred is None:
                self._logins.pop(worker, None)
            while not self._stopped:
                open_lines = [line for line in self._lines if line.may_have_more]
                if not open_lines:
                    return None
                free = [
                    line for line in open_lines if line.spans and self._room(line) and self._may(worker, line)
                ]
                if free:
                    line = min(free, key=lambda line: (line.feed.connection != preferred, self._load(line)))
                    self._active[line.feed.connection] = self._load(line) + 1
                    line.active += 1
                    return Task(line.feed, line.spans.popleft(), line.only_changed, line.bulk)
                self._changed.wait()
            return None

    def done(self, task: Task, amount: int = 0) -> None:
        """Give back the place at the source. `amount` is how much was loaded, in rows and days."""
        with self._changed:
            connection = task.feed.connection
            self._pace(connection).ended(amount, self._active[connection], time.monotonic())
            self._active[connection] -= 1
            self._line(task).active -= 1
            self._changed.notify_all()

    def split(self, task: Task, done: Collection[date] = ()) -> None:
        """Put back the unfinished days of a task, one by one, so that a bad day does not hold up the good ones."""
        with self._changed:
            self._line(task).spans.extendleft(
                Span(day, day) for day in reversed(list(task.span)) if day not in done
            )
            self._changed.notify_all()

    def put_back(self, task: Task, done: Collection[date] = ()) -> None:
        """Put back the unfinished days of a task, together if none is done."""
        if done:
            self.split(task, done)
            return
        with self._changed:
            self._line(task).spans.appendleft(task.span)
            self._changed.notify_all()

    @contextmanager
    def entering(self, connection: str, worker: str, *, direct: bool) -> Iterator[None]:
        """The login of a worker at a source, directly or through the warehouse. Raises SourceClosed.

        Until one login has succeeded, the other workers wait, so that a refused password is tried only once.
        """
        with self._changed:
            while connection in self._knocking and not self._stopped:
                self._changed.wait()
            first = (connection, direct) not in self._let_in
            if self._stopped or any(
                line.closed_because for line in self._lines if line.feed.connection == connection
            ):
                raise SourceClosed
            if first:
                self._knocking.add(connection)
        try:
            yield
            with self._changed:
                self._let_in.add((connection, direct))
                self._logins[worker] = connection
        finally:
            with self._changed:
                if first:
                    self._knocking.discard(connection)
                self._changed.notify_all()

    def let_in(self, connection: str, *, direct: bool) -> bool:
        """Whether a worker has logged in to a source before, directly or through the warehouse."""
        with self._changed:
            return (connection, direct) in self._let_in

    def others_in(self, connection: str | None, worker: str) -> bool:
        """Whether other workers are logged in to a source, or to any."""
        with self._changed:
            return self._others_in(connection, worker)

    def leave_to_others(self, connection: str, worker: str) -> None:
        """Hand out no days of a source to a worker for which it has no place, while others are logged in there."""
        with self._changed:
            self._without_place.add((worker, connection))
            self._logins.pop(worker, None)
            self._changed.notify_all()

    def ended(self, worker: str) -> None:
        """Record that a worker takes no more tasks."""
        with self._changed:
            self._logins.pop(worker, None)
            self._changed.notify_all()

    def put_out_of_reach(self, connection: str) -> None:
        """Record that a source cannot be reached from this machine."""
        with self._changed:
            self._out_of_reach.add(connection)

    def in_reach(self, connection: str) -> bool:
        """Whether a source can be reached from this machine, as far as is known."""
        with self._changed:
            return connection not in self._out_of_reach

    def note_move(self, feed: Feed) -> None:
        """Record that a feed has been moved to a storage that days cannot be copied into."""
        with self._changed:
            self._moved.add(feed)

    def streams(self, feed: Feed) -> bool:
        """Whether a feed can be streamed from this machine, as far as is known."""
        with self._changed:
            return feed.streams and feed not in self._moved and feed.connection not in self._out_of_reach

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

    def _may(self, worker: str, line: _Line) -> bool:
        connection = line.feed.connection
        return (worker, connection) not in self._without_place or not self._others_in(connection, worker)

    def _others_in(self, connection: str | None, worker: str) -> bool:
        return any(other != worker and connection in (None, place) for other, place in self._logins.items())

    def _room(self, line: _Line) -> bool:
        return self._load(line) < self._pace(line.feed.connection).sessions

    def _pace(self, connection: str) -> Pace:
        return self._paces.setdefault(connection, Pace(self.per_source))

    def _load(self, line: _Line) -> int:
        return self._active.get(line.feed.connection, 0)
