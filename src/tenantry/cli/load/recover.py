"""`tenantry recover`: load everything that is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from tenantry.cli.options import AsJson, Pause, Sessions, Tenants, require_tenants
from tenantry.cli.output import notes, print_json, step
from tenantry.cli.report import report
from tenantry.cli.target import open_warehouse
from tenantry.core.words import count

if TYPE_CHECKING:
    from tenantry.recovery.recover import Estimate, Recovered

_FIELDS = ("folded", "jobs_resumed", "jobs_waiting", "left_out")
"""What a recovery reports besides its load."""


def recover(
    tenant: Tenants = None,
    everyone: Annotated[bool, typer.Option("--all", help="All tenants, with all their templates.")] = False,
    sessions: Sessions = 2,
    pause: Pause = 0.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be loaded without loading it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Load everything that is missing, after a restore or a loss.

    Loads from the first day that each feed held (otherwise January 1st of its
    source's first year) to today. Then it folds years that were folded, creates
    the views, compares all rows with the sources, and resumes the jobs that a
    restore paused. Existing days are left alone, even if their source no longer
    keeps them. A disabled tenant is loaded up to where it was.

    You can stop it at any time; run it again to continue. A tenant whose source
    does not answer does not keep the others waiting. Its jobs stay paused.

    Exits with status 1 if a day is missing or differs from the source; with
    status 130 after Ctrl-C.
    """
    from tenantry import Interrupted, Limits
    from tenantry.cli.progress import LoadProgress

    require_tenants(tenant, everyone=everyone)
    limits = Limits(sessions, pause)
    with open_warehouse() as warehouse:
        work = warehouse.recovery_work(None if everyone else tenant, limits=limits)
        notes.print(_told(work.estimate))
        if dry_run:
            if as_json:
                nothing = dict.fromkeys(("different_days", "not_compared", *_FIELDS), ())
                print_json(load=None, estimate=work.estimate, **nothing)
            return
        with LoadProgress() as progress:
            try:
                result = warehouse.recover(work=work, limits=limits, step=step, watcher=progress)
            except Interrupted as stop:
                result = cast("Recovered", stop.so_far)
    if not as_json:
        if result.jobs_resumed:
            step("jobs", f"resumed: {', '.join(result.jobs_resumed)}")
        if result.jobs_waiting:
            notes.print(f"still paused: {', '.join(result.jobs_waiting)}")
    more = {"estimate": work.estimate, **{name: getattr(result, name) for name in _FIELDS}}
    report(result.load, as_json=as_json, compared=result.verdicts, more=more)


def _told(estimate: Estimate) -> str:
    if not estimate.days:
        return "No days are missing."
    told = f"{count(estimate.days, 'day is', 'days are')} missing"
    if estimate.rows:
        told += f": about {count(estimate.rows, 'row')}, about {_duration(estimate.seconds)} at the previous speed"
    return told


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
