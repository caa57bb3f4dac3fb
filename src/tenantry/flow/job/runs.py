"""Runs of jobs, as cron.job_run_details has them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import psycopg

from tenantry.db.queries import one_row, query
from tenantry.flow.job import table


@dataclass(frozen=True)
class Run:
    """One run of a job. `name` is None if the job is gone or has none; `ended` if it still goes on, `started` if it waits.

    `status` is pg_cron's: starting, running, succeeded, failed, and a few between.
    """

    jobid: int
    runid: int
    name: str | None
    status: str
    message: str | None
    started: datetime | None
    ended: datetime | None


@dataclass(frozen=True)
class Leader:
    """The scheduler that runs the jobs: where it is, since when, its last sign of life (at least every few seconds), and up
    to when it has looked for due runs."""

    host: str
    pid: int
    since: datetime
    alive_at: datetime
    last_tick: datetime


def last_runs(session: psycopg.Connection) -> dict[int, Run]:
    """The last run of each job that has had one, by jobid."""
    seen = _asked(session, "last_runs")
    return {run.jobid: run for run in seen}


def history(
    session: psycopg.Connection, most: int, jobids: Collection[int] | None = None, failed: bool = False
) -> list[Run]:
    """The newest `most` runs, newest first: of these jobs (default: of all, also of those that are gone); failed ones only."""
    parameters = {"jobids": None if jobids is None else list(jobids), "failed": failed, "most": most}
    found = {run.runid: run for run in _asked(session, "runs", **parameters)}
    return [found[runid] for runid in sorted(found, reverse=True)[:most]]


def _asked(session: psycopg.Connection, name: str, **parameters: object) -> list[Run]:
    """What the query says to each role; the last sees most."""

    def ask(opened: psycopg.Connection) -> list[Run]:
        if table.cron(opened) is None:
            return []
        return [Run(*row) for row in opened.execute(table.by_role(opened, name), parameters)]

    return [run for seen in table.as_each_role(session, ask) for run in seen]


def zone(session: psycopg.Connection) -> str:
    """The name of the time zone that the hours of schedules are in."""
    found: str = one_row(session, query("job", "zone"))[0] if table.cron(session) == "pg_cron" else "UTC"
    return found


def leader(session: psycopg.Connection) -> Leader | None:
    """The scheduler that leads at this moment; None if there is none, or pg_cron runs the jobs."""
    if table.cron(session) != "own":
        return None
    row = session.execute(table.by_role(session, "leader")).fetchone()
    return Leader(*row) if row else None
