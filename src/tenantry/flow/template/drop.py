"""Dropping templates, on request with the tenants' data for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from tenantry.core.errors import InputError
from tenantry.db.queries import one_row, query
from tenantry.flow.job import table
from tenantry.flow.job.table import Job
from tenantry.flow.template.stored import require

_DROP_AT_ONCE = 200
"""How many relations are dropped per transaction: each takes about seven locks, of some 6,400 by default."""


@dataclass(frozen=True)
class Use:
    """What a tenant has for a template."""

    tenant: str
    days: int
    rows: int
    bytes: int


def uses(session: psycopg.Connection, name: str) -> list[Use]:
    """Who has data for a template. Raises InputError (through the session's errors) if the template does not exist."""
    require(session, name)
    return [Use(*row) for row in session.execute(query("template", "uses"), {"name": name})]


def its_jobs(session: psycopg.Connection, name: str) -> list[Job]:
    """The jobs whose command names the template."""
    return [job for job in table.all_jobs(session) if job.template == name]


def refuse_readers(session: psycopg.Connection, name: str) -> None:
    """Raise InputError if other roles' views read what would be dropped."""
    found = [row[0] for row in session.execute(query("template", "readers"), {"name": name})]
    if found:
        raise InputError(
            f'template "{name}" cannot be dropped: other views read its data',
            hint=f"Drop these first: {', '.join(found)}.",
        )


def drop(session: psycopg.Connection, name: str, tenants: Sequence[str]) -> None:
    """Drop a template, after its jobs and these tenants' data for it. You can interrupt it and run it again to
    continue.

    Each tenant leaves the public view in one transaction, and reports continue.

    Raises psycopg.Error: another tenant has begun to use the template; it stays then.
    """
    table.remove(session, [job.jobid for job in its_jobs(session, name)])
    for tenant in tenants:
        drop_feed(session, name, tenant)
    session.execute(query("template", "drop"), (name,))


def drop_unused(session: psycopg.Connection, name: str) -> None:
    """Drop a template that no tenant uses, as a template author may. Raises psycopg.Error if tenants use it."""
    session.execute(query("template", "drop_unused"), (name,))


def drop_feed(session: psycopg.Connection, name: str, tenant: str) -> None:
    """Drop a tenant's data for a template; its jobs stay. You can interrupt it and run it again to continue."""
    about = {"name": name, "schema": tenant, "most": _DROP_AT_ONCE}
    while one_row(session, query("template", "drop_feed"), about)[0]:
        pass
