"""The jobs of a tenant, whoever made them."""

from __future__ import annotations

from collections.abc import Collection

import psycopg

from tenantry.flow import jobs
from tenantry.flow.jobs import Job


def find(session: psycopg.Connection, schema: str) -> list[Job]:
    """The jobs that work on this tenant and no other, by jobid."""
    return jobs.of_tenant(session, schema)


def set_active(session: psycopg.Connection, jobids: Collection[int], active: bool) -> None:
    """Pause jobs or let them go on."""
    jobs.set_active(session, jobids, active)


def remove(session: psycopg.Connection, jobids: Collection[int]) -> None:
    """Remove jobs."""
    jobs.remove(session, jobids)
