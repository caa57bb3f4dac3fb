"""One worker: a thread with a session on the warehouse, which pulls slice after slice."""

from __future__ import annotations

import queue
import threading
from contextlib import suppress

import psycopg

from tenantry.core.errors import TenantryError, WarehouseUnreachable
from tenantry.core.model import FailedSlice, LoadedSlice
from tenantry.db.connect import open_session, session
from tenantry.db.queries import query
from tenantry.flow import slices
from tenantry.loader.events import Waiting
from tenantry.loader.queue import Queue, Task
from tenantry.loader.retry import PAUSES, is_connection_loss, may_pass, words

Event = LoadedSlice | FailedSlice | Waiting | TenantryError | None
"""None says that a worker has ended."""


class Worker(threading.Thread):
    """Takes tasks until there are none; reports everything as events, never raises.

    A TenantryError among the events means that the worker itself could not go on.
    """

    def __init__(self, conninfo: str, tasks: Queue, events: queue.Queue[Event], *, pause: float) -> None:
        super().__init__(name="tenantry-worker", daemon=True)
        self._conninfo = conninfo
        self._tasks = tasks
        self._events = events
        self._pause = pause
        self._session: psycopg.Connection | None = None
        self._held: str | None = None
        self._stopping = threading.Event()

    def run(self) -> None:
        """The thread's body."""
        try:
            while (task := self._tasks.take(self._held)) is not None:
                try:
                    self._pull(task)
                finally:
                    self._tasks.done(task)
                if self._pause:
                    self._stopping.wait(self._pause)
        except TenantryError as error:
            self._events.put(error)
        finally:
            if self._session is not None:
                self._session.close()
            self._events.put(None)

    def cancel(self) -> None:
        """Give up the slice in hand; its transaction is rolled back.

        The session is ended, not asked: when a statement is cancelled dblink still waits for the source to finish it.
        """
        self._stopping.set()
        mine = self._session
        if mine is None or mine.closed:
            return
        # As whoever logged in: whadmin may not end the session of a superuser who acts as whadmin.
        with suppress(psycopg.Error, TenantryError), session(self._conninfo, role=None) as other:
            other.execute(query("flow", "end_session"), (mine.info.backend_pid,))

    def _pull(self, task: Task) -> None:
        for pause in (*PAUSES, None):
            try:
                ready = self._ready(task.feed.connection)
                if self._stopping.is_set():
                    return
                self._events.put(slices.load(ready, task.feed, task.day))
                return
            except WarehouseUnreachable as error:
                if self._stopping.is_set():
                    return
                if pause is None:
                    raise
                reason = error.message
            except psycopg.Error as error:
                if self._stopping.is_set():
                    return
                lost = self._session is not None and self._session.broken
                if pause is None or not (lost or may_pass(error)):
                    self._give_up(task, error)
                    return
                reason = words(error)
            self._let_go()
            self._events.put(Waiting(task.feed, reason, pause))
            self._stopping.wait(pause)

    def _ready(self, connection: str) -> psycopg.Connection:
        opened = self._opened()
        if self._held != connection:
            if self._held is not None:
                slices.release_source(opened, self._held)
                self._held = None
            slices.hold_source(opened, connection)
            self._held = connection
        return opened

    def _opened(self) -> psycopg.Connection:
        if self._session is None or self._session.closed:
            self._held = None
            self._session = open_session(self._conninfo, name="tenantry backfill")
            # A slice and its record are one transaction: a crash loses both, and the next run finds the day missing.
            self._session.execute("SET synchronous_commit = off")
        return self._session

    def _let_go(self) -> None:
        """Drop a session that may be broken; the next try opens another."""
        self._held = None
        if self._session is not None:
            self._session.close()

    def _give_up(self, task: Task, error: psycopg.Error) -> None:
        reason = words(error)
        if is_connection_loss(error):
            self._let_go()
            self._tasks.close_source(task.feed.connection, reason)
        # The event tells the operator; the record is for later readers, and may fail with the rest.
        with suppress(psycopg.Error, TenantryError):
            slices.record_failure(self._opened(), task.feed, task.day, reason)
        self._events.put(FailedSlice(task.feed, task.day, reason, error.sqlstate))
