"""A worker: a thread and a session that begin the runs of one job, one after the other, under the job's lock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

import psycopg

from tenantry.core.errors import TenantryError
from tenantry.db.connect import session
from tenantry.db.errors import one_line, translated
from tenantry.db.queries import one_row, query
from tenantry.schedule import command

MOST_ATTEMPTS = 10
"""A run during which this many schedulers, or servers, have died is not begun again."""

Tell = Callable[..., None]
"""Called for each event with its name, and facts about it by name."""


class Worker(threading.Thread):
    """Begins the waiting runs of a job, until there are none or `stop()` is called; then it ends."""

    def __init__(self, conninfo: str, jobid: int, tell: Tell, done: Callable[[], None]) -> None:
        """`done` is called, in the thread, when nothing of it is left to wait for: its session is closed."""
        # Python does not wait for it: after its grace period, a stopping scheduler leaves what does not end
        # to the server.
        super().__init__(name=f"job {jobid}", daemon=True)
        self.jobid = jobid
        self.failed = False
        self.ended = False
        self._done = done
        self._conninfo = conninfo
        self._tell = tell
        self._stopping = threading.Event()
        self._cancelled = threading.Event()
        self._session: psycopg.Connection | None = None

    def stop(self) -> None:
        """Begin no further run."""
        self._stopping.set()

    def cancel(self) -> None:
        """Cancel the running run; the next scheduler begins it again."""
        self._stopping.set()
        self._cancelled.set()
        if self._session is not None:
            # It may have ended on its own, or be lost.
            with suppress(psycopg.Error):
                self._session.cancel_safe(timeout=5)

    def run(self) -> None:
        """The thread's body: errors outside of a run are reported, and the run stays for the next worker."""
        try:
            with translated(), command.open_worker(self._conninfo, "tenantry job") as opened:
                self._session = opened
                if one_row(opened, query("scheduler", "hold_job"), {"jobid": self.jobid})[0]:
                    while not self._stopping.is_set() and self._next(opened):
                        pass
        except TenantryError as error:
            self.failed = True
            self._tell("lost", jobid=self.jobid, error=error.message)
        finally:
            self.ended = True
            self._done()

    def _next(self, opened: psycopg.Connection) -> bool:
        """Begin and end one run; False if none is waiting."""
        row = opened.execute(query("scheduler", "take"), {"jobid": self.jobid}).fetchone()
        if row is None:
            return False
        runid, text, database, username, attempts, scheduled_for = row
        refusal = command.not_ours(username, database, opened)
        if attempts > MOST_ATTEMPTS:
            refusal = f"given up: started {MOST_ATTEMPTS} times, and each time the session or its scheduler was lost"
        if refusal:
            command.record_failure(opened, runid, refusal)
            self._told(runid, scheduled_for, "failed", refusal, 0.0)
            return True
        self._tell("began", jobid=self.jobid, runid=runid, scheduled_for=scheduled_for, attempt=attempts)
        try:
            ended = command.run(opened, text, runid, self._cancelled)
        except psycopg.errors.QueryCanceled:
            opened.execute(query("scheduler", "put_back"), {"runid": runid})
            self._tell("put back", jobid=self.jobid, runid=runid, scheduled_for=scheduled_for)
            return False
        except psycopg.errors.AdminShutdown as error:
            self._terminated(runid, one_line(str(error)))
            raise
        self._told(runid, scheduled_for, ended.status, ended.message, ended.seconds)
        return True

    def _terminated(self, runid: int, reason: str) -> None:
        """Somebody ended the session on purpose, if the server itself is still running. Beginning again would defy that."""
        with session(self._conninfo) as another:
            command.record_failure(another, runid, f"ERROR: {reason}")
            self._told(runid, None, "failed", reason, 0.0)

    def _told(
        self, runid: int, scheduled_for: datetime | None, status: str, message: str, seconds: float
    ) -> None:
        facts: dict[str, Any] = {"jobid": self.jobid, "runid": runid, "scheduled_for": scheduled_for}
        self._tell(status, **facts, message=message.partition("\n")[0], seconds=round(seconds, 3))
