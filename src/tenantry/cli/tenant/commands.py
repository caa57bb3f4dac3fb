"""`tenantry tenant`: add tenants, show them, and change their sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from rich.text import Text

from tenantry.cli import shapes
from tenantry.cli.group import Group
from tenantry.cli.interrupted import tell
from tenantry.cli.options import AsJson, Pause, Sessions, ended_or_today
from tenantry.cli.output import data, human_bytes, print_json, print_table, step
from tenantry.cli.target import open_warehouse
from tenantry.cli.tenant.life import Name, disable, drop, enable, reload
from tenantry.cli.tenant.rotate import rotate
from tenantry.core import advice
from tenantry.core.errors import InputError, SliceError

if TYPE_CHECKING:
    from tenantry.loader.add_tenant import Added

app = typer.Typer(cls=Group, help="Add, show, change, disable and drop tenants.", no_args_is_help=True)


@app.command()
def add(
    name: Name,
    source: Annotated[
        str,
        typer.Option(
            metavar="CONNINFO",
            help="The tenant's own database: 'host=… port=… dbname=… user=…', without the password. The "
            "warehouse's server must be able to reach it.",
        ),
    ],
    connection: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Name of the connection. Default: the tenant's name."),
    ] = None,
    template: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A template to load. Repeatable. Default: foodlogstats.",
        ),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORD=VALUE",
            help="A libpq keyword, or a session setting such as pooler=true. Repeatable.",
        ),
    ] = None,
    password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File that holds the source's password.")
    ] = None,
    first: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DAY",
            help="First day (UTC): YYYY-MM-DD. Default: January 1st of the source's first year.",
        ),
    ] = None,
    sessions: Sessions = 2,
    pause: Pause = 0.0,
    fold: Annotated[bool, typer.Option(help="Fold closed years into yearly tables.")] = True,
    schedule: Annotated[
        bool, typer.Option(help="Create the jobs that keep the tenant up to date, if there is a cron.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Add a tenant: load all of its days, check them, and schedule its jobs.

    Creates the schema and the connection, loads all days, creates the views and
    yearly tables, and compares the rows with the source. At the end it creates
    the missing jobs, as by tenantry schedule install, but not while days are
    missing.

    The source's password comes from --password-file or
    TENANTRY_SOURCE_PASSWORD; otherwise a stored one is kept, or it is asked
    for. Without an sslmode, the connection gets the safest one that works.

    You can stop it at any time; run it again to continue. For an existing
    tenant, it stores the given address, loads what is missing and compares with
    the source again.

    Exits with status 1 if the source does not answer, days are missing, or rows
    differ from the source.
    """
    from tenantry import Interrupted, Limits, Newcomer
    from tenantry.cli.progress import LoadProgress
    from tenantry.cli.tenant.source import changed, parse, read_password
    from tenantry.core.names import check_tenant_name

    check_tenant_name(name)
    begin = ended_or_today(first) if first else None
    address = changed(parse(connection or name, source), options=option or [])
    with open_warehouse() as warehouse:
        stored = warehouse.connection(address.name) is not None
        newcomer = Newcomer(
            name,
            address,
            read_password(password_file, stored=stored),
            template or ["foodlogstats"],
            begin,
            fold,
        )
        with LoadProgress() as progress:
            try:
                added = warehouse.add_tenant(
                    newcomer, schedule=schedule, limits=Limits(sessions, pause), step=step, watcher=progress
                )
            except Interrupted as stop:
                added = cast("Added", stop.so_far)
    if as_json:
        print_json(**_summary(added))
    if added.load.interrupted:
        tell(
            "what was stored and loaded is kept. To continue, run the same command: it loads only what is missing."
        )
    failed = [failure for feed in added.load.feeds for failure in feed.failures]
    if not added.load.complete:
        reason = f"; the first: {failed[0].error}" if failed else ""
        raise SliceError(
            f"{name} was added, but slices are missing{reason}",
            hint=advice.before(
                "run the same command: it loads only what is missing",
                [failure.sqlstate for failure in failed if failure.of_source],
            ),
        )
    if different := sum(len(verdict.different) + len(verdict.failed) for verdict in added.compared):
        raise SliceError(
            f"{name} was added, but {different} {'day differs' if different == 1 else 'days differ'} from the source, or could not be compared",
            hint=f"To see which rows differ: tenantry verify {added.load.feeds[0].feed.template} --tenant {name}",
        )
    if not as_json:
        data.print(f"{name} is added. Next: tenantry status", markup=False)


def _summary(added: Added) -> dict[str, Any]:
    """The outcome, as JSON."""
    return {
        "tenant": added.tenant,
        "load": shapes.load(added.load),
        "folded": [shapes.folded_year(year) for year in added.folded],
        "different_days": shapes.different_days(added.compared),
        "not_compared": shapes.not_compared(added.compared),
        "rows_ahead": shapes.rows_ahead(added.rows_ahead),
        "jobs": added.jobs,
    }


