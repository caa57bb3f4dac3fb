"""The scheduler: runs the jobs of Tenantry's own schema cron. Of several, on any hosts, one leads and the others stand
by.

A run is a row of cron.job_run_details, unique by job and time. The leader writes the due ones together with the time up
to which it has looked, so that the next leader neither loses nor repeats any. A worker begins a run under the job's
advisory lock. The row and the command's work are committed together. A run that is still `running` while nobody holds
that lock was interrupted, and is begun again.
"""

from __future__ import annotations

import heapq
import math
import os
import queue
import random
import socket
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from tenantry.core.errors import DatabaseError, InputError, NotInstalled, WarehouseUnreachable
from tenantry.db.errors import translated
from tenantry.db.queries import one_row, query
from tenantry.flow.job import table
from tenantry.schedule import command, times
from tenantry.schedule.worker import Tell, Worker

NAME = "tenantry scheduler"
"""The application_name of schedulers, whether they lead or stand by."""

_Job = tuple[int, str, datetime]
"""jobid, schedule, and since when the job is as it is."""


@dataclass(frozen=True)
class Limits:
    """`grace`: seconds that runs have to end when the scheduler is stopped. `most`: maximum number of concurrent runs.
    `poll`: seconds between two attempts to lead. `patience`: seconds without a heartbeat after which a leader is
    deposed.
    """

    grace: float = 60.0
    most: int = 8
    poll: float = 0.5
    patience: float = 12.0


class Scheduler:
    """One scheduler; `run` serves until `stop` is called, from another thread or a signal handler."""

    def __init__(self, conninfo: str, tell: Tell, limits: Limits | None = None) -> None:
        self._conninfo = conninfo
        self._tell = tell
        self._limits = limits or Limits()
        self._stop = threading.Event()
        self._hurry = threading.Event()
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()
        """Gets an item for each worker that has ended, and when the scheduler should; also from a signal handler."""
        self._waiting: deque[int] = deque()
        """Jobs with waiting runs, as of the last look at the table, without those that were begun since."""
        self._workers: dict[int, Worker] = {}
        self._rest_until: dict[int, float] = {}
        self._prune_at = -math.inf
        self._serves = False

    @property
    def serves(self) -> bool:
        """Whether it leads or stands by; False before the start, and while the server does not answer."""
        return self._serves

    def stop(self) -> None:
        """Begin no further run, and end; if called again, cancel the running ones."""
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()
        self._wake.put(None)

    def run(self, *, once: bool = False) -> None:
        """Stand by, lead, and stand by again after the server was lost, until `stop`.

        With `once`: if nobody else leads, run what is due, and return when that has ended.

        Raises:
            InputError: another role than whadmin has logged in, or pg_cron runs the jobs here.
            NotInstalled: the schema cron is missing or older than this program.
        """
        failures = 0
        while not self._stop.is_set():
            try:
                with translated(), command.open_worker(self._conninfo, NAME) as session:
                    _require_own_cron(session)
                    failures = 0
                    self._serves = True
                    self._stand_by(session, once)
                    if once:
                        break
            except (WarehouseUnreachable, DatabaseError) as error:
                failures += 1
                rest = min(30.0, 0.5 * 2**failures) * random.uniform(0.5, 1.0)  # noqa: S311 (no secret)
                self._tell("lost", error=error.message, again_in=round(rest, 1))
                self._stop.wait(rest)
            finally:
                self._serves = False
                # Only the leader begins runs; each running one is protected by its own lock.
                for worker in self._workers.values():
                    worker.stop()
        self._finish()

    def _stand_by(self, session: psycopg.Connection, once: bool) -> None:
        told = False
        seen: tuple[Any, ...] | None = None
        seen_at = time.monotonic()
        while not self._stop.is_set():
            if one_row(session, query("scheduler", "try_to_lead"))[0]:
                self._lead(session, once)
                return
            if not told:
                self._tell("stands by")
                told = True
            if once:
                return
            # A leader keeps its lock if its program hangs, or if its host is gone but the connection is not.
            # Judge it by what this scheduler sees, not by anybody's clock.
            sign = session.execute(query("scheduler", "sign_of_life")).fetchone()
            if sign is not None and sign[2] is not None:
                raise DatabaseError(
                    f"{sign[2]} holds the scheduler's lock, but should not",
                    hint="Ask the administrator to end that session with pg_terminate_backend().",
                )
            if sign != seen:
                seen, seen_at = sign, time.monotonic()
            elif sign is not None and time.monotonic() - seen_at > self._limits.patience:
                self._tell("deposes", session=sign[0], last_sign_of_life=sign[1])
                session.execute(query("scheduler", "depose"), {"pid": sign[0]})
                seen_at = time.monotonic()
            self._stop.wait(self._limits.poll)

    def _lead(self, session: psycopg.Connection, once: bool) -> None:
        me = {"host": socket.gethostname(), "pid": os.getpid()}
        looked = one_row(session, query("scheduler", "elected"), me)[0]
        self._tell("leads", due_since=looked, **me)
        agenda = _Agenda()
        tidied = -math.inf
        while not self._stop.is_set():
            begun = time.monotonic()
            now, started, mark = one_row(session, query("scheduler", "now"))
            if now < looked - times.MAKE_UP:
                # The clock was set back. No time runs twice, but jobs must not wait for it either.
                agenda, looked = _Agenda(), now
            tidy = begun - tidied > self._limits.patience / 4
            if agenda.mark != mark:
                agenda.learn(mark, session.execute(query("scheduler", "jobs")).fetchall(), looked)
            due = agenda.due(now, started, looked)
            looked = max(looked, now)
            if due or tidy:
                with session.transaction():
                    if due:
                        named = {"jobids": [item[0] for item in due], "times": [item[1] for item in due]}
                        session.execute(query("scheduler", "enqueue"), named)
                    session.execute(query("scheduler", "ticked"), {"now": looked})
            if tidy:
                self._tidy(session)
                tidied = begun
            for jobid, scheduled_for, reason in session.execute(
                query("scheduler", "give_up"), {"make_up": times.MAKE_UP}
            ):
                self._tell("skipped", jobid=jobid, scheduled_for=scheduled_for, message=reason)
            if once:
                while (self._look(session) or self._workers) and not self._stop.is_set():
                    self._fill_until(time.monotonic() + 0.05)
                return
            self._look(session)
            # Just after the server's next full second.
            rest = 1.0 - now.microsecond / 1_000_000 - (time.monotonic() - begun) + 0.003
            self._fill_until(time.monotonic() + max(rest % 1.0, 0.01))

    def _tidy(self, session: psycopg.Connection) -> None:
        """End the sessions of hanging workers, and once a day delete old runs."""
        patience = timedelta(seconds=self._limits.patience)
        for row in session.execute(query("scheduler", "evict"), {"patience": patience}):
            self._tell("evicts", jobid=row[0])
        if time.monotonic() > self._prune_at:
            session.execute(query("scheduler", "prune"))
            self._prune_at = time.monotonic() + 86400

    def _look(self, session: psycopg.Connection) -> bool:
        """Find the jobs with waiting runs, and begin as many as there are places for; return whether there were any."""
        self._waiting = deque(row[0] for row in session.execute(query("scheduler", "waiting")))
        found = bool(self._waiting)
        self._begin()
        return found

    def _fill_until(self, until: float) -> None:
        """Wait until a time, and give the place of each worker that ends meanwhile to the next waiting job."""
        with suppress(queue.Empty):
            while not self._stop.is_set():
                self._wake.get(timeout=max(until - time.monotonic(), 0))
                # A leader that hung for longer looks first whether it still leads.
                if not self._stop.is_set() and time.monotonic() < until:
                    self._begin()

    def _begin(self) -> None:
        """Start workers for waiting jobs while there are places. A job of which the table says something else by now has
        no run for its worker to take.
        """
        now = time.monotonic()
        for jobid, worker in list(self._workers.items()):
            if worker.ended:
                del self._workers[jobid]
                if worker.failed:
                    self._rest_until[jobid] = now + 5
        while self._waiting and len(self._workers) < self._limits.most:
            jobid = self._waiting.popleft()
            if jobid not in self._workers and self._rest_until.get(jobid, 0) <= now:
                self._workers[jobid] = Worker(self._conninfo, jobid, self._tell, self._ended)
                self._workers[jobid].start()

    def _ended(self) -> None:
        self._wake.put(None)

    def _finish(self) -> None:
        """Wait for the running runs; cancel them when their time is up."""
        alive = self._alive()
        if alive:
            self._tell("waits", runs=len(alive), grace=self._limits.grace)
        until = time.monotonic() + self._limits.grace
        while self._alive() and time.monotonic() < until and not self._hurry.wait(0.05):
            pass
        late = self._alive()
        for worker in late:
            worker.cancel()
        for worker in late:
            worker.join(10)
        self._tell("stopped")

    def _alive(self) -> list[Worker]:
        return [worker for worker in self._workers.values() if worker.is_alive()]


