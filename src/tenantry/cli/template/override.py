"""`tenantry override`: a tenant's own query of a template."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli import complete
from tenantry.cli.group import Group
from tenantry.cli.options import AsJson, Template, ended_or_today
from tenantry.cli.output import data, notes, print_json, print_table, raise_failures, step
from tenantry.cli.shapes import failures_of_tenants
from tenantry.cli.target import open_warehouse
from tenantry.cli.template.file import show_findings
from tenantry.core.errors import TenantryError
from tenantry.core.model import Template as Stored
from tenantry.core.model import TemplateFile
from tenantry.core.words import count

if TYPE_CHECKING:
    from tenantry.flow.template.override import Tried

app = typer.Typer(
    cls=Group,
    help="Give a tenant its own query of a template, for a source that differs.",
    no_args_is_help=True,
)

Tenant = Annotated[str, typer.Argument(metavar="TENANT", help="The tenant.", autocompletion=complete.tenants)]
Day = Annotated[
    str, typer.Option(metavar="DAY", help="The day (UTC) to try: YYYY-MM-DD, today or yesterday.")
]
Timeout = Annotated[
    int, typer.Option(metavar="SECONDS", min=1, max=3600, help="Maximum time for each query to the source.")
]


@app.command("set")
def set_override(
    template: Template,
    tenant: Tenant,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File that holds only the query.")],
    day: Day = "yesterday",
    timeout: Timeout = 60,
    as_json: AsJson = False,
) -> None:
    """Query a tenant's source with its own query instead of the template's.

    For a source whose tables or columns have other names. The query is linted,
    and tried at that source on one day. It must return the template's columns:
    the same names and types, in the same order. It uses the template's
    placeholders.

    From then on, every load, refresh and comparison of this tenant uses it.
    Days that are already loaded become outdated: tenantry backfill --outdated
    loads them again.

    Exits with status 1 and stores nothing if the query has errors, the source
    refuses it, or it returns other columns.
    """
    from tenantry.warehouse.files import read_query

    text = read_query(file)
    with open_warehouse() as warehouse:
        findings = warehouse.lint_override(template, text, str(file))
        about = TemplateFile(Stored(template, text, ""), str(file))
        show_findings([(about, finding) for finding in findings], notes)
        tried = warehouse.set_override(
            template, tenant, text, ended_or_today(day), timeout=timeout, origin=str(file)
        )
        outdated = [old for old in warehouse.template(template).outdated if old.tenant == tenant]
    if as_json:
        print_json(override=tried)
        return
    data.print(_told(tried))
    if outdated and outdated[0].days:
        notes.print(
            f"{count(outdated[0].days, 'day was', 'days were')} loaded with another query. To load them again: "
            f"tenantry backfill {shlex.quote(template)} --tenant {shlex.quote(tenant)} --outdated",
        )


@app.command("list")
def list_overrides(
    template: Annotated[
        str | None,
        typer.Argument(
            metavar="TEMPLATE", help="Only those of this template.", autocompletion=complete.templates
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the tenants that have a query of their own."""
    with open_warehouse() as warehouse:
        found = warehouse.overrides(template)
    if as_json:
        print_json(overrides=found)
        return
    print_table(
        None,
        ("template", "tenant", "changed", "state"),
        [
            (
                o.template,
                o.tenant,
                f"{o.updated_at:%Y-%m-%d}",
                "columns changed" if o.drifted else "ok",
            )
            for o in found
        ],
    )


@app.command()
def show(template: Template, tenant: Tenant, as_json: AsJson = False) -> None:
    """Print a tenant's own query."""
    with open_warehouse() as warehouse:
        found = warehouse.override(template, tenant)
    if as_json:
        print_json(override=found)
    else:
        data.print(found.query.rstrip("\n"))


@app.command()
def check(template: Template, day: Day = "yesterday", timeout: Timeout = 60, as_json: AsJson = False) -> None:
    """Try all own queries of a template again.

    Run it after the columns of the template have changed. Nothing is loaded.

    Exits with status 1 if a query no longer returns the template's columns: the
    next load of that tenant would fail.
    """
    wanted = ended_or_today(day)
    tried: list[Tried] = []
    failures: list[tuple[str, TenantryError]] = []
    with open_warehouse() as warehouse:
        for own in warehouse.overrides(template):
            try:
                tried.append(warehouse.check_override(template, own.tenant, wanted, timeout=timeout))
            except TenantryError as error:
                failures.append((own.tenant, error))
            else:
                step(own.tenant, "returns the template's columns")
    if as_json:
        print_json(
            template=template,
            fine=tried,
            failures=failures_of_tenants(failures),
        )
    elif not failures:
        queries = count(len(tried), "own query returns", "own queries return")
        data.print(f"{queries} the columns of {template}")
    raise_failures(failures)


@app.command()
def drop(template: Template, tenant: Tenant, as_json: AsJson = False) -> None:
    """Query a tenant's source with the template's query again.

    Its days stay, and are outdated until they are loaded again.
    """
    with open_warehouse() as warehouse:
        warehouse.drop_override(template, tenant)
    if as_json:
        print_json(template=template, tenant=tenant)
    else:
        data.print(f"{tenant} uses the query of {template} again")


def _told(tried: Tried) -> str:
    return (
        f"{tried.tenant} has its own query of {tried.template}: {count(tried.rows, 'row')} on {tried.day} in "
        f"{tried.seconds:.2f} s"
    )
