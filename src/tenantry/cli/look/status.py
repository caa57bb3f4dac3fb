"""`tenantry status`: the state of each feed."""

from __future__ import annotations

from tenantry.cli.options import AsJson
from tenantry.cli.output import ago, data, notes, print_json, print_table
from tenantry.cli.target import open_warehouse


def status(as_json: AsJson = False) -> None:
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
        feeds = warehouse.status()
        idle = [] if as_json else warehouse.waiting_jobs()
    if as_json:
        print_json(feeds)
        return
    if not feeds:
        data.print("No tenants yet. Next: tenantry tenant add NAME --source 'host=… dbname=… user=…'")
        return
    print_table(
        None,
        ("tenant", "template", "from", "to", "rows#", "state", "last load"),
        [(f.tenant, f.template, f.first_day, f.last_day, f.rows, f.state, ago(f.last_load)) for f in feeds],
    )
    if idle:
        notes.print(
            f"{len(idle)} jobs are waiting, but no scheduler is running. Start one: tenantry scheduler"
        )
