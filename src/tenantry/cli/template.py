"""`tenantry template`: how a template's slices are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli.load import AsJson, Template, Tenants
from tenantry.cli.output import print_json, print_table, raise_failures
from tenantry.cli.target import warehouse
from tenantry.core.errors import DatabaseError, InputError, TenantryError

if TYPE_CHECKING:
    from tenantry.flow import move

app = typer.Typer(help="Change how a template's slices are kept.", no_args_is_help=True)


@app.command()
def set_storage(
    template: Template,
    storage: Annotated[
        str,
        typer.Argument(
            metavar="STORAGE",
            help="matview: a materialized view for each day; or partition: rows of a partitioned table.",
        ),
    ],
    tenant: Tenants = None,
    as_json: AsJson = False,
) -> None:
    """Move tenants from one storage to the other, without asking their sources.

    Without --tenant: all of them, and tenants to come begin in it. Each year
    is copied beside the old one, compared day by day, and all is swapped in
    one short transaction. Reports go on meanwhile and see every row once;
    loads go on while years are copied, and wait while they are compared.

    What was there before stays aside until tenantry template drop-old. Until
    then a tenant needs its space twice.

    Ends with 1 if a tenant could not be moved; the others are. Stop it as you
    like, and run it again to go on.
    """
    from tenantry.cli.progress import MoveProgress
    from tenantry.db.connect import session
    from tenantry.flow import move

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
    from tenantry.flow import move

    with session(conninfo) as opened:
        if not names:
            return move.plan(opened, template, storage)
        return [
            tenant for name in dict.fromkeys(names) for tenant in move.plan(opened, template, storage, name)
        ]


@app.command()
def drop_old(template: Template, tenant: Tenants = None, as_json: AsJson = False) -> None:
    """Drop what set-storage put aside. Without --tenant: of all tenants."""
    from tenantry.db.connect import session
    from tenantry.flow import move
    from tenantry.flow import template as templates
    from tenantry.flow import tenant as tenants

    dropped: dict[str, int] = {}
    with warehouse() as conninfo, session(conninfo) as opened:
        templates.require(opened, template)
        names = [feed.schema for feed in tenants.feeds(opened, template)] if tenant is None else tenant
        for name in dict.fromkeys(names):
            dropped[name] = move.drop_old(opened, template, name)
    if as_json:
        print_json({"dropped": dropped})
    else:
        print_table(None, ("tenant", "relations dropped#"), dropped.items())
