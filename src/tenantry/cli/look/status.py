"""`tenantry status`: the state of each feed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenantry.cli.options import AsJson, Tenants
from tenantry.cli.output import ago, data, notes, print_json, print_table
from tenantry.cli.target import open_warehouse
from tenantry.cli.watch import Watch, watched
from tenantry.core.words import count

if TYPE_CHECKING:
    from tenantry.warehouse import Warehouse


def status(tenant: Tenants = None, watch: Watch = None, as_json: AsJson = False) -> None:
    """Show the state of each tenant: days, rows, problems and the last load.

    A line is one template of one tenant. Its state counts these days:

    Missing: not loaded, between the feed's first day and yesterday (UTC).
    Failed: the last load failed; rows of an earlier load may still be there.
    Stale: loaded before the day ended.
    Outdated: made before its query or columns were changed.

    tenantry backfill loads missing, failed and stale days, and feeds that were
    never loaded. With --outdated it also loads outdated days. If a tenant is
    disabled, tenantry tenant enable loads its missing days and resumes its
    jobs.

    Exits with status 0 even if something is wrong.
    """
    with open_warehouse() as warehouse:
        watched(watch, lambda: _show(warehouse, tenant, as_json=as_json), as_json=as_json)


def _show(warehouse: Warehouse, names: list[str] | None, *, as_json: bool) -> None:
    feeds = warehouse.status()
    if names:
        warehouse.feeds(tenants=names)  # refuses unknown names
        feeds = [feed for feed in feeds if feed.tenant in names]
    idle = [] if as_json else warehouse.waiting_jobs()
    if as_json:
        print_json(feeds=feeds)
        return
    if not feeds and not names:
        data.print("No tenants yet. Next: tenantry start, which sets up a tenant and a report")
        return
    print_table(
        None,
        ("tenant", "template", "from", "to", "rows#", "state", "last load"),
        [(f.tenant, f.template, f.first_day, f.last_day, f.rows, f.state, ago(f.last_load)) for f in feeds],
    )
    if idle:
        notes.print(
            f"{count(len(idle), 'job is', 'jobs are')} waiting, but no scheduler is running. Start one: tenantry scheduler"
        )
