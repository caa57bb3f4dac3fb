"""Jobs that the file leaves to Tenantry: three for each feed, at free times, if it has none yet."""

from __future__ import annotations

from collections.abc import Mapping

from tenantry.core.model import OWNER
from tenantry.core.model import Feed as FeedRow
from tenantry.fleet.live import Live
from tenantry.fleet.model import Job, Tenant
from tenantry.flow.job import table
from tenantry.flow.job.subject import subject
from tenantry.schedule.layout import SizedFeed, lay_out

Rows = Mapping[tuple[str, str], int | None]
"""The rows of a feed's last year, by tenant and template."""


def laid_out(
    declared: Mapping[str, Job] | None, live: Live, tenants: Mapping[str, Tenant], rows: Rows
) -> dict[str, Job]:
    """The jobs that should exist: the declared ones, those that already serve `tenants`, and those that are then
    missing.

    If none are declared (None), all jobs that have nothing to do with a tenant stay, too.
    """
    gone = [name for name in live.fleet.tenants or {} if name not in tenants]
    wanted = dict(declared or {})
    for name, job in (live.fleet.jobs or {}).items():
        row = live.jobs[name]
        loads = row.kind != "other" and row.schema in tenants
        if _serves(row, tenants) if loads else declared is None and row.schema not in gone:
            wanted.setdefault(name, job)
    feeds = [
        SizedFeed(
            FeedRow(tenant.name, template, feed.connection),
            rows.get((tenant.name, template)),
            at_work=tenant.disabled is None,
        )
        for tenant in tenants.values()
        for template, feed in tenant.feeds.items()
    ]
    proposals = lay_out([*live.others, *(_as_row(job) for job in wanted.values())], feeds)
    return wanted | {item.name: Job(item.name, item.schedule, item.command) for item in proposals}


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
