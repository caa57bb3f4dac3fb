"""`tenantry watch`: look for what is wrong, and tell it."""

from __future__ import annotations

from typing import Annotated

import typer

from tenantry.cli.job.events import Teller, on_signal
from tenantry.cli.options import AsJsonLines
from tenantry.cli.target import open_warehouse


def watch(
    every: Annotated[
        float, typer.Option(metavar="SECONDS", min=5, max=3600, help="Seconds between two looks.")
    ] = 60.0,
    once: Annotated[
        bool, typer.Option("--once", help="Look once, deliver, then exit. For the operating system's cron.")
    ] = False,
    as_json: AsJsonLines = False,
) -> None:
    """Look for what is wrong, and send alerts, until a signal to stop.

    tenantry scheduler does the same beside the jobs. Run this command where
    pg_cron runs the jobs, and on a host that runs no scheduler, to be told if
    no scheduler is left. You can start it on several hosts: one looks at a
    time, and one of them sends each message. Log in as whadmin.

    An alert is a job that failed or is late, a feed that its jobs have not
    loaded in time, a verification that differs, an error of tenantry doctor or
    an old password (checked every 15 minutes; no source is asked), or a
    missing scheduler. Routes say who gets which alerts: tenantry alert add.

    A message stays in the warehouse until the other side has taken it.
    """
    from tenantry.alerts.service import Alerts

    with open_warehouse() as warehouse:
        teller = Teller(as_json)
        alerts = Alerts(warehouse.conninfo, teller, every)
        teller("watches", every=None if once else every)
        if once:
            alerts.once()
            return

        on_signal(alerts.stop)
        alerts.run()
        teller("stopped")
