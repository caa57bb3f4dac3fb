"""`tenantry scheduler`: run the jobs where there is no pg_cron."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated, Any

import typer

from tenantry.cli.job.events import Teller, on_signal
from tenantry.cli.look.metrics import MetricsAddress, MetricsHosts, taking
from tenantry.cli.options import AsJsonLines
from tenantry.cli.target import open_warehouse
from tenantry.core.errors import InputError

_LAST = 15.0
"""Seconds that actions have to stop after the last run has ended; they were told at the signal."""


def scheduler(
    grace: Annotated[
        float,
        typer.Option(metavar="SECONDS", min=0, help="How long runs may continue after a signal to stop."),
    ] = 60.0,
    most: Annotated[
        int,
        typer.Option(
            "--most",
            metavar="NUMBER",
            min=1,
            max=100,
            help="Maximum number of concurrent runs. Each uses one session.",
        ),
    ] = 8,
    once: Annotated[
        bool, typer.Option("--once", help="Run what is due, then exit. For the operating system's cron.")
    ] = False,
    metrics: MetricsAddress = None,
    metrics_host: MetricsHosts = None,
    as_json: AsJsonLines = False,
) -> None:
    """Run the jobs in Tenantry's own schema cron until a signal to stop.

    It also carries out actions, which people ask for with the web console:
    see tenantry action list. A scheduler that stands by does so, too.

    You can start it on several hosts: one leads and the others stand by. If the
    leader dies, another one takes over within 15 seconds. Log in as whadmin.
    Where pg_cron runs the jobs, this command is refused.

    Each time that a job's schedule names (in UTC, by the server's clock) is one
    run in cron.job_run_details. Runs of one job never overlap: the next one
    waits. If no scheduler led for a while, runs up to ten minutes late are made
    up; of older ones only the last is run, if there has been none since.

    A run that was interrupted is started again. Its work and the record of its
    success are one transaction, so it counts once. Only a command that commits
    by itself, such as CALL _wh.refresh_window, may then do its work twice.

    It also looks for what is wrong every minute, and sends alerts to the
    routes that you added with tenantry alert add.

    On SIGTERM or Ctrl-C, no new runs start. Runs in progress have --grace
    seconds to end; then they are cancelled and left to the next scheduler. A
    second signal cancels them at once. Actions are stopped at the first signal
    and left to another worker; what they have committed stays.

    With --metrics, it also serves /metrics for Prometheus, and /healthz and
    /readyz for whatever watches the process.
    """
    from tenantry.actions import Worker
    from tenantry.alerts.service import Alerts

    if once and metrics is not None:
        raise InputError("--once and --metrics exclude each other")
    with ExitStack() as opened:
        taken = opened.enter_context(taking(metrics, metrics_host))
        warehouse = opened.enter_context(open_warehouse())
        tell = Teller(as_json)
        worker = Worker(warehouse, tell, once=once)
        alerts = Alerts(warehouse.conninfo, tell)

        def told(event: str, **facts: Any) -> None:
            tell(event, **facts)
            # From here on, it is clear that this program may serve this warehouse.
            if event in {"leads", "stands by"} and worker.ident is None and not once:
                worker.start()
                alerts.start()

        serving = warehouse.scheduler(told, grace=grace, most=most)
        if taken is not None:
            url = opened.enter_context(
                taken.serving(warehouse, lambda: serving.serves, lambda failure: _tell_failure(tell, failure))
            )
            tell("serves", metrics=url)

        def stop() -> None:
            worker.end()
            alerts.stop()
            serving.stop()

        on_signal(stop)
        try:
            serving.run(once=once)
            if once:
                worker.run()
                alerts.once()
        finally:
            worker.end()
            alerts.end()
            if worker.ident is not None:
                worker.join(min(grace, _LAST))


def _tell_failure(tell: Teller, failure: str | None) -> None:
    """Say that the metrics lack the warehouse, or have it again."""
    tell("no metrics" if failure else "metrics again", error=failure)
