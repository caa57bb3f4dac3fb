"""Runs of jobs, from cron.job_run_details."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import psycopg

from tenantry.db.queries import one_row, query
from tenantry.flow.job import table


@dataclass(frozen=True)
class Run:
    """One run of a job. `name` is None if the job was removed or has no name, `ended` if the run is still going,
    `started` if it waits.

    `status` is pg_cron's: starting, running, succeeded, failed, and a few in between.
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
    """The scheduler that runs the jobs: its host, when it began, its last heartbeat (at least every few seconds), and
    the time up to which it has looked for due runs.
    """

    host: str
    pid: int
    since: datetime
    alive_at: datetime
    last_tick: datetime


def last_runs(session: psycopg.Connection) -> dict[int, Run]:
    """The last run of each job that has run, by jobid."""
    seen = _asked(session, "last_runs")
    return {run.jobid: run for run in seen}


def history(
    session: psycopg.Connection, most: int, jobids: Collection[int] | None = None, failed: bool = False
) -> list[Run]:
    """Return the latest `most` runs, newest first, of these jobs (default: of all jobs, including removed ones), or only failed ones."""
    parameters = {"jobids": None if jobids is None else list(jobids), "failed": failed, "most": most}
    found = {run.runid: run for run in _asked(session, "runs", **parameters)}
    return [found[runid] for runid in sorted(found, reverse=True)[:most]]


def _asked(session: psycopg.Connection, name: str, **parameters: object) -> list[Run]:
    """The query's result for each role; the last role sees the most."""

    def ask(opened: psycopg.Connection) -> list[Run]:
        if table.cron(opened) is None:
            return []
        return [Run(*row) for row in opened.execute(table.by_role(opened, name), parameters)]

    return [run for seen in table.as_each_role(session, ask) for run in seen]


def zone(session: psycopg.Connection) -> str:
    """The name of the time zone of the hours in schedules."""
    found: str = one_row(session, query("job", "zone"))[0] if table.cron(session) == "pg_cron" else "UTC"
    return found


def leader(session: psycopg.Connection) -> Leader | None:
    """The leading scheduler; None if there is none, or if pg_cron runs the jobs."""
    if table.cron(session) != "own":
        return None
    row = session.execute(table.by_role(session, "leader")).fetchone()
    return Leader(*row) if row else None
