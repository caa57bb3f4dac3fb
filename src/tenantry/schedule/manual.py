"""Running a job by hand, now."""

from __future__ import annotations

import psycopg

from tenantry.core.errors import InputError
from tenantry.db.queries import one_row, query
from tenantry.flow.job import table
from tenantry.flow.job.table import Job
from tenantry.schedule import command
from tenantry.schedule.command import Ended


def run(session: psycopg.Connection, job: Job) -> Ended:
    """Run a job's command in this session, which is whadmin's. The run is recorded if the schema cron is Tenantry's
    own.

    Raises InputError if another role has logged in, or if the job belongs to another role or database, or is running
    now.
    """
    command.require_owner_login(session)
    reason = command.not_ours(job.username, job.database, session)
    if reason:
        raise InputError(reason)
    if table.cron(session) != "own":
        return command.run(session, job.command, None)
    named = {"jobid": job.jobid}
    if not one_row(session, query("scheduler", "hold_job"), named)[0]:
        raise InputError(f"{job} is running now", hint="See: tenantry schedule history.")
    about = {"database": job.database, "username": job.username, "command": job.command}
    runid = one_row(session, query("scheduler", "begin_by_hand"), {**named, **about})[0]
    try:
        return command.run(session, job.command, runid)
    except KeyboardInterrupt:
        command.record_failure(session, runid, "ERROR: canceled by hand")
        raise
