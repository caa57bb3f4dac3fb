"""Making the jobs that are missing."""

from __future__ import annotations

from collections.abc import Collection

import psycopg

from tenantry.core.errors import InputError
from tenantry.core.model import Feed
from tenantry.db.queries import query
from tenantry.flow import jobs
from tenantry.schedule.layout import Proposal, SizedFeed, lay_out


def sized_feeds(session: psycopg.Connection) -> list[SizedFeed]:
    """The feeds that have a template, which a job can load, with the rows of their last 365 days."""
    return [SizedFeed(Feed(*row[:4]), row[4]) for row in session.execute(query("jobs", "sized_feeds"))]


def missing(session: psycopg.Connection, tenants: Collection[str] | None = None) -> list[Proposal]:
    """The jobs that these tenants (default: all) lack.

    Raises InputError if a tenant has no feed that a job could load.
    """
    feeds = sized_feeds(session)
    known = {item.feed.schema for item in feeds}
    for name in tenants or ():
        if name not in known:
            raise InputError(
                f'tenant "{name}" has no template to load',
                hint=f"Known tenants: {', '.join(sorted(known)) or 'none'}. Nothing was scheduled.",
            )
    chosen = [item.feed for item in feeds if tenants is None or item.feed.schema in tenants]
    return lay_out(jobs.all_jobs(session), feeds, chosen)


def install(
    session: psycopg.Connection, tenants: Collection[str] | None = None
) -> list[tuple[int, Proposal]]:
    """Make the jobs that these tenants (default: all) lack, all or none; each with its jobid.

    Raises:
        InputError: a tenant without a feed.
        NotInstalled: the database has no cron.
    """
    with session.transaction():
        # Two at once would choose the same places.
        session.execute(query("jobs", "lock_layout"))
        return [
            (jobs.put(session, job.name, job.schedule, job.command), job) for job in missing(session, tenants)
        ]
