"""`tenantry template`: what to pull, and how its slices are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli.confirm import Yes, confirm
from tenantry.cli.group import Group
from tenantry.cli.options import AsJson, Template, Tenants
from tenantry.cli.output import data, human_bytes, notes, print_json, print_table, raise_failures
from tenantry.cli.target import warehouse
from tenantry.cli.template import file, source
from tenantry.core.errors import DatabaseError, InputError, TenantryError

if TYPE_CHECKING:
    from tenantry.flow.slice import move

app = typer.Typer(cls=Group, help="Write, check, try and load templates.", no_args_is_help=True)
app.command("new")(source.new)
app.command("lint")(file.lint)
app.command("test")(source.try_template)
app.command("load")(file.load)
app.command("edit")(file.edit)


@app.command("list")
def list_templates(as_json: AsJson = False) -> None:
    """List the templates: storage, tenants, and number of outdated days."""
    from tenantry.db.connect import session
    from tenantry.flow.template import stored as templates

    with warehouse() as conninfo, session(conninfo) as opened:
        found = templates.stored(opened)
    if as_json:
        print_json(found)
        return
    print_table(
        None,
        ("template", "storage", "time column", "tenants#", "days#", "out of date#", "description"),
        [
            (t.name, t.storage, t.time_column, len(t.tenants), t.days, t.outdated_days, t.description)
            for t in found
        ],
    )


@app.command()
def show(
    template: Template,
    as_file: Annotated[
        bool,
        typer.Option("--file", help="Print only its text: a query with a header, as template load reads it."),
    ] = False,
    as_sql: Annotated[
        bool,
        typer.Option(
            "--sql", help="Print only its text: an INSERT statement, as psql and template load read it."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show a template: its text, its tenants, and its outdated days.

    With --file or --sql, prints only the text, for you to keep in a file.
    Loading that file changes nothing.
    """
    from tenantry.db.connect import session
    from tenantry.flow.template import file as files
    from tenantry.flow.template import insert
    from tenantry.flow.template import stored as templates

    if as_file + as_sql + as_json > 1:
        raise InputError("--file, --sql and --json cannot be combined", hint="Give one of them.")
    with warehouse() as conninfo, session(conninfo) as opened:
        text = templates.get(opened, template)
        facts = next(t for t in templates.stored(opened) if t.name == template)
        outdated = templates.outdated(opened, template)
    if as_json:
        print_json({**asdict(facts), **asdict(text), "outdated": outdated})
    elif as_sql:
        data.print(insert.write(text), end="", markup=False)
    elif as_file:
        data.print(files.as_file(text), end="", markup=False)
    else:
        data.print(files.as_file(text), markup=False)
        data.print(
            f"Used by {', '.join(facts.tenants) or 'no tenant'}; {facts.days:,} days loaded. "
            f"Changed {facts.updated_at:%Y-%m-%d %H:%M} UTC.",
            markup=False,
        )
        file.tell_outdated(template, outdated)


