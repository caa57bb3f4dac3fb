"""States of tenants: enabled, disabled, or being dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg

from tenantry.core.errors import InputError
from tenantry.core.model import OPERATOR
from tenantry.db import log
from tenantry.db.connect import acting
from tenantry.db.queries import one_row, query
from tenantry.flow.job.table import Job
from tenantry.flow.tenant import jobs


@dataclass(frozen=True)
class TenantState:
    """A tenant, the connection it used last, and since when it is disabled or being dropped (None: it is not).

    `paused_jobs` are the jobids of the jobs that disabling has paused.
    """

    name: str
    connection: str
    disabled_at: datetime | None
    reason: str | None
    paused_jobs: Sequence[int]
    dropping_at: datetime | None


def every(session: psycopg.Connection) -> list[TenantState]:
    """All tenants by name."""
    return [TenantState(*row) for row in session.execute(query("tenant", "state"), {"schema": None})]


def disabled(session: psycopg.Connection) -> dict[str, TenantState]:
    """The tenants that are disabled, by name."""
    return {state.name: state for state in every(session) if state.disabled_at}


def get(session: psycopg.Connection, name: str) -> TenantState:
    """One tenant. Raises InputError if there is none with that name."""
    row = session.execute(query("tenant", "state"), {"schema": name}).fetchone()
    if row is None:
        known = ", ".join(state.name for state in every(session)) or "none"
        raise InputError(f'tenant "{name}" does not exist', hint=f"Known tenants: {known}")
    return TenantState(*row)


def get_whole(session: psycopg.Connection, name: str) -> TenantState:
    """One tenant that is not being dropped. Raises InputError for any other."""
    state = get(session, name)
    if state.dropping_at is not None:
        raise InputError(
            f'tenant "{name}" is being dropped', hint=f"Finish that: tenantry tenant drop {name}"
        )
    return state


def disable(session: psycopg.Connection, name: str, reason: str) -> list[Job] | None:
    """Pause the tenant's active jobs, remember them, and store the reason; the data stays.

    Returns the paused jobs, or None if the tenant is already disabled; nothing is changed then.
    Raises InputError for an unknown tenant.
    """
    get_whole(session, name)
    with session.transaction():
        active = [job for job in jobs.find(session, name) if job.active]
        ids = [job.jobid for job in active]
        if acting(session) == OPERATOR:
            about = {"schema": name, "reason": reason, "jobs": ids}
            paused = one_row(session, query("operators", "disable_tenant"), about)[0]
            return None if paused is None else [job for job in active if job.jobid in paused]
        parameters = {"schema": name, "reason": reason, "jobs": ids}
        if session.execute(query("tenant", "disable"), parameters).rowcount == 0:
            return None
        jobs.set_active(session, ids, False)
        _log(session, "disable", f"tenant disabled: {reason}", name, active)
    return active


def enable(session: psycopg.Connection, name: str) -> list[Job]:
    """Resume the jobs that disabling paused and that still exist and are inactive; return them."""
    with session.transaction():
        paused = set(get(session, name).paused_jobs)
        there = [job for job in jobs.find(session, name) if job.jobid in paused and not job.active]
        if acting(session) == OPERATOR:
            resumed = one_row(session, query("operators", "enable_tenant"), {"schema": name})[0]
            return [job for job in there if job.jobid in (resumed or ())]
        jobs.set_active(session, [job.jobid for job in there], True)
        session.execute(query("tenant", "enable"), (name,))
        _log(session, "enable", "tenant enabled", name, there)
    return there


def _log(session: psycopg.Connection, command: str, message: str, name: str, about: Sequence[Job]) -> None:
    log.write(
        session, f"tenant {command}", "INFO", message, schema_name=name, jobs=[str(job) for job in about]
    )