@app.command("list")
def list_tenants(as_json: AsJson = False) -> None:
    """List the tenants: source, date of the stored password, and templates.

    Template authors only see the names.
    """
    from tenantry.core.model import AUTHOR

    with open_warehouse() as warehouse:
        if warehouse.acts_as() == AUTHOR:
            known = warehouse.names("tenants")
            if as_json:
                print_json(tenants=[{"tenant": name} for name in known])
            else:
                print_table(None, ("tenant",), [(name,) for name in known])
            return
        found = warehouse.tenants()
    if as_json:
        print_json(tenants=found)
        return
    print_table(
        None,
        ("tenant", "connection", "source", "password set", "templates", "state"),
        [
            (
                t.name,
                t.connection,
                t.source or "connection is missing",
                f"{t.password_set_at:%Y-%m-%d}" if t.password_set_at else None,
                ", ".join(f"{name}: {how}" if how != "ok" else name for name, how in t.feeds.items()),
                t.state,
            )
            for t in found
        ],
    )


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show a tenant: its source, and the days, rows, size and state of each template."""
    with open_warehouse() as warehouse:
        tenant = warehouse.tenant(name)
        feeds = warehouse.status(name)
    if as_json:
        print_json(tenant=name, facts=tenant, feeds=feeds)
        return
    since = f" since {tenant.created_at:%Y-%m-%d}, from {tenant.source} ({tenant.connection})"
    data.print(Text.assemble((name, "bold"), since))
    if tenant.state != "at work":
        data.print(f"  {tenant.state}", markup=False)
    for feed in feeds:
        data.print(
            f"  {feed.template} ({feed.storage}): {feed.first_day} to {feed.last_day}, {feed.days:,} days, "
            f"{feed.rows:,} rows, {human_bytes(feed.bytes)}; yearly tables: "
            f"{', '.join(map(str, feed.years)) or 'none'}; {feed.state}",
            markup=False,
        )


@app.command("test")
def try_source(name: Name, as_json: AsJson = False) -> None:
    """Log in to a tenant's source from the warehouse, and show which server answers.

    NAME can also be a connection. Exits with status 1 if the source does not
    answer.
    """
    with open_warehouse() as warehouse:
        facts = warehouse.try_source(name)
    if as_json:
        print_json(tenant=name, answered=facts)
        return
    data.print(
        f"PostgreSQL {facts.server_version}, database {facts.database}, {facts.latency * 1000:.0f} ms, "
        f"{'read only' if facts.read_only else 'NOT read only'}, {facts.time_zone}, {facts.settings} settings read back"
    )


@app.command()
def edit(
    name: Name,
    source: Annotated[
        str | None,
        typer.Option(
            metavar="CONNINFO",
            help="The whole new address: 'host=… port=… dbname=… user=…', without the password.",
        ),
    ] = None,
    host: Annotated[str | None, typer.Option(help="The new host, as the warehouse's server sees it.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The new port.")] = None,
    dbname: Annotated[str | None, typer.Option(help="The new database.")] = None,
    user: Annotated[str | None, typer.Option(help="The new user.")] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORD=VALUE",
            help="A libpq keyword such as sslmode=require, or a session setting such as pooler=true. An empty "
            "value (sslmode=) removes it. Repeatable.",
        ),
    ] = None,
    password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File that holds the source's new password.")
    ] = None,
    password: Annotated[
        bool, typer.Option("--password", help="Ask for the new password on the terminal.")
    ] = False,
    test: Annotated[bool, typer.Option(help="Log in to the source before storing anything.")] = True,
    as_json: AsJson = False,
) -> None:
    """Change the password or the address of a tenant's source.

    NAME can also be a connection. What you do not give stays. A new password
    comes from --password-file, from TENANTRY_SOURCE_PASSWORD, or with
    --password from the terminal.

    The warehouse must be able to log in to the source; otherwise nothing
    changes, and the command exits with status 1. The change takes effect at
    once, also in existing materialized views. Loads in progress end as they
    began.
    """
    from tenantry.cli.tenant.source import changed, parse, read_password

    if source and (host or port or dbname or user or option):
        raise InputError(
            "--source cannot be combined with other parts of the address",
            hint="Give either --source, or --host, --port, --dbname, --user and --option.",
        )
    with open_warehouse() as warehouse:
        stored = warehouse.connection_of(name)
        address = (
            parse(stored.name, source)
            if source
            else changed(stored, host=host, port=port, dbname=dbname, user=user, options=option or [])
        )
        secret = read_password(password_file, stored=True, ask=password)
        if address == stored and secret is None:
            raise InputError(
                "there is nothing to change",
                hint="Give an address, --password-file or --password, or set TENANTRY_SOURCE_PASSWORD.",
            )
        done = warehouse.change_source(address, secret, test=test, safest=source is not None)
    if as_json:
        print_json(
            connection=done.connection.name,
            address=done.connection,
            password_changed=secret is not None,
            answered=done.answered,
            tenants=done.tenants,
        )
        return
    address, facts = done.connection, done.answered
    where = f"{address.username}@{address.host}:{address.port}/{address.dbname}"
    told = (
        f"PostgreSQL {facts.server_version} answered in {facts.latency * 1000:.0f} ms"
        if facts
        else "not tried"
    )
    if done.line:
        step("line", done.line)
    data.print(
        f"{address.name} is {where}{' with a new password' if secret else ''}: {told}. "
        f"Used by: {', '.join(done.tenants) or 'no tenant yet'}",
        markup=False,
    )


app.command()(rotate)
app.command()(disable)
app.command()(enable)
app.command()(reload)
app.command()(drop)
