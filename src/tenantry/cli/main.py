"""The program: its commands and what becomes of an error."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.text import Text

from tenantry import __version__
from tenantry.cli import (
    activity,
    backup,
    demo,
    doctor,
    fleet,
    init,
    load,
    reader,
    rebuild,
    schedule,
    scheduler,
    server,
    status,
    template,
    tenant,
    upgrade,
    year,
)
from tenantry.cli import slice as slices
from tenantry.cli.output import notes
from tenantry.cli.target import options
from tenantry.core.errors import TenantryError

_HELP = """One PostgreSQL warehouse for many tenants: load, refresh, unite and report.

A tenant's data come from a database of its own, the source, in slices: one
UTC day each. What to pull is a template, such as foodlogstats.

To look around: tenantry demo. For a warehouse of your own: tenantry init,
then tenantry tenant add.

Data go to standard output; steps, progress and errors to standard error.
"""

app = typer.Typer(
    name="tenantry",
    help=_HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("init")(init.init)
app.add_typer(tenant.app, name="tenant")
app.command("backfill")(load.backfill)
app.command("refresh")(load.refresh)
app.add_typer(slices.app, name="slice")
app.add_typer(year.app, name="year")
app.add_typer(template.app, name="template")
app.add_typer(schedule.app, name="schedule")
app.command("scheduler")(scheduler.scheduler)
app.command("status")(status.status)
app.add_typer(reader.app, name="reader")
app.command("upgrade")(upgrade.upgrade)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("rebuild")(rebuild.rebuild)
app.command("doctor")(doctor.doctor)
app.command("sizes")(activity.sizes)
app.command("logs")(activity.logs)
app.command("queries")(activity.queries)
app.command("plan")(fleet.plan)
app.command("apply")(fleet.apply)
app.command("export")(fleet.export)
app.add_typer(server.app, name="server")
app.command("demo")(demo.demo)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tenantry {__version__}")
        raise typer.Exit


@app.callback()
def before(
    dsn: Annotated[
        str | None,
        typer.Option(
            help="The warehouse: a libpq connection string or URI, or embedded:DIRECTORY for an embedded server. "
            "Default: the first that is set of TENANTRY_DSN, PGSERVICE, tenantry.toml (dsn in its table warehouse), "
            "and PGHOST, PGHOSTADDR, PGPORT, PGDATABASE, PGUSER; else the embedded server of your account.",
            metavar="CONNINFO",
        ),
    ] = None,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error, for a report of a bug.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """One PostgreSQL warehouse for many tenants: load, refresh, unite and report."""
    options.dsn = dsn
    options.debug = debug


def main() -> None:
    """Run the program; known errors are one line, a hint and an exit code."""
    try:
        app()
    except TenantryError as error:
        if options.debug:
            raise
        notes.print(Text.assemble(("error: ", "red"), error.message))
        if error.hint:
            notes.print(f"       {error.hint}", markup=False)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        notes.print("interrupted")
        sys.exit(130)
