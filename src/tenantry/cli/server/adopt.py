"""`tenantry adopt`: take over a warehouse that runs by the operations manual's own scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli.confirm import Yes, confirm
from tenantry.cli.options import AsJson
from tenantry.cli.output import data, print_facts, print_json, print_table, step
from tenantry.cli.target import administrator
from tenantry.core.errors import InputError
from tenantry.core.words import spans_of_years

if TYPE_CHECKING:
    import psycopg

    from tenantry.cli.progress import Progress
    from tenantry.db.adopt.jobs import Broken
    from tenantry.db.adopt.plan import Plan


def adopt(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done, without changing anything.")
    ] = False,
    connection: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TENANT=NAME",
            help="The connection that loads a tenant's schema, where that cannot be told.",
        ),
    ] = None,
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="How long to wait for running jobs to end.")
    ] = 0,
    fix_jobs: Annotated[
        bool,
        typer.Option(
            "--fix-jobs", help="Change jobs whose commands call what no longer exists, as shown without it."
        ),
    ] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take the adoption back.")] = False,
    finish: Annotated[
        bool,
        typer.Option(
            "--finish", help="Remove the last passwords from definitions, and what was kept for --undo."
        ),
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Take over a warehouse that runs by the operations manual's own scripts.

    Nothing is pulled from a source, and nothing is lost: connections, templates,
    tenants and days are recorded as they are in the database, passwords move to
    where only whadmin can use them, and tables and views get whadmin as their
    owner. Reports keep working. Jobs are paused briefly, then run under the same
    names. If the command is killed, run it again.

    Until tenantry adopt --finish, tenantry adopt --undo brings the old
    functions, tables, views, rights and jobs back.

    Connect as the server's administrator: --dsn, or TENANTRY_ADMIN_DSN. whadmin
    must be able to log in: set TENANTRY_WHADMIN_PASSWORD, or use a passfile.
    """
    from tenantry.cli.progress import Progress, working
    from tenantry.db.adopt import plan as plans
    from tenantry.db.adopt import run
    from tenantry.db.connect import session

    if dry_run + undo + finish > 1:
        raise InputError("--dry-run, --undo and --finish exclude each other")
    chosen = _chosen(connection or [])
    told: list[str] = []

    def watch(line: str) -> None:
        told.append(line)
        step("adopt", line)

    with administrator(installed=False) as (conninfo, _), session(conninfo, role=None) as opened:
        begun = plans.begun(opened)
        plan = None
        stale: list[Broken] = []
        if undo:
            confirm("Bring the old functions, views and jobs back?", yes=yes)
            with working("taking back"):
                kept = run.undo(opened)
            watch("taken back: the warehouse is as it was")
            for line in kept:
                watch(line)
        elif finish:
            confirm("Drop what was kept for --undo?", yes=yes)
            with Progress() as progress:
                _finish(opened, progress)
            watch("finished: no definition holds a password")
            for name in run.remains(opened):
                watch(f"stays: {name}")
        else:
            if not begun:
                plan = plans.plan(opened, chosen)
                if not as_json:
                    _tell(plan)
            elif dry_run and not as_json:
                data.print("An adoption has begun. Go on with it: tenantry adopt")
            if not dry_run:
                confirm("Adopt this warehouse?", yes=yes)
                with working("adopting"):
                    stale = run.run(opened, chosen, wait, watch, fix_jobs=fix_jobs)
        secrets = run.secrets(opened)
    if as_json:
        print_json(dry_run=dry_run, begun=begun, plan=plan, done=told, broken_jobs=stale, secrets=secrets)
    elif told and not undo and not finish:
        _tell_broken(stale)
        data.print("Next: tenantry doctor")
        data.print("Then: tenantry adopt --finish, or tenantry adopt --undo")
    elif finish:
        data.print("Reports get faster with partitions: tenantry template set-storage TEMPLATE partition")


def _finish(opened: psycopg.Connection, progress: Progress) -> None:
    from tenantry.db.adopt import run

    bar = None
    for left in run.finish(opened):
        bar = bar or progress.bar("making days again without passwords", left, "day")
        bar.reach((bar.total or 0) - left)


def _tell_broken(jobs: list[Broken]) -> None:
    for job in jobs:
        step("warning", f"job {job.name} cannot run any longer: {job.error}")
        if job.replacement:
            data.print(f"Its command in place of the old one (--fix-jobs): {job.replacement}")
        else:
            data.print(f"Write it anew: {job.command}")


def _chosen(given: list[str]) -> dict[str, str]:
    pairs = [item.partition("=") for item in given]
    for tenant, sign, name in pairs:
        if not (tenant and sign and name):
            raise InputError(
                f'"{tenant}{sign}{name}" is not TENANT=NAME', hint="For example: --connection acme=acme_conn"
            )
    return {tenant: name for tenant, _, name in pairs}


def _tell(plan: Plan) -> None:
    print_facts(
        "Recorded", {"connections": ", ".join(plan.connections), "templates": ", ".join(plan.templates)}
    )
    print_table(
        "Tenants",
        (
            "tenant",
            "template",
            "connection",
            "days#",
            "first day",
            "last day",
            "missing#",
            "years",
            "passwords#",
        ),
        [
            (
                feed.tenant,
                feed.template,
                feed.connection or f"unknown: say --connection {feed.tenant}=NAME",
                feed.days,
                feed.first_day,
                feed.last_day,
                feed.gaps,
                spans_of_years(feed.years),
                feed.secrets,
            )
            for feed in plan.feeds
        ],
    )
    print_table(
        "Jobs",
        ("job", "meanwhile", "afterwards"),
        [(job.name, "held" if job.active else "paused", "as before") for job in plan.jobs],
        empty="No job calls the warehouse's functions.",
    )
    for function in plan.functions:
        data.print(f"Function {function}: goes on, with whadmin's rights")
    for right in plan.rights:
        data.print(f"Rights: {right.name}: {right.outcome}")
    for left in plan.left:
        data.print(f"Left alone: {left.name}: {left.why}")
