"""The jobs of a tenant, whoever created them."""

from __future__ import annotations

from collections.abc import Collection

import psycopg

from tenantry.flow.job import table
from tenantry.flow.job.table import Job


def find(session: psycopg.Connection, schema: str) -> list[Job]:
    """The jobs that work on this tenant and no other, by jobid."""
    return table.of_tenant(session, schema)


def set_active(session: psycopg.Connection, jobids: Collection[int], active: bool) -> None:
    """Pause or resume jobs."""
    table.set_active(session, jobids, active)


def remove(session: psycopg.Connection, jobids: Collection[int]) -> None:
    """Remove jobs."""
    table.remove(session, jobids)
