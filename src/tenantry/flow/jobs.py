"""Jobs: the rows of cron.job, in pg_cron's schema or in Tenantry's own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import psycopg

from tenantry.core.errors import NotInstalled
from tenantry.db.queries import one_row, query
from tenantry.flow.job_command import Kind, Subject, subject

Cron = Literal["pg_cron", "own"]
"""Who keeps the jobs: the extension, or a schema of Tenantry's own that `tenantry scheduler` serves."""


@dataclass(frozen=True)
class Job:
    """A row of cron.job. `template`, `schema` and `connection` are what its command names, None where that is unknown."""

    jobid: int
    name: str | None
    schedule: str
    command: str
    active: bool
    database: str
    username: str
    kind: Kind
    template: str | None
    schema: str | None
    connection: str | None

    def __str__(self) -> str:
        return self.name or f"job {self.jobid}"


def cron(session: psycopg.Connection) -> Cron | None:
    """Who keeps the jobs of this database; None if it has no schema cron, or one that is closed to the session's role."""
    found: Cron | None = one_row(session, query("jobs", "cron"))[0]
    return found


def all_jobs(session: psycopg.Connection) -> list[Job]:
    """The jobs that the session's role sees, by jobid; none where there is no cron."""
    if cron(session) is None:
        return []
    here = session.info.dbname
    found = []
    for jobid, name, schedule, command, active, database, username in session.execute(query("jobs", "all")):
        # What another database's job names is there, not here.
        about = subject(command) if database == here else Subject()
        found.append(
            Job(
                jobid,
                name,
                schedule,
                command,
                active,
                database,
                username,
                about.kind,
                about.template,
                about.schema,
                about.connection,
            )
        )
    return found


def of_tenant(session: psycopg.Connection, schema: str) -> list[Job]:
    """The jobs whose command works on this tenant and no other, whatever their names are."""
    return [job for job in all_jobs(session) if job.schema == schema]


def set_active(session: psycopg.Connection, jobids: Collection[int], active: bool) -> list[int]:
    """Pause jobs or let them go on; the jobids of those that were not so before."""
    if not jobids:
        return []
    rows = session.execute(query("jobs", "set_active"), {"jobids": list(jobids), "active": active})
    return [row[0] for row in rows]


def remove(session: psycopg.Connection, jobids: Collection[int]) -> list[int]:
    """Remove jobs; the jobids of those that were there. Runs that are under way go on; what ran stays recorded."""
    if not jobids:
        return []
    return [row[0] for row in session.execute(query("jobs", "remove"), {"jobids": list(jobids)})]


def put(session: psycopg.Connection, name: str, schedule: str, command: str) -> int:
    """Make a job of the session's role, or change the one of that name; its jobid.

    Raises:
        NotInstalled: the database has no cron.
        InputError: no schedule (through the session's errors).
    """
    if cron(session) is None:
        raise NotInstalled("this database has no schema cron to keep jobs in", hint="Run: tenantry init")
    jobid: int = one_row(
        session, query("jobs", "put"), {"name": name, "schedule": schedule, "command": command}
    )[0]
    return jobid
