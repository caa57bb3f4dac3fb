"""A worker: a thread that looks for actions, and has a runner carry out each."""

from __future__ import annotations

import math
import random
import threading
import time

import psycopg

from tenantry.actions.runner import Runner, Tell
from tenantry.core.errors import DatabaseError, InputError, TenantryError, WarehouseUnreachable
from tenantry.core.model import OWNER
from tenantry.db.connect import acting
from tenantry.db.errors import translated
from tenantry.flow.action import take
from tenantry.schedule.command import open_worker
from tenantry.warehouse import Warehouse

NAME = "tenantry worker"
"""The application_name of the sessions that look for actions."""


class Worker(threading.Thread):
    """Carries out actions of a warehouse until `stop`, at most `most` at a time.

    Any number of workers may run, on any hosts: each action is taken by one of them. If a worker dies, another one
    begins what it did again. `tell` is called with each event and its facts. With `once`, the worker ends when no
    action is waiting and its own have ended. `error` is what kept it from working, if something did that does not pass.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        tell: Tell = lambda event, **facts: None,
        *,
        most: int = 2,
        poll: float = 1.0,
        once: bool = False,
    ) -> None:
        super().__init__(name=NAME, daemon=True)
        self.error: TenantryError | None = None
        warehouse.release()
        self._conninfo = warehouse.conninfo
        self._tell = tell
        self._most = most
        self._poll = poll
        self._once = once
        self._stop_asked = threading.Event()
        self._runners: list[Runner] = []
        self._rest_until = -math.inf
        self._prune_at = -math.inf

    def stop(self, grace: float = 15.0) -> None:
        """Take no further action, stop those in progress, and leave them to other workers.

        What they have committed stays. Returns when they have stopped, at the latest after `grace` seconds.
        """
        self.end()
        self.join(grace)

    def end(self) -> None:
        """Ask for what `stop` does, without waiting for it: a signal's handler may call it."""
        self._stop_asked.set()

    def run(self) -> None:
        """The thread's body: it survives the loss of the server."""
        failures = 0
        while not self._stop_asked.is_set():
            try:
                with translated(), open_worker(self._conninfo, NAME) as session:
                    _require_owner(session)
                    failures = 0
                    self._serve(session)
                    break
            except (WarehouseUnreachable, DatabaseError) as error:
                failures += 1
                rest = min(30.0, 0.5 * 2**failures) * random.uniform(0.5, 1.0)  # noqa: S311 (no secret)
                self._tell("lost", error=error.message, again_in=round(rest, 1))
                self._stop_asked.wait(rest)
            except TenantryError as error:
                self.error = error
                self._tell("lost", error=error.message)
                break
        for runner in self._runners:
            runner.stop()
        for runner in self._runners:
            runner.join()

    def _serve(self, session: psycopg.Connection) -> None:
        while not self._stop_asked.is_set():
            now = time.monotonic()
            if now > self._prune_at:
                take.prune(session)
                self._prune_at = now + 86400
            ready = self._begin(session, now)
            if self._once and not ready and not self._runners:
                return
            # One that was just begun may be another's by now, or let the next one begin.
            self._stop_asked.wait(min(self._poll, 0.1) if ready else self._poll)

    def _begin(self, session: psycopg.Connection, now: float) -> bool:
        """Let a runner take an action, if one may begin; return whether one did."""
        if any(runner.failed for runner in self._runners):
            self._rest_until = now + 5
        self._runners = [runner for runner in self._runners if runner.is_alive()]
        if len(self._runners) >= self._most or now < self._rest_until or not take.is_any_ready(session):
            return False
        runner = Runner(self._conninfo, self._tell)
        self._runners.append(runner)
        runner.start()
        return True


def _require_owner(session: psycopg.Connection) -> None:
    """Raise InputError unless the session acts as whadmin."""
    if acting(session) != OWNER:
        raise InputError(
            f'a worker acts as {OWNER}, and role "{session.info.user}" may not',
            hint=f"Log in as {OWNER} or a member of it.",
        )
