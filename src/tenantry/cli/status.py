"""`tenantry status`: where each feed stands."""

from __future__ import annotations

from tenantry.cli.load import AsJson
from tenantry.cli.output import ago, data, notes, print_json, print_table
from tenantry.cli.target import warehouse
from tenantry.core.model import FeedStatus


def status(as_json: AsJson = False) -> None:
    """Show where each tenant stands: days, rows, what is missing, failed or stale, and the last load.

    A line is one template of one tenant. Missing: days without data between
    its first and its last. Failed: the last load of the day failed; rows of an
    earlier one are still there. Stale: loaded before the day had ended.
    tenantry backfill loads all three. Disabled: tenantry tenant enable loads
    them, and resumes the tenant's jobs.

    Ends with 0 also if something is wrong.
    """
    from tenantry.db.connect import session
    from tenantry.flow import jobs, runs
    from tenantry.observe import status as state

    with warehouse() as conninfo, session(conninfo) as opened:
        feeds = state.feeds(opened)
        idle = jobs.cron(opened) == "own" and runs.leader(opened) is None and jobs.all_jobs(opened)
    if as_json:
        print_json(feeds)
        return
    if not feeds:
        data.print("No tenants yet. Next: tenantry tenant add NAME --source 'host=… dbname=… user=…'")
        return
    print_table(
        None,
        ("tenant", "template", "from", "to", "rows#", "state", "last load"),
        [(f.tenant, f.template, f.first_day, f.last_day, f.rows, _state(f), ago(f.last_load)) for f in feeds],
    )
    if idle:
        notes.print(f"{len(idle)} jobs wait for a scheduler, and none is running: tenantry scheduler")


def _state(feed: FeedStatus) -> str:
    """What is wrong with a feed, and whether its tenant is disabled; or `ok`."""
    wrong = [
        f"{count} {what}"
        for count, what in ((feed.missing, "missing"), (feed.failed, "failed"), (feed.stale, "stale"))
        if count
    ]
    if feed.disabled_at:
        wrong.insert(0, "disabled")
    return ", ".join(wrong) or "ok"
