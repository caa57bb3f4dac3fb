"""`tenantry slice`: single days."""

from __future__ import annotations

from typing import Annotated

import typer

from tenantry.cli import complete
from tenantry.cli.group import Group
from tenantry.cli.load.load import chosen_feeds, loadable
from tenantry.cli.options import AsJson, Everyone, Pause, Sessions, Template, Tenants
from tenantry.cli.output import human_bytes, print_facts, print_json, print_table
from tenantry.cli.report import report
from tenantry.cli.target import open_warehouse
from tenantry.core.days import Span
from tenantry.core.errors import InputError

app = typer.Typer(cls=Group, help="Show single days, and reload them.", no_args_is_help=True)

First = Annotated[
    str | None, typer.Option("--from", metavar="DAY", help="First day (UTC): YYYY-MM-DD, today or yesterday.")
]
Last = Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day (UTC), inclusive.")]


@app.command("list")
def list_slices(
    template: Template,
    tenant: Tenants = None,
    missing: Annotated[bool, typer.Option("--missing", help="Show missing days.")] = False,
    stale: Annotated[
        bool, typer.Option("--stale", help="Show days that were loaded before they ended.")
    ] = False,
    failed: Annotated[
        bool,
        typer.Option("--failed", help="Show days whose last load failed. Rows of an earlier load are kept."),
    ] = False,
    first: First = None,
    last: Last = None,
    fail: Annotated[bool, typer.Option("--fail", help="Exit with status 1 if any day is listed.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the days of a template, or only those with a problem.

    Without --tenant, lists all tenants. Without --from and --to, lists the days
    from the first loaded one to today. --missing, --stale and --failed can be
    combined; tenantry backfill loads the days that they list. Today does not
    count as missing until tomorrow.

    Exits with status 0 whatever it lists, unless you give --fail.
    """
    begin = loadable(first, template) if first else None
    end = loadable(last, template) if last else None
    if begin and end:
        Span(begin, end)
    anything = not (missing or stale or failed)
    with open_warehouse() as warehouse:
        found = [
            item
            for item in warehouse.slices(warehouse.feeds(template, tenant, disabled=True), begin, end)
            if anything or (missing and item.missing) or (stale and item.stale) or (failed and item.failed)
        ]
    if as_json:
        print_json(slices=found)
    else:
        print_table(
            None,
            ("tenant", "day", "state", "rows#", "loaded", "seconds#", "error"),
            [(s.tenant, s.day, s.state, s.rows, s.loaded_at, _seconds(s.seconds), s.error) for s in found],
            empty="No days." if anything else "No such days.",
        )
    if fail and found:
        raise typer.Exit(1)


@app.command()
def show(
    template: Template,
    day: Annotated[str, typer.Argument(metavar="DAY", help="The day (UTC): YYYY-MM-DD, today or yesterday.")],
    tenant: Annotated[
        str,
        typer.Option(
            "--tenant",
            metavar="NAME",
            help="The tenant, by the name of its schema.",
            autocompletion=complete.tenants,
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Show one day of a tenant: rows, last load, errors, and where it is kept."""
    wanted = loadable(day, template)
    with open_warehouse() as warehouse:
        (feed,) = warehouse.feeds(template, [tenant])
        found = next(iter(warehouse.slices(feed, wanted, wanted)), None)
        if found is None:
            raise InputError(
                f"{feed} {wanted} has no slice yet",
                hint=f"Load it: tenantry refresh {template} --tenant {tenant}",
            )
        where = warehouse.slice_details(feed, wanted)
    if as_json:
        print_json(slice=found, details=where)
        return
    told = {
        "state": found.state,
        "rows": None if found.rows is None else f"{found.rows:,}",
        "loaded": found.loaded_at and f"{found.loaded_at:%Y-%m-%d %H:%M:%S} UTC, in {found.seconds:.3f} s",
        "failed": found.failed_at and f"{found.failed_at:%Y-%m-%d %H:%M:%S} UTC: {found.error}",
        "kept in": where.relation and where.relation + ("" if where.alone else ", together with other days"),
        "size": None if where.bytes is None else human_bytes(where.bytes),
        "digest": where.digest,
        "template": "changed since the load; the next load applies it" if where.current is False else None,
    }
    print_facts(f"{feed} {found.day}", told)


@app.command()
def reload(
    template: Template,
    day: Annotated[
        list[str] | None,
        typer.Argument(metavar="[DAY]...", help="Days (UTC): YYYY-MM-DD, today or yesterday."),
    ] = None,
    tenant: Tenants = None,
    everyone: Everyone = False,
    first: First = None,
    last: Last = None,
    sessions: Sessions = 2,
    pause: Pause = 0.0,
    as_json: AsJson = False,
) -> None:
    """Load days again, and compare them with the source.

    Name the days, or a span with --from and --to, and the tenants with --tenant
    or --all. You do not have to drop anything first: the rows of a day are
    replaced in one step, also inside a yearly table. Until then reports see the
    old rows, which stay if the source fails.

    Exits with status 1 if a day failed, or if a row differs from the source.
    """
    from tenantry import Interrupted, Limits
    from tenantry.cli.progress import LoadProgress
    from tenantry.warehouse.results import Reloaded

    if day and not first and not last:
        wanted = sorted({loadable(text, template) for text in day})
    elif first and not day:
        wanted = list(Span(loadable(first, template), loadable(last or "today", template)))
    elif day:
        raise InputError("days and --from or --to cannot be combined", hint="Give one of them.")
    else:
        raise InputError("no days were named", hint="Name days, or give --from and --to.")
    with chosen_feeds(template, tenant, everyone) as (warehouse, feeds), LoadProgress() as progress:
        try:
            done = warehouse.reload(feeds, wanted, limits=Limits(sessions, pause), watcher=progress)
        except Interrupted as stopped:
            done = Reloaded(stopped.result, ())
    report(done.load, as_json=as_json, compared=done.compared, go_on="run the same command")


def _seconds(seconds: float | None) -> str | None:
    return None if seconds is None else f"{seconds:.3f}"
