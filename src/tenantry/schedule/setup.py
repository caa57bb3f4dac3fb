"""Creating missing jobs."""

from __future__ import annotations

from collections.abc import Callable, Collection

import psycopg

from tenantry.core.errors import InputError
from tenantry.core.model import Feed
from tenantry.db.connect import session
from tenantry.db.queries import query
from tenantry.flow.job import table
from tenantry.flow.tenant import state as states
from tenantry.schedule.layout import Proposal, SizedFeed, lay_out


def sized_feeds(opened: psycopg.Connection) -> list[SizedFeed]:
    """The feeds that have a template, which a job can load, with the rows of their last 365 days."""
    return [SizedFeed(Feed(*row[:4]), row[4], row[5]) for row in opened.execute(query("job", "sized_feeds"))]


def missing(opened: psycopg.Connection, tenants: Collection[str] | None = None) -> list[Proposal]:
    """The jobs that these tenants (default: all that are not disabled) lack.

    Raises InputError if a tenant is disabled, or has no feed that a job could load.
    """
    feeds = sized_feeds(opened)
    if tenants is None:
        return lay_out(table.all_jobs(opened), feeds)
    chosen = [item for item in feeds if item.feed.schema in tenants]
    for name in tenants:
        if all(item.feed.schema != name for item in chosen):
            known = ", ".join(sorted({item.feed.schema for item in feeds})) or "none"
            raise InputError(
                f'tenant "{name}" has no template to load',
                hint=f"Known tenants: {known}.",
            )
    refuse_disabled(opened, tenants)
    return lay_out(table.all_jobs(opened), feeds, [item.feed for item in chosen])


def refuse_disabled(opened: psycopg.Connection, tenants: Collection[str]) -> None:
    """Raise InputError if one of the tenants is disabled or being dropped: its jobs stay paused until it is enabled."""
    for state in states.every(opened):
        if state.name in tenants and (state.disabled_at or state.dropping_at):
            raise InputError(
                f'tenant "{state.name}" is disabled or being dropped',
                hint=f"Enable it first: tenantry tenant enable {state.name}.",
            )


def install(opened: psycopg.Connection, tenants: Collection[str] | None = None) -> list[tuple[int, Proposal]]:
    """Create the jobs that these tenants (default: all that are not disabled) lack, all or none; return each with its
    jobid.

    Raises:
        InputError: a tenant is disabled or has no feed.
        NotInstalled: the database has no cron.
    """
    with opened.transaction():
        # Two sessions at once would choose the same places.
        opened.execute(query("job", "lock_layout"))
        return [
            (table.put(opened, job.name, job.schedule, job.command), job) for job in missing(opened, tenants)
        ]


def make_jobs(conninfo: str, tenant: str, step: Callable[[str, str], None]) -> list[str]:
    """Create the jobs that a tenant lacks, if there is a cron and the tenant is not disabled; return their names."""
    with session(conninfo) as opened:
        if table.cron(opened) is None:
            step("jobs", "none: this database has no cron to store them in")
            return []
        if states.get(opened, tenant).disabled_at:
            step("jobs", "none: the tenant is disabled")
            return []
        made = [job.name for _, job in install(opened, [tenant])]
        own = table.cron(opened) == "own"
    step("jobs", f"{', '.join(made) or 'were there'}{'; run by: tenantry scheduler' if own else ''}")
    return made