@app.command()
def drop(
    template: Template,
    with_data: Annotated[
        bool, typer.Option("--with-data", help="Also drop the tenants' data for it. This cannot be undone.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Drop a template.

    A template that tenants use is refused, and the tenants are named. With
    --with-data, their days of it are shown, and dropped once you have typed the
    template's name. The template's jobs go first. Then each tenant is taken out
    of the public view, so that reports on the others continue. The view itself
    goes last. The tenants, and their other templates, stay. If the command was
    interrupted, run it again.

    Keep the text first: tenantry template show NAME --file. A template that
    comes with the program returns with the next tenantry init.

    Exits with status 2 and drops nothing if tenants use the template and you
    did not give --with-data, or if other people's views read its data.
    """
    from tenantry.core.model import OWNER
    from tenantry.db.connect import acting, session
    from tenantry.flow.template import drop as template_drop
    from tenantry.flow.template import stored as templates

    with warehouse() as conninfo, session(conninfo) as opened:
        if acting(opened) != OWNER:
            templates.require(opened, template)
            confirm(f"To drop it, type its name ({template})", yes=yes, expected=template)
            template_drop.drop_unused(opened, template)
            if as_json:
                print_json({"template": template, "dropped": [], "jobs": []})
            else:
                data.print(f"{template} is dropped")
            return
        uses = template_drop.uses(opened, template)
        if uses and not with_data:
            names = ", ".join(f"{use.tenant} ({use.days:,} days, {use.rows:,} rows)" for use in uses)
            raise InputError(
                f'template "{template}" is used by {names}',
                hint="To drop their days of it as well: --with-data.",
            )
        template_drop.refuse_readers(opened, template)
        jobs = template_drop.its_jobs(opened, template)
        for use in uses:
            size = human_bytes(use.bytes)
            notes.print(f"{use.tenant}: {use.days:,} days, {use.rows:,} rows, {size}", markup=False)
        if jobs:
            notes.print(f"jobs: {', '.join(map(str, jobs))}", markup=False)
        confirm(f"This cannot be undone. To drop it, type its name ({template})", yes=yes, expected=template)
        template_drop.drop(opened, template, [use.tenant for use in uses])
    if as_json:
        print_json({"template": template, "dropped": uses, "jobs": [str(job) for job in jobs]})
    else:
        data.print(f"{template} is dropped" + (f", with the days of {len(uses)} tenants" if uses else ""))


@app.command()
def set_storage(
    template: Template,
    storage: Annotated[
        str,
        typer.Argument(
            metavar="STORAGE",
            help="matview (a materialized view per day) or partition (rows of a partitioned table).",
        ),
    ],
    tenant: Tenants = None,
    as_json: AsJson = False,
) -> None:
    """Move tenants to the other storage, without loading from their sources.

    Without --tenant, moves all tenants, and new tenants start in that storage.
    Each year is copied and compared day by day, and everything is swapped in
    one short transaction. Reports continue meanwhile and see every row once.
    Loads continue while years are copied, and wait while they are compared.

    The old storage is kept aside until tenantry template drop-old. Until then a
    tenant needs twice its space.

    You can stop it at any time; run it again to continue. Exits with status 1
    if a tenant could not be moved; the others are.
    """
    from tenantry.cli.progress import MoveProgress
    from tenantry.db.connect import session
    from tenantry.flow.slice import move

    results: list[move.Moved] = []
    failures: list[tuple[str, TenantryError]] = []
    with warehouse() as conninfo:
        for name in _chosen(conninfo, template, storage, tenant):
            try:
                with (
                    session(conninfo, name="tenantry move") as opened,
                    MoveProgress(f"{name}.{template}") as progress,
                ):
                    results.append(move.run(opened, template, storage, name, progress))
            except (DatabaseError, InputError) as error:
                failures.append((name, error))
    if as_json:
        print_json({"moved": results, "failed": {name: error.message for name, error in failures}})
    else:
        print_table(
            None,
            ("tenant", "storage", "moved", "years#", "rows#", "days copied again#", "seconds#"),
            [
                (r.tenant, r.storage, r.moved, r.years, r.rows, r.days_again, f"{r.seconds:.1f}")
                for r in results
            ],
        )
    raise_failures(failures)


def _chosen(conninfo: str, template: str, storage: str, names: Sequence[str] | None) -> list[str]:
    from tenantry.db.connect import session
    from tenantry.flow.slice import move

    with session(conninfo) as opened:
        if not names:
            return move.plan(opened, template, storage)
        return [
            tenant for name in dict.fromkeys(names) for tenant in move.plan(opened, template, storage, name)
        ]


@app.command()
def drop_old(template: Template, tenant: Tenants = None, as_json: AsJson = False) -> None:
    """Drop the old storage that set-storage kept aside.

    Without --tenant, drops that of all tenants.
    """
    from tenantry.db.connect import session
    from tenantry.flow.slice import move
    from tenantry.flow.slice.feed import list_feeds
    from tenantry.flow.template import stored as templates

    dropped: dict[str, int] = {}
    with warehouse() as conninfo, session(conninfo) as opened:
        templates.require(opened, template)
        names = [feed.schema for feed in list_feeds(opened, template)] if tenant is None else tenant
        for name in dict.fromkeys(names):
            dropped[name] = move.drop_old(opened, template, name)
    if as_json:
        print_json({"dropped": dropped})
    else:
        print_table(None, ("tenant", "relations dropped#"), dropped.items())
