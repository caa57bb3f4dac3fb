"""Jobs that the file leaves to Tenantry: three for each feed, at free times, if it has none yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tenantry.core.model import OWNER
from tenantry.core.model import Feed as FeedRow
from tenantry.fleet.live import Live
from tenantry.fleet.model import Fleet, Job, Tenant
from tenantry.flow.job import table
from tenantry.flow.job.subject import subject
from tenantry.schedule.layout import SizedFeed, is_usual, lay_out

Rows = Mapping[tuple[str, str], int | None]
"""The rows of a feed's last year, by tenant and template."""


def laid_out(
    declared: Mapping[str, Job] | None, live: Live, tenants: Mapping[str, Tenant], rows: Rows
) -> dict[str, Job]:
    """The jobs that should exist: the declared ones, those that already serve `tenants`, and those that are then
    missing. Those of a tenant that is not automatic are declared like jobs of no tenant.

    If none are declared (None), all jobs that have nothing to do with a tenant stay, too.
    """
    gone = [name for name in live.fleet.tenants or {} if name not in tenants]
    wanted = dict(declared or {})
    for name, job in (live.fleet.jobs or {}).items():
        row = live.jobs[name]
        tenant = tenants.get(row.schema or "") if row.kind != "other" else None
        loads = tenant is not None and tenant.automatic
        if _serves(row, tenants) if loads else declared is None and row.schema not in gone:
            wanted.setdefault(name, job)
    feeds = [
        SizedFeed(
            FeedRow(tenant.name, template, feed.connection),
            rows.get((tenant.name, template)),
            at_work=tenant.disabled is None and tenant.automatic,
        )
        for tenant in tenants.values()
        for template, feed in tenant.feeds.items()
    ]
    proposals = lay_out([*live.others, *(_as_row(job) for job in wanted.values())], feeds)
    return wanted | {item.name: Job(item.name, item.schedule, item.command) for item in proposals}


def declared(live: Live) -> Fleet:
    """The live fleet as a file declares it: without the jobs that Tenantry lays out by itself.

    A tenant that lacks such jobs is not automatic, and all its jobs are listed.
    """
    fleet = live.fleet
    tenants, jobs = fleet.tenants or {}, fleet.jobs or {}
    feeds = [
        SizedFeed(FeedRow(tenant.name, template, feed.connection))
        for tenant in tenants.values()
        for template, feed in tenant.feeds.items()
    ]
    if live.cron is None:
        return fleet
    lacking = {item.feed.schema for item in lay_out([*live.others, *live.jobs.values()], feeds)}
    known = {(item.feed.schema, item.feed.template): item.feed for item in feeds}

    def usual(name: str, job: Job) -> bool:
        row = live.jobs[name]
        feed = known.get((row.schema or "", row.template or ""))
        if feed is None or row.schema in lacking or not job.active:
            return False
        return is_usual(name, job.schedule, job.command, row.kind, feed)

    return replace(
        fleet,
        tenants=fleet.tenants
        and {name: replace(tenant, automatic=name not in lacking) for name, tenant in tenants.items()},
        jobs={name: job for name, job in jobs.items() if not usual(name, job)} or None,
        automatic=True,
    )


def _serves(job: table.Job, tenants: Mapping[str, Tenant]) -> bool:
    """Whether what a job loads is a future feed, through its future connection."""
    feeds = tenants[job.schema or ""].feeds
    if job.template is None:
        return True
    return job.template in feeds and job.connection in (None, feeds[job.template].connection)


def _as_row(job: Job) -> table.Job:
    about = subject(job.command)
    return table.Job(
        0,
        job.name,
        job.schedule,
        job.command,
        job.active,
        "",
        OWNER,
        about.kind,
        about.template,
        about.schema,
        about.connection,
    )
