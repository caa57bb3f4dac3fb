"""`tenantry status`: where each feed stands."""

from __future__ import annotations

from tenantry.cli.options import AsJson
from tenantry.cli.output import ago, data, notes, print_json, print_table
from tenantry.cli.target import warehouse


def status(as_json: AsJson = False) -> None:
    """Show where each tenant stands: days, rows, what is missing, failed, stale or outdated, and the last load.

    A line is one template of one tenant. Missing: days that are not there, of
    those from its first to yesterday (UTC). Failed: the last load of the day
    failed; rows of an earlier one may still be there. Stale: loaded before the
    day had ended. tenantry backfill loads all three, and whatever was never
    loaded. Outdated: made before the template was changed; tenantry backfill
    --outdated loads these, too. Disabled: tenantry
    tenant enable loads what is missing, and resumes the tenant's jobs.

    Ends with 0 also if something is wrong.
    """
    from tenantry.db.connect import session
    from tenantry.flow.job import runs, table
    from tenantry.observe import status as state

    with warehouse() as conninfo, session(conninfo) as opened:
        feeds = state.feeds(opened)
        idle = table.cron(opened) == "own" and runs.leader(opened) is None and table.all_jobs(opened)
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
        notes.print(f"{len(idle)} jobs wait for a scheduler, and none is running: tenantry scheduler")
