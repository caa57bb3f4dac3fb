"""A runner: a thread with a session that takes one action, and another thread that carries it out."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg

from tenantry.actions.carry import carry_out, so_far
from tenantry.actions.watch import Watch
from tenantry.core.errors import TenantryError, WarehouseUnreachable
from tenantry.db import audit
from tenantry.db.errors import translated
from tenantry.flow.action import take
from tenantry.flow.action.model import Action, State
from tenantry.loader.stopping import Stop, heeding
from tenantry.schedule.command import open_worker
from tenantry.warehouse import Warehouse

MOST_ATTEMPTS = 10
"""An action during which this many workers, or servers, have died is not begun again."""

NAME = "tenantry action"
"""The application_name of the sessions that hold the locks of actions."""

BEAT = 1.0
"""Seconds between two looks at an action that is carried out."""

Tell = Callable[..., None]
"""Called for each event with its name, and facts about it by name."""


class Runner(threading.Thread):
    """Takes the oldest action that may begin, if there is one, and ends with it."""

    def __init__(self, conninfo: str, tell: Tell) -> None:
        # Python does not wait for it: what a worker leaves behind, the next one begins again.
        super().__init__(name=NAME, daemon=True)
        self.failed = False
        self._conninfo = conninfo
        self._tell = tell
        self._stopping = threading.Event()
        self._over = threading.Event()

    def stop(self) -> None:
        """Stop the action, and leave it to another worker."""
        self._stopping.set()
        self._over.set()

    def run(self) -> None:
        """The thread's body: an action that it cannot end stays for the next worker."""
        try:
            with translated(), open_worker(self._conninfo, NAME) as session:
                taken = None if self._stopping.is_set() else take.take(session)
                if taken is not None:
                    self._do(session, taken)
        except TenantryError as error:
            self.failed = True
            self._tell("lost", error=error.message)

    def _do(self, session: psycopg.Connection, taken: take.Taken) -> None:
        action = taken.action
        refusal = _refusal(taken)
        if refusal:
            self._end(session, action, *refusal)
            return
        self._tell("began", action=action.id, kind=action.kind, login=action.login, attempt=action.attempts)
        work = _Work(self._conninfo, action, self._over)
        work.start()
        cancelled = False
        try:
            while not work.ended:
                self._over.wait(BEAT)
                cancelled = take.beat(session, action.id, work.watch.progress) or cancelled
                if cancelled or self._stopping.is_set():
                    work.stop.ask()
                    work.join(BEAT / 4)
        except BaseException:
            # The lock is gone with the session: somebody else may begin the action at any moment.
            while not work.ended:
                work.stop.ask()
                work.join(BEAT)
            raise
        if isinstance(work.raised, WarehouseUnreachable):
            # If it is back within a moment, this session is new, too, and the row says `running`.
            take.beat(session, action.id, work.watch.progress)
        if work.stopped and not cancelled:
            take.put_back(session, action.id)
            self._tell("put back", action=action.id, kind=action.kind)
            return
        state: State = "cancelled" if work.stopped else "failed" if work.raised else "succeeded"
        self._end(session, action, state, work.result, work)

    def _end(
        self,
        session: psycopg.Connection,
        action: Action,
        state: State,
        result: str,
        work: _Work | None = None,
    ) -> None:
        told = audit.without_secrets([result])[:2000]
        take.end(session, action.id, state, told, work.watch.progress if work else None)
        self._tell(state, action=action.id, kind=action.kind, message=told)


def _refusal(taken: take.Taken) -> tuple[State, str] | None:
    """How an action ends that must not be carried out, or None."""
    action = taken.action
    if action.cancel_requested_at is not None:
        return "cancelled", "cancelled; what was done before is kept"
    if action.attempts > MOST_ATTEMPTS:
        return (
            "failed",
            f"given up: begun {MOST_ATTEMPTS} times, and each time the worker or its session was lost",
        )
    if not taken.allowed:
        return "failed", f'refused: the login "{action.login}" may no longer ask for this'
    return None


class _Work(threading.Thread):
    """Carries out an action, and keeps how it ended."""

    def __init__(self, conninfo: str, action: Action, over: threading.Event) -> None:
        super().__init__(name=f"action {action.id}", daemon=True)
        self.stop = Stop()
        self.watch = Watch(self.stop)
        self.result = ""
        self.raised: BaseException | None = None
        self.ended = False
        self._conninfo = conninfo
        self._action = action
        self._over = over

    @property
    def stopped(self) -> bool:
        """Whether it did not do all of its work, because somebody asked it to stop."""
        return self.stop.asked and self.raised is not None

    def run(self) -> None:
        """The thread's body: keeps whatever happens."""
        action = self._action
        subject = f"{action.id} for {action.login}: {action.command}"
        try:
            with heeding(self.stop), audit.kept(self._conninfo, f"action {action.kind}", subject):
                self.result = carry_out(Warehouse(self._conninfo), action, self.watch)
        except KeyboardInterrupt as stopped:
            self.raised, self.result = stopped, f"cancelled: {so_far(stopped)}"
        except TenantryError as error:
            self.raised, self.result = error, error.message
            if self.stopped:
                self.result = f"cancelled: {error.message}"
        except Exception as error:  # noqa: BLE001 - one action that hits a bug must not be begun again and again
            self.raised, self.result = error, f"{type(error).__name__}: {error}"
        finally:
            self.ended = True
            self._over.set()