class _Agenda:
    """When each job is due next; computed again only if the job has changed or was due."""

    def __init__(self) -> None:
        self.mark: str | None = None
        """The mark of the jobs that it knows (queries/scheduler.sql, `now`)."""
        self._next: dict[_Job, datetime | None] = {}
        self._at_start: list[_Job] = []
        self._upcoming: list[tuple[datetime, _Job]] = []
        """The times of `_next` with their jobs, as a heap."""

    def learn(self, mark: str, jobs: Sequence[_Job], looked: datetime) -> None:
        """From now on, know these jobs: jobid, schedule, since."""
        self.mark = mark
        known = self._next
        self._at_start = [job for job in jobs if times.at_start(job[1])]
        self._next = {
            job: known[job] if job in known else next(times.after(job[1], max(looked, job[2])), None)
            for job in jobs
            if not times.at_start(job[1])
        }
        self._upcoming = [(at, job) for job, at in self._next.items() if at is not None]
        heapq.heapify(self._upcoming)

    def due(self, now: datetime, started: datetime, looked: datetime) -> list[tuple[int, datetime]]:
        """Jobid and time of each run that is due since `looked`; `started` is when the server was."""
        found = [
            (jobid, started) for jobid, _, since in self._at_start if max(looked, since) < started <= now
        ]
        while self._upcoming and self._upcoming[0][0] <= now:
            _, job = heapq.heappop(self._upcoming)
            jobid, schedule, since = job
            found += [(jobid, at) for at in times.due(schedule, max(looked, since), now)]
            upcoming = self._next[job] = next(times.after(schedule, now), None)
            if upcoming is not None:
                heapq.heappush(self._upcoming, (upcoming, job))
        return found


def _require_own_cron(session: psycopg.Connection) -> None:
    command.require_owner_login(session)
    kept = table.cron(session)
    if kept == "pg_cron":
        raise InputError(
            "pg_cron runs the jobs of this database",
            hint="No scheduler is needed. See: tenantry schedule show",
        )
    try:
        session.execute("SELECT scheduled_for FROM cron.job_run_details, cron.scheduler LIMIT 0")
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
        raise NotInstalled(
            "the schema cron is missing or older than this program", hint="Run: tenantry init"
        ) from error
