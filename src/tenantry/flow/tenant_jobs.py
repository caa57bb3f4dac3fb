"""The jobs of a tenant, whoever made them.

pg_cron shows a role its own jobs alone. Tenantry's are whadmin's, but the administrator may have made some by hand: each
step is taken as whadmin, then as whoever logged in.
"""

from __future__ import annotations

from collections.abc import Collection

import psycopg

from tenantry.db.connect import as_login
from tenantry.flow import jobs
from tenantry.flow.jobs import Job


def find(session: psycopg.Connection, schema: str) -> list[Job]:
    """The jobs that work on this tenant and no other, by jobid."""
    with session.transaction():
        found = {job.jobid: job for job in jobs.of_tenant(session, schema)}
        with as_login(session):
            found |= {job.jobid: job for job in jobs.of_tenant(session, schema)}
    return [found[jobid] for jobid in sorted(found)]


def set_active(session: psycopg.Connection, jobids: Collection[int], active: bool) -> None:
    """Pause jobs or let them go on."""
    with session.transaction():
        others = set(jobids) - set(jobs.set_active(session, jobids, active))
        if others:
            with as_login(session):
                jobs.set_active(session, others, active)


def remove(session: psycopg.Connection, jobids: Collection[int]) -> None:
    """Remove jobs."""
    with session.transaction():
        others = set(jobids) - set(jobs.remove(session, jobids))
        if others:
            with as_login(session):
                jobs.remove(session, others)
