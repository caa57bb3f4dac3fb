"""`tenantry scheduler`: run the jobs where there is no pg_cron."""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from tenantry.cli.options import AsJsonLines
from tenantry.cli.output import notes, print_json_line
from tenantry.cli.target import open_warehouse
from tenantry.core.visible import visible


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
    as_json: AsJsonLines = False,
) -> None:
    """Run the jobs in Tenantry's own schema cron until a signal to stop.

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

    On SIGTERM or Ctrl-C, no new runs start. Runs in progress have --grace
    seconds to end; then they are cancelled and left to the next scheduler. A
    second signal cancels them at once.
    """
    with open_warehouse() as warehouse:
        serving = warehouse.scheduler(_Teller(as_json), grace=grace, most=most)

        def stop(number: int, frame: object) -> None:
            serving.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        serving.run(once=once)


class _Teller:
    """Writes a line per event: time, event, facts."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._lock = threading.Lock()

    def __call__(self, event: str, **facts: Any) -> None:
        now = datetime.now(UTC)
        told = "  ".join(f"{name}={_said(value)}" for name, value in facts.items() if value is not None)
        with self._lock:
            if self._as_json:
                print_json_line(events=[{"at": now, "event": event, "facts": facts}])
            else:
                notes.print(f"{now:%Y-%m-%dT%H:%M:%SZ}  {event}  {told}".rstrip(), hang=2)


def _said(value: Any) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else visible(str(value), lines=False)
