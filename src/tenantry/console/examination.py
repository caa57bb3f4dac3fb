"""Doctor's checks, run in the background: with many tenants they take longer than a browser waits."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tenantry.console import login
from tenantry.console.sessions import Session
from tenantry.core.errors import TenantryError
from tenantry.warehouse import Warehouse

if TYPE_CHECKING:
    from tenantry.observe.checks.finding import Check
    from tenantry.observe.health import Outcome

log = logging.getLogger("tenantry.console")


@dataclass(frozen=True)
class Examination:
    """An examination: who began it, how far it is, and what it found. `asks` is the question of the check that runs now."""

    by: str
    began_at: datetime
    done: int = 0
    asks: str = ""
    ended_at: datetime | None = None
    outcomes: Sequence[Outcome] = ()
    error: str = ""

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self.ended_at is None


class Examinations:
    """The running and the last examination of each role: roles do not see the same, so they are not told the same."""

    def __init__(self, tell: Callable[[], None]) -> None:
        """`tell` is called, in any thread, when one is further than before."""
        self._tell = tell
        self._lock = threading.Lock()
        self._running: dict[str, Examination] = {}
        self._last: dict[str, Examination] = {}

    def running(self, role: str) -> Examination | None:
        """The examination of a role that goes on."""
        return self._running.get(role)

    def last(self, role: str) -> Examination | None:
        """The last examination of a role that has ended."""
        return self._last.get(role)

    def begin(self, viewer: Session) -> None:
        """Begin an examination with the viewer's login, unless one of its role goes on."""
        with self._lock:
            if viewer.role in self._running:
                return
            self._running[viewer.role] = Examination(viewer.login, datetime.now(UTC))
        threading.Thread(target=self._examine, args=(viewer, viewer.role), name="doctor", daemon=True).start()

    def _examine(self, viewer: Session, role: str) -> None:
        outcomes: Sequence[Outcome] = ()
        error = ""
        try:
            outcomes = Warehouse(viewer.conninfo).doctor(watch=lambda check: self._at(role, check))
        except TenantryError as failed:
            error = failed.message
        except Exception:
            log.exception("the checks failed")
            error = "The checks failed. The console's log says why."
        finally:
            with self._lock:
                begun = self._running.pop(role)
                ended = replace(begun, asks="", ended_at=datetime.now(UTC), outcomes=outcomes, error=error)
                self._last[role] = ended
            if viewer.ended:
                login.forget(viewer.conninfo)
            self._tell()

    def _at(self, role: str, check: Check) -> None:
        begun = self._running[role]
        self._running[role] = replace(begun, done=begun.done + bool(begun.asks), asks=check.asks)
        self._tell()
