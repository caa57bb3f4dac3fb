"""One worker: a thread with a session on the warehouse, which pulls slice after slice."""

from __future__ import annotations

import queue
import threading
from contextlib import suppress

import psycopg

from tenantry.core.errors import SliceError, TenantryError, WarehouseUnreachable
from tenantry.core.model import FailedSlice, LoadedSlice
from tenantry.flow import slices, stream
from tenantry.loader.events import Waiting
from tenantry.loader.queue import Queue, Task
from tenantry.loader.retry import PAUSES, is_connection_loss, may_pass, words
from tenantry.loader.sessions import Sessions, SourceOutOfReach

Event = LoadedSlice | FailedSlice | Waiting | TenantryError | None
"""None says that a worker has ended."""


class Worker(threading.Thread):
    """Takes tasks until there are none; reports everything as events, never raises.

    A TenantryError among the events means that the worker itself could not go on.
    """

    def __init__(self, conninfo: str, tasks: Queue, events: queue.Queue[Event], *, pause: float) -> None:
        super().__init__(name="tenantry-worker", daemon=True)
        self._tasks = tasks
        self._events = events
        self._pause = pause
        self._sessions = Sessions(conninfo)
        self._stopping = threading.Event()

    def run(self) -> None:
        """The thread's body."""
        try:
            while (task := self._tasks.take(self._sessions.connection)) is not None:
                try:
                    self._pull(task)
                finally:
                    self._tasks.done(task)
                if self._pause:
                    self._stopping.wait(self._pause)
        except TenantryError as error:
            self._events.put(error)
        finally:
            self._sessions.let_go()
            self._events.put(None)

    def cancel(self) -> None:
        """Give up the slice in hand; its transaction is rolled back."""
        self._stopping.set()
        self._sessions.end()
        self.join(1)
        if self.is_alive():
            self._sessions.cut()

    def _pull(self, task: Task) -> None:
        for pause in (*PAUSES, None):
            try:
                for loaded in self._load(task):
                    self._events.put(loaded)
                return
            except SourceOutOfReach:
                self._tasks.put_out_of_reach(task.feed.connection)
                self._tasks.split(task)
                return
            except WarehouseUnreachable as error:
                if self._stopping.is_set():
                    return
                if pause is None:
                    raise
                reason = error.message
            except SliceError as error:
                self._give_up(task, error.message, None)
                return
            except psycopg.Error as error:
                if self._stopping.is_set():
                    return
                reason = words(error)
                if pause is None or not (self._sessions.lost or may_pass(error)):
                    self._give_up(task, reason, error)
                    return
            self._sessions.let_go()
            self._events.put(Waiting(task.feed, reason, pause))
            self._stopping.wait(pause)

    def _load(self, task: Task) -> list[LoadedSlice]:
        """Pull the task's days: partitions by streaming, materialized views (and sources out of reach) by dblink."""
        feed = task.feed
        if feed.storage != "partition" or not self._tasks.in_reach(feed.connection):
            session = self._sessions.through_warehouse(feed.connection)
            if self._stopping.is_set():
                return []
            return [slices.load(session, feed, day) for day in task.span]
        source = self._sessions.direct(feed.connection)
        session = self._sessions.warehouse()
        try:
            return stream.pull(session, source, feed, task.span)
        except psycopg.errors.UniqueViolation:
            # A row that is there under another day moved to this one: merging finds it by its key.
            return stream.pull(session, source, feed, task.span, staged=True)

    def _give_up(self, task: Task, reason: str, error: psycopg.Error | None) -> None:
        """Several days fail as one: each is tried by itself then, so that only the bad ones are lost."""
        if error is not None and is_connection_loss(error):
            self._sessions.let_go()
            self._tasks.close_source(task.feed.connection, reason)
        elif len(task.span) > 1:
            self._tasks.split(task)
            return
        day = task.span.first
        # The event tells the operator; the record is for later readers, and may fail with the rest.
        with suppress(psycopg.Error, TenantryError):
            slices.record_failure(self._sessions.warehouse(), task.feed, day, reason)
        self._events.put(FailedSlice(task.feed, day, reason, error.sqlstate if error else None))
