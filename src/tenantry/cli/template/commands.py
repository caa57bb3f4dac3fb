"""`tenantry template`: what to pull, and how its slices are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli import complete
from tenantry.cli.confirm import Yes, confirm
from tenantry.cli.group import Group
from tenantry.cli.options import AsJson, Template, Tenants
from tenantry.cli.output import data, human_bytes, notes, print_json, print_table, raise_failures
from tenantry.cli.shapes import failures_of_tenants
from tenantry.cli.target import open_warehouse
from tenantry.cli.template import file, source
from tenantry.core.errors import DatabaseError, InputError, TenantryError
from tenantry.core.words import count

if TYPE_CHECKING:
    from tenantry.flow.slice.move import Moved

app = typer.Typer(cls=Group, help="Write, check, try and load templates.", no_args_is_help=True)
app.command("new")(source.new)
app.command("lint")(file.lint)
app.command("test")(source.try_template)
app.command("load")(file.load)
app.command("edit")(file.edit)


@app.command("list")
def list_templates(as_json: AsJson = False) -> None:
    """List the templates: storage, tenants, own queries, and outdated days."""
    with open_warehouse() as warehouse:
        found = warehouse.templates()
    if as_json:
        print_json(templates=found)
        return
    print_table(
        None,
        (
            "template",
            "storage",
            "time column",
            "tenants#",
            "own query#",
            "days#",
            "out of date#",
            "description",
        ),
        [
            (
                t.name,
                t.storage,
                t.time_column,
                len(t.tenants),
                len(t.own_queries),
                t.days,
                t.outdated_days,
                t.description,
            )
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
    from tenantry.warehouse import files

    if as_file + as_sql + as_json > 1:
        raise InputError("--file, --sql and --json cannot be combined", hint="Give one of them.")
    with open_warehouse() as warehouse:
        found = warehouse.template(template)
    text, facts = found.text, found.stored
    if as_json:
        print_json(
            template=template,
            text=text,
            facts=facts,
            outdated=found.outdated,
            own_queries=found.own_queries,
        )
    elif as_sql:
        data.print(files.template_as_sql(text), end="", raw=True)
    elif as_file:
        data.print(files.template_as_file(text), end="", raw=True)
    else:
        data.print(files.template_as_file(text), raw=True)
        data.print(
            f"Used by {', '.join(facts.tenants) or 'no tenant'}; {count(facts.days, 'day')} loaded. "
            f"Changed {facts.updated_at:%Y-%m-%d %H:%M} UTC.",
        )
        file.tell_own_queries(template, found.own_queries)
        file.tell_outdated(template, found.outdated)


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

    To keep the text, first run tenantry template show NAME --file. For the
    examples that come with the program, tenantry template new --example prints
    it at any time.

    Exits with status 2 and drops nothing if tenants use the template and you
    did not give --with-data, or if other people's views read its data.
    """
    from tenantry.cli.progress import working

    with open_warehouse() as warehouse:
        goods = warehouse.template_goods(template)
        if goods.uses and not with_data:
            raise InputError(
                f'template "{template}" is used by {goods.users}',
                hint="To drop their days of it as well: --with-data.",
            )
        for use in goods.uses:
            size = human_bytes(use.bytes)
            notes.print(f"{use.tenant}: {count(use.days, 'day')}, {count(use.rows, 'row')}, {size}")
        if goods.jobs:
            notes.print(f"jobs: {', '.join(map(str, goods.jobs))}")
        confirm(f"This cannot be undone. To drop it, type its name ({template})", yes=yes, expected=template)
        with working(f"dropping {template}"):
            warehouse.drop_template(template, with_data=with_data)
    if as_json:
        print_json(template=template, dropped=goods.uses, jobs=[str(job) for job in goods.jobs])
    else:
        data.print(
            f"{template} is dropped"
            + (f", with the days of {count(len(goods.uses), 'tenant')}" if goods.uses else "")
        )


@app.command()
def set_storage(
    template: Template,
    storage: Annotated[
        str,
        typer.Argument(
            metavar="STORAGE",
            help="matview (a materialized view for each day), partition (tables of its own for each tenant), "
            "shared (tables for all tenants) or distributed (the same on a Citus cluster).",
            autocompletion=complete.storages,
        ),
    ],
    tenant: Tenants = None,
    as_json: AsJson = False,
) -> None:
    """Move tenants to another storage, without loading from their sources.

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

    results: list[Moved] = []
    failures: list[tuple[str, TenantryError]] = []
    with open_warehouse() as warehouse:
        for name in warehouse.begin_move(template, storage, tenant):
            try:
                with MoveProgress(f"{name}.{template}") as progress:
                    results.append(warehouse.move_tenant(name, template, storage, watch=progress))
            except (DatabaseError, InputError) as error:
                failures.append((name, error))
    if as_json:
        print_json(moved=results, failed=len(failures), failures=failures_of_tenants(failures))
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


@app.command()
def drop_old(template: Template, tenant: Tenants = None, as_json: AsJson = False) -> None:
    """Drop the old storage that set-storage kept aside.

    Without --tenant, drops that of all tenants.
    """
    from tenantry.cli.progress import working

    with open_warehouse() as warehouse, working("dropping"):
        dropped = warehouse.drop_old_storage(template, tenant)
    if as_json:
        print_json(
            dropped=[{"tenant": name, "relations": number} for name, number in dropped.items()],
        )
    else:
        print_table(None, ("tenant", "relations dropped#"), dropped.items(), empty="There is no old storage.")
