"""Watches sessions of this program for lock waits, and reports what they wait for and who holds it."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from weakref import ref

import psycopg
from psycopg.pq import TransactionStatus

from tenantry.core.errors import TenantryError
from tenantry.db.queries import query

PAUSE = 1.0
"""Seconds between two looks at this program's own sessions; a look costs nothing."""

PATIENCE = 3.0
"""Seconds for which a session may wait before the server is asked, and between two such queries."""


@dataclass
class _Watched:
    connection: ref[psycopg.Connection]
    conninfo: str
    at_work_since: float | None = None


class Lookout:
    """Watches sessions from its own thread. Reports each wait once. It needs one more session, but works without one if it has to."""

    def __init__(self, tell: Callable[[str], None], log_in: Callable[[str], psycopg.Connection]) -> None:
        self._tell = tell
        self._log_in = log_in
        self._sessions: list[_Watched] = []
        self._lock = threading.Lock()
        self._own: dict[str, psycopg.Connection] = {}
        self._told: set[tuple[int, int]] = set()
        self._started = False

    def watch(self, connection: psycopg.Connection, conninfo: str) -> None:
        """Watch a session until it is closed."""
        with self._lock:
            self._sessions.append(_Watched(ref(connection), conninfo))
            if not self._started:
                self._started = True
                atexit.register(self._close)
                threading.Thread(target=self._run, name="lookout", daemon=True).start()

    def _run(self) -> None:
        asked = 0.0
        while True:
            time.sleep(PAUSE)
            busy = self._busy()
            if not busy:
                self._close()
            elif time.monotonic() - asked >= PATIENCE:
                asked = time.monotonic()
                for conninfo, pids in busy.items():
                    # If the wait cannot be reported, the session simply goes on waiting.
                    with suppress(psycopg.Error, TenantryError, OSError):
                        self._ask(conninfo, pids)

    def _busy(self) -> dict[str, list[int]]:
        """The sessions that have been busy for a while, by server."""
        now = time.monotonic()
        found: dict[str, list[int]] = {}
        with self._lock:
            self._sessions = [s for s in self._sessions if (c := s.connection()) and not c.closed]
            for session in self._sessions:
                connection = session.connection()
                if connection is None or connection.pgconn.transaction_status != TransactionStatus.ACTIVE:
                    session.at_work_since = None
                    continue
                session.at_work_since = session.at_work_since or now
                if now - session.at_work_since >= PATIENCE:
                    found.setdefault(session.conninfo, []).append(connection.pgconn.backend_pid)
        return found

    def _ask(self, conninfo: str, pids: list[int]) -> None:
        own = self._own.get(conninfo)
        if own is None or own.closed:
            own = self._own[conninfo] = self._log_in(conninfo)
        try:
            rows = own.execute(query("session", "waits"), {"pids": pids}).fetchall()
        except psycopg.Error:
            own.close()
            raise
        for pid, what, holder, facts, statement in rows:
            if (pid, holder) not in self._told:
                self._told.add((pid, holder))
                held = f"waiting for {what}, which session {holder} holds ({facts})"
                self._tell(f"{held}: {' '.join(statement.split())[:80]}" if statement else held)

    def _close(self) -> None:
        for own in list(self._own.values()):
            with suppress(psycopg.Error):
                own.close()
        self._own.clear()
