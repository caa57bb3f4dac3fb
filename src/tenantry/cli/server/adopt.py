"""`tenantry adopt`: take over a warehouse that runs by the operations manual's own scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli.confirm import Yes, confirm
from tenantry.cli.options import AsJson
from tenantry.cli.output import data, notes, print_json, step
from tenantry.cli.target import administrator
from tenantry.core.errors import InputError

if TYPE_CHECKING:
    from tenantry.db.adopt import Feed, Plan


def adopt(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done, without changing anything.")
    ] = False,
    connection: Annotated[
        list[str] | None,
        typer.Option(metavar="TENANT=NAME", help="The connection that loads a tenant's schema, where that cannot be told."),
    ] = None,
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="How long to wait for running jobs to end.")
    ] = 0,
    undo: Annotated[bool, typer.Option("--undo", help="Take the adoption back.")] = False,
    finish: Annotated[
        bool,
        typer.Option("--finish", help="Remove the last passwords from definitions, and what was kept for --undo."),
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Take over a warehouse that runs by the operations manual's own scripts.

    Nothing is pulled from a source, and nothing is lost: connections, templates,
    tenants and days are recorded as they are in the database, passwords move to
    where only whadmin can use them, and tables and views get whadmin as their
    owner. Reports go on. Jobs are held for a moment, then go on under the same
    names. If the command is killed, run it again.

    Until tenantry adopt --finish, tenantry adopt --undo brings the old
    functions, tables, views, rights and jobs back.

    Connect as the server's administrator: --dsn, or TENANTRY_ADMIN_DSN. whadmin
    must be able to log in: set TENANTRY_WHADMIN_PASSWORD, or use a passfile.
    """
    from tenantry.db import adopt as adoption
    from tenantry.db.connect import session

    if dry_run + undo + finish > 1:
        raise InputError("--dry-run, --undo and --finish exclude each other")
    chosen = _chosen(connection or [])
    with administrator(installed=False) as (conninfo, _), session(conninfo, role=None) as opened:
        if undo:
            confirm("Bring the old functions, views and jobs back?", yes=yes)
            adoption.undo(opened)
            step("adopt", "taken back: the warehouse is as it was")
        elif finish:
            confirm("Drop what was kept for --undo?", yes=yes)
            adoption.finish(opened, {}, lambda left: notes.print(f"{left} daily views still hold a password"))
            step("adopt", "finished: no definition holds a password")
        else:
            if not adoption.begun(opened):
                plan = adoption.plan(opened, chosen)
                if as_json:
                    print_json({"dry_run": dry_run, "plan": plan})
                else:
                    _tell(plan)
                if dry_run:
                    return
                confirm("Adopt this warehouse?", yes=yes)
            elif dry_run:
                data.print("An adoption has begun. Go on with it: tenantry adopt")
                return
            adoption.run(opened, {}, chosen, wait, lambda line: step("adopt", line))
            data.print("Next: tenantry doctor")
            data.print("Then: tenantry adopt --finish, or tenantry adopt --undo")


def _chosen(given: list[str]) -> dict[str, str]:
    pairs = [item.partition("=") for item in given]
    for tenant, sign, name in pairs:
        if not (tenant and sign and name):
            raise InputError(
                f'"{tenant}{sign}{name}" is not TENANT=NAME', hint="For example: --connection acme=acme_conn"
            )
    return {tenant: name for tenant, _, name in pairs}


def _tell(plan: Plan) -> None:
    data.print(f"Connections, with their passwords: {', '.join(plan.connections)}")
    data.print(f"Templates: {', '.join(plan.templates)}")
    for feed in plan.feeds:
        data.print(f"{feed.tenant}.{feed.template}")
        for line in _about(feed):
            data.print(f"  {line}")
    for job in plan.jobs:
        data.print(f"Job {job.name}: {'held for a moment, then goes on' if job.active else 'paused, stays so'}")
    for function in plan.functions:
        data.print(f"Function {function}: goes on, with whadmin's rights")
    for left in plan.left:
        data.print(f"Left alone: {left.name}: {left.why}")


def _about(feed: Feed) -> list[str]:
    lines = []
    if feed.connection:
        lines.append(f"connection {feed.connection}")
    else:
        candidates = ", ".join(feed.candidates) or "none of the connections fits"
        lines.append(f"connection unknown ({candidates}): say --connection {feed.tenant}=NAME")
    if feed.days:
        lines.append(f"{feed.days} days from {feed.first_day} to {feed.last_day}")
    if feed.gaps:
        lines.append(f"{feed.gaps} days between them are missing, and stay missing until tenantry backfill")
    if feed.years:
        lines.append(f"folded years: {', '.join(map(str, feed.years))}")
    if feed.secrets:
        lines.append(f"{feed.secrets} definitions hold a password, until tenantry adopt --finish")
    return lines
