"""Making the jobs that are missing."""

from __future__ import annotations

from collections.abc import Collection

import psycopg

from tenantry.core.errors import InputError
from tenantry.core.model import Feed
from tenantry.db.queries import query
from tenantry.flow.job import table
from tenantry.flow.tenant import state as states
from tenantry.schedule.layout import Proposal, SizedFeed, lay_out


def sized_feeds(session: psycopg.Connection) -> list[SizedFeed]:
    """The feeds that have a template, which a job can load, with the rows of their last 365 days."""
    return [
        SizedFeed(Feed(*row[:4]), row[4], row[5]) for row in session.execute(query("jobs", "sized_feeds"))
    ]


def missing(session: psycopg.Connection, tenants: Collection[str] | None = None) -> list[Proposal]:
    """The jobs that these tenants (default: all that are not disabled) lack.

    Raises InputError if a tenant is disabled, or has no feed that a job could load.
    """
    feeds = sized_feeds(session)
    if tenants is None:
        return lay_out(table.all_jobs(session), feeds)
    chosen = [item for item in feeds if item.feed.schema in tenants]
    for name in tenants:
        if all(item.feed.schema != name for item in chosen):
            known = ", ".join(sorted({item.feed.schema for item in feeds})) or "none"
            raise InputError(
                f'tenant "{name}" has no template to load',
                hint=f"Known tenants: {known}.",
            )
    refuse_disabled(session, tenants)
    return lay_out(table.all_jobs(session), feeds, [item.feed for item in chosen])


def refuse_disabled(session: psycopg.Connection, tenants: Collection[str]) -> None:
    """Raise InputError if one of the tenants is disabled or being dropped: its jobs rest until it is enabled."""
    for state in states.every(session):
        if state.name in tenants and (state.disabled_at or state.dropping_at):
            raise InputError(
                f'tenant "{state.name}" is disabled or being dropped',
                hint=f"First: tenantry tenant enable {state.name}.",
            )


def install(
    session: psycopg.Connection, tenants: Collection[str] | None = None
) -> list[tuple[int, Proposal]]:
    """Make the jobs that these tenants (default: all that are not disabled) lack, all or none; each with its jobid.

    Raises:
        InputError: a tenant that is disabled or has no feed.
        NotInstalled: the database has no cron.
    """
    with session.transaction():
        # Two at once would choose the same places.
        session.execute(query("jobs", "lock_layout"))
        return [
            (table.put(session, job.name, job.schedule, job.command), job)
            for job in missing(session, tenants)
        ]
