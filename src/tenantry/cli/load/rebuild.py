"""`tenantry rebuild`: pull all data again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli.options import AsJson, Jobs, Pause, Tenants
from tenantry.cli.output import notes, print_json, step
from tenantry.cli.report import report
from tenantry.cli.target import warehouse
from tenantry.core.errors import InputError

if TYPE_CHECKING:
    from tenantry.recovery.rebuild import Estimate


def rebuild(
    tenant: Tenants = None,
    everyone: Annotated[bool, typer.Option("--all", help="All tenants, with all their templates.")] = False,
    jobs: Jobs = 2,
    pause: Pause = 0.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be pulled; pull nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Pull all data again that are not there: after a restore, or after a loss.

    From the first day that each feed held (else January 1st of its source's
    first year) up to today. Then years that were folded are folded again, views
    are made, all rows are compared with the sources, and jobs that a
    restore paused go on. Days that are there are left alone, also if their
    source keeps them no longer. A disabled tenant is pulled as far as it was.

    It can be stopped and run again: it goes on where it was. A tenant whose
    source does not answer keeps no other from being rebuilt; its jobs stay
    paused.

    Ends with 1 if a day is missing or differs from the source; with 130 after
    Ctrl-C.
    """
    from tenantry.cli.progress import LoadProgress
    from tenantry.loader.run import Limits
    from tenantry.recovery import rebuild as rebuilds

    if bool(tenant) == everyone:
        raise InputError("say which tenants", hint="Give --tenant NAME (once or more) or --all.")
    limits = Limits(jobs, pause)
    with warehouse() as conninfo:
        parts = rebuilds.plan(conninfo, None if everyone else tenant)
        estimate = rebuilds.estimate(parts, limits)
        notes.print(_told(estimate))
        if dry_run:
            if as_json:
                print_json({"estimate": estimate})
            return
        with LoadProgress() as progress:
            result = rebuilds.run(conninfo, parts, limits, step, progress)
    if not as_json:
        if result.jobs_resumed:
            step("jobs", f"go on: {', '.join(result.jobs_resumed)}")
        if result.jobs_waiting:
            notes.print(f"still paused: {', '.join(result.jobs_waiting)}", markup=False)
    more = {
        "estimate": estimate,
        "folded": result.folded,
        "jobs_resumed": result.jobs_resumed,
        "jobs_waiting": result.jobs_waiting,
        "left_out": result.left_out,
    }
    report(result.load, as_json=as_json, compared=result.verdicts, more=more)


def _told(estimate: Estimate) -> str:
    if not estimate.days:
        return "No day is missing."
    told = f"{estimate.days:,} {'day is' if estimate.days == 1 else 'days are'} missing"
    if estimate.rows:
        told += f": about {estimate.rows:,} rows, about {_duration(estimate.seconds)} if all are as fast as before"
    return told


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
