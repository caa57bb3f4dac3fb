"""One worker: a thread with a session on the warehouse, which loads slice after slice."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import date

import psycopg

from tenantry.core.days import Span, monthly
from tenantry.core.errors import SliceError, TenantryError, WarehouseUnreachable
from tenantry.core.model import FailedSlice, LoadedSlice
from tenantry.db import log
from tenantry.flow.slice import digest, stream
from tenantry.flow.slice import slice as slices
from tenantry.flow.slice.feed import find_feed
from tenantry.flow.source.login import LoginFailed
from tenantry.loader.events import Waiting
from tenantry.loader.retry import (
    NO_PLACE,
    PAUSES,
    UNKNOWN,
    comes_from_source,
    is_connection_loss,
    may_pass,
    words,
)
from tenantry.loader.sessions import Keeper, SourceOutOfReach, SourceRefuses
from tenantry.loader.work.queue import Queue, SourceClosed, Task

Event = LoadedSlice | FailedSlice | Waiting | TenantryError | KeyboardInterrupt | None
"""None means that a worker has ended, KeyboardInterrupt that another thread asks to stop."""

_NO_SUCH_FUNCTION_OR_RIGHT = "42"
"""The class of syntax errors and access rule violations (PostgreSQL documentation, appendix A)."""


class Worker(threading.Thread):
    """Takes tasks until there are none; reports everything as events, never raises.

    A TenantryError among the events means that the worker itself could not continue.
    """

    def __init__(self, keeper: Keeper, tasks: Queue, events: queue.Queue[Event], *, pause: float) -> None:
        super().__init__(daemon=True)
        self._tasks = tasks
        self._events = events
        self._pause = pause
        self._keeper = keeper
        self._sessions = keeper.take()
        self._stopping = threading.Event()
        self._ending = threading.Lock()
        self._rested = False
        self._amount = 0

    def run(self) -> None:
        """The thread's body."""
        try:
            while (task := self._tasks.take(self._sessions.connection, self.name)) is not None:
                self._amount = 0
                try:
                    goes_on = self._pull(task, set())
                finally:
                    self._tasks.done(task, self._amount)
                if not goes_on:
                    break
                if self._pause:
                    self._stopping.wait(self._pause)
        except TenantryError as error:
            self._events.put(error)
        finally:
            self._rest()
            self._tasks.ended(self.name)
            self._events.put(None)

    def cancel(self) -> None:
        """Give up the present slice; its transaction is rolled back."""
        self._stopping.set()
        with self._ending:
            if self._rested:
                # Its sessions may belong to somebody else by now.
                return
            self._sessions.end()
        self.join(1)
        if self.is_alive():
            self._sessions.cut()

    def _rest(self) -> None:
        with self._ending:
            self._rested = True
        try:
            if self._stopping.is_set() or self._sessions.lost:
                self._sessions.let_go()
            self._sessions.rest()
        except (psycopg.Error, TenantryError):
            self._sessions.let_go()
        self._keeper.give_back(self._sessions)

    def _pull(self, task: Task, done: set[date]) -> bool:
        """Load a task's days, some of which may be `done`; False if this worker has no place in the warehouse."""
        connection = task.feed.connection
        for n, pause in enumerate((*PAUSES, None)):
            try:
                for loaded in self._load(task, done):
                    self._events.put(loaded)
                    done.add(loaded.day)
                    self._amount += loaded.rows + 1
                return True
            except SourceClosed:
                return True
            except SourceOutOfReach:
                if task.only_changed:
                    return self._pull(task, done)
                self._tasks.split(task)
                return True
            except WarehouseUnreachable as error:
                if self._stopping.is_set():
                    return True
                if pause is None and self._tasks.others_in(None, self.name):
                    self._tasks.put_back(task, done)
                    return False
                if pause is None:
                    raise
                reason = error.message
            except SliceError as error:
                self._give_up(task, done, error.message, None)
                return True
            except SourceRefuses as error:
                self._give_up(task, done, words(error), error)
                return True
            except psycopg.Error as error:
                if self._stopping.is_set():
                    return True
                reason = words(error)
                if error.sqlstate in (NO_PLACE, UNKNOWN) and self._tasks.others_in(connection, self.name):
                    # There are fewer places than workers: those that have one do the work.
                    self._sessions.let_go()
                    self._tasks.leave_to_others(connection, self.name)
                    self._tasks.put_back(task, done)
                    return True
                if error.sqlstate == UNKNOWN and not self._tasks.let_in(connection, direct=False):
                    # It may be a password that is refused: try once more, but not soon.
                    pause = PAUSES[-1] if n == 0 else None
                if pause is None or not (self._sessions.lost or may_pass(error)):
                    self._give_up(task, done, reason, error)
                    return True
            self._sessions.let_go()
            self._events.put(Waiting(task.feed, reason, pause))
            self._stopping.wait(pause)
        return True

    def _direct(self, connection: str) -> psycopg.Connection:
        """A session on the source. Raises the same errors as Sessions.direct, or SourceClosed."""
        with self._tasks.entering(connection, self.name, direct=True):
            if not self._tasks.in_reach(connection):
                raise SourceOutOfReach
            try:
                return self._sessions.direct(connection, let_in=self._tasks.let_in(connection, direct=True))
            except SourceOutOfReach:
                self._tasks.put_out_of_reach(connection)
                raise
            except SourceRefuses as error:
                self._tasks.close_source(connection, words(error))
                raise

    def _through_warehouse(self, connection: str) -> psycopg.Connection:
        """The warehouse's session, logged in to the source. Raises the same errors as Sessions.through_warehouse, or SourceClosed."""
        with self._tasks.entering(connection, self.name, direct=False):
            try:
                return self._sessions.through_warehouse(
                    connection, let_in=self._tasks.let_in(connection, direct=False)
                )
            except SourceRefuses as error:
                self._tasks.close_source(connection, words(error))
                raise

    def _load(self, task: Task, done: set[date]) -> Iterator[LoadedSlice]:
        """Load the task's unfinished days: by streaming if the storage allows it, otherwise by dblink."""
        feed = task.feed
        if not self._tasks.streams(feed):
            yield from self._load_through_warehouse(task, done)
            return
        try:
            yield from self._stream(task, done)
        except psycopg.errors.UniqueViolation:
            # An existing row of another day has moved to this one: merging finds it by its key.
            yield from self._stream(task, done, staged=True)
        except psycopg.errors.ObjectNotInPrerequisiteState:
            now = find_feed(self._sessions.warehouse(), feed.template, feed.schema)
            if now.storage == feed.storage:
                raise
            # It waited for the end of a move, and continues in the new storage.
            self._tasks.note_move(feed)
            yield from self._load_through_warehouse(task, done)

    def _stream(self, task: Task, done: set[date], *, staged: bool = False) -> Iterator[LoadedSlice]:
        feed = task.feed
        source = self._direct(feed.connection)
        session = self._sessions.warehouse()
        if not task.only_changed:
            yield from stream.pull(session, source, feed, task.span, bulk=task.bulk, staged=staged)
            return
        try:
            answer, same = None, set[date]()
            try:
                answer = digest.ask(session, source, feed, task.span, self._sessions.source_types)
            except psycopg.Error as error:
                self._do_without_digests(session, task, error)
                source = self._direct(feed.connection)
            else:
                same = digest.unchanged(session, feed, task.span, answer) - done
            yield from (LoadedSlice(feed, day, "unchanged", 0, 0.0) for day in sorted(same))
            days = [day for day in task.span if day not in same | done]
            together = len(days) > 1 and stream.range_capable(session, feed)
            for span in monthly(days) if together else [Span(day, day) for day in days]:
                yield from stream.pull(
                    session, source, feed, span, bulk=task.bulk, staged=staged, answer=answer
                )
        finally:
            self._sessions.end_snapshot()

    def _load_through_warehouse(self, task: Task, done: set[date]) -> Iterator[LoadedSlice]:
        feed = task.feed
        session = self._through_warehouse(feed.connection)
        if self._stopping.is_set():
            return
        if not task.only_changed:
            for day in [day for day in task.span if day not in done]:
                yield slices.load(session, feed, day)
            return
        try:
            answer, same = None, set[date]()
            try:
                answer = digest.ask_through_warehouse(session, feed, task.span)
            except psycopg.Error as error:
                self._do_without_digests(session, task, error)
                self._through_warehouse(feed.connection)
            else:
                same = digest.unchanged(session, feed, task.span, answer) - done
            yield from (LoadedSlice(feed, day, "unchanged", 0, 0.0) for day in sorted(same))
            for day in [day for day in task.span if day not in same | done]:
                yield slices.load(
                    session,
                    feed,
                    day,
                    digest=answer.of(day) if answer else None,
                    asked=answer.asked if answer else None,
                )
        finally:
            self._sessions.end_snapshot()

    def _do_without_digests(self, session: psycopg.Connection, task: Task, error: psycopg.Error) -> None:
        """Record that a source lacks what digests are made with, and log out; all days are loaded then.

        Any other error is raised again: it may be one day's, and the days are queried one by one then.
        """
        if not (error.sqlstate or "").startswith(_NO_SUCH_FUNCTION_OR_RIGHT):
            raise error
        self._sessions.leave_source()
        log.write(
            session,
            "refresh",
            "WARNING",
            f"{task.feed} {task.span}: the source cannot tell which days differ, so all are loaded: {words(error)}",
            schema_name=task.feed.schema,
            template_name=task.feed.template,
        )

    def _give_up(self, task: Task, done: set[date], reason: str, error: psycopg.Error | None) -> None:
        """Several days fail as one: each is then tried separately, so that only the bad ones fail."""
        if error is not None and (
            is_connection_loss(error) or isinstance(error, LoginFailed | SourceRefuses)
        ):
            self._sessions.let_go()
            self._tasks.close_source(task.feed.connection, reason)
        elif len(task.span) > 1:
            self._tasks.split(task, done)
            return
        day = next(day for day in task.span if day not in done)
        # The event tells the operator; the record is for later readers, and may fail with the rest.
        with suppress(psycopg.Error, TenantryError):
            slices.record_failure(self._sessions.warehouse(), task.feed, day, reason)
        self._events.put(
            FailedSlice(
                task.feed,
                day,
                reason,
                error.sqlstate if error else None,
                of_source=isinstance(error, SourceRefuses)
                or (error is not None and comes_from_source(error)),
            )
        )
