"""Dropping a tenant: jobs, data and connections, without a moment in which reports fail."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass

import psycopg
from psycopg import sql

from tenantry.core.errors import InputError, TenantryError
from tenantry.core.model import OWNER
from tenantry.db import log
from tenantry.db.connect import as_login
from tenantry.db.queries import one_row, query
from tenantry.flow.job.table import Job
from tenantry.flow.tenant import jobs as tenant_jobs
from tenantry.flow.tenant import state as states

_AT_ONCE = 200
"""How many materialized views are dropped per transaction: each takes about seven locks, of some 6,400 by default."""


@dataclass(frozen=True)
class Goods:
    """What is dropped with a tenant: loaded `days` of all its feeds, and `connections` that no other tenant uses.

    `readers` are roles besides Tenantry's own that may look into its schema. `foreign` objects belong to other roles,
    in the schema or dependent on its contents; while there are any, the tenant is not dropped. `begun` means that a
    drop was interrupted.
    """

    tenant: str
    begun: bool
    jobs: Sequence[Job]
    days: int
    rows: int
    relations: int
    bytes: int
    connections: Sequence[str]
    readers: Sequence[str]
    foreign: Sequence[str]


def look(session: psycopg.Connection, name: str) -> Goods:
    """What is dropped with a tenant. Raises InputError for an unknown tenant."""
    state = states.get(session, name)
    row = one_row(session, query("tenant", "drop_plan"), {"schema": name})
    return Goods(name, state.dropping_at is not None, tenant_jobs.find(session, name), *row)


def refuse_foreign(goods: Goods) -> None:
    """Raise InputError if a drop would also remove what is not Tenantry's."""
    if goods.foreign:
        more = len(goods.foreign) - 5
        names = ", ".join(goods.foreign[:5]) + (f" and {more} more" if more > 0 else "")
        raise InputError(
            f'tenant "{goods.tenant}" cannot be dropped, because that would also drop objects that Tenantry did not make: {names}',
            hint="Move or drop those first.",
        )


def run(
    session: psycopg.Connection,
    name: str,
    *,
    with_connections: bool = False,
    job_ids: Collection[int] = (),
    watch: Callable[[int], None] = lambda dropped: None,
) -> None:
    """Drop a tenant's data and feeds, the given jobs, and on request the connections that only it uses.

    One transaction takes the tenant out of all reports, with its jobs and connections. What remains of a large tenant
    is dropped in pieces afterwards, and `watch` gets the number of relations in each. The drop waits for running loads.
    You can interrupt it at any point and run it again.

    Raises psycopg.Error; if another role owns the schema and the login may not act for it, nothing has changed.
    """
    parameters = {"schema": name, "with_connections": with_connections}
    _take_over(session, name)
    with session.transaction():
        session.execute(query("tenant", "hold_for_drop"), {"schema": name})
        tenant_jobs.remove(session, job_ids)
        session.execute(query("tenant", "drop"), parameters)
        log.write(session, "tenant drop", "INFO", "tenant dropped", schema_name=name)
    while found := one_row(session, query("tenant", "drop_slices"), {"schema": name, "most": _AT_ONCE})[0]:
        watch(found)
    session.execute(query("tenant", "drop"), parameters)


def _take_over(session: psycopg.Connection, name: str) -> None:
    """Give whadmin a schema that the administrator created by hand, if the login may."""
    if not one_row(session, query("tenant", "schema_of_another"), (name,))[0]:
        return
    # If it may not, the drop itself says what to do.
    with (
        suppress(TenantryError, psycopg.errors.InsufficientPrivilege),
        session.transaction(),
        as_login(session) as login,
    ):
        login.execute(
            sql.SQL("ALTER SCHEMA {} OWNER TO {}").format(sql.Identifier(name), sql.Identifier(OWNER))
        )
