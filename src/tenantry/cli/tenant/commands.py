"""`tenantry tenant`: take in tenants, look at them, and change where their data come from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from tenantry.cli.interrupted import tell
from tenantry.cli.options import AsJson, Jobs, Pause, ended_or_today
from tenantry.cli.output import data, human_bytes, print_json, print_table, step
from tenantry.cli.target import warehouse
from tenantry.cli.tenant.life import Name, disable, drop, enable, rebuild
from tenantry.cli.tenant.rotate import rotate
from tenantry.core import advice
from tenantry.core.errors import InputError, SliceError

if TYPE_CHECKING:
    from tenantry.loader.add_tenant import Added

app = typer.Typer(help="Take in tenants, look at them, let them rest, and drop them.", no_args_is_help=True)


@app.command()
def add(
    name: Name,
    source: Annotated[
        str,
        typer.Option(
            metavar="CONNINFO",
            help="The tenant's own database: 'host=… port=… dbname=… user=…', without the password. "
            "The warehouse's server must reach it.",
        ),
    ],
    connection: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What to call the connection. Default: like the tenant."),
    ] = None,
    template: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A template to load; may be given several times. Default: foodlogstats.",
        ),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORD=VALUE",
            help="A libpq word, or a setting of the session such as pooler=true. May be given several times.",
        ),
    ] = None,
    password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file that holds the source's password.")
    ] = None,
    first: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DAY",
            help="First day (UTC): YYYY-MM-DD. Default: January 1st of the source's first year.",
        ),
    ] = None,
    jobs: Jobs = 2,
    pause: Pause = 0.0,
    convert: Annotated[bool, typer.Option(help="Fold years that are over into yearly tables.")] = True,
    schedule: Annotated[
        bool, typer.Option(help="Make the jobs that keep the tenant up to date, where there is a cron.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Take in a tenant: schema, connection, all days, views, yearly tables, a comparison with the source, and jobs.

    The password of the source comes from --password-file, from
    TENANTRY_SOURCE_PASSWORD, or is asked for; a stored one is kept. Without an
    sslmode the line gets the safest that works.

    It can be stopped and run again: it goes on where it was. Run for a tenant
    that is in, it stores the address given, loads what is missing and compares
    with the source again.

    At the end it gets the jobs that it lacks, as by tenantry schedule install;
    not while days are missing.

    Ends with 1 if the source does not answer, days are missing, or rows are not
    as at the source.
    """
    from tenantry.cli.progress import LoadProgress
    from tenantry.cli.tenant.source import changed, parse, read_password
    from tenantry.db.connect import session
    from tenantry.flow.source import connection as connections
    from tenantry.flow.tenant import schema as tenants
    from tenantry.loader.add_tenant import Added, Newcomer
    from tenantry.loader.run import Limits
    from tenantry.warehouse import Interrupted, Warehouse

    tenants.check_name(name)
    begin = ended_or_today(first) if first else None
    address = changed(parse(connection or name, source), options=option or [])
    with warehouse() as conninfo:
        with session(conninfo) as opened:
            stored = connections.find(opened, address.name) is not None
        newcomer = Newcomer(
            name,
            address,
            read_password(password_file, stored=stored),
            template or ["foodlogstats"],
            begin,
            convert,
        )
        with LoadProgress() as progress:
            try:
                added = Warehouse(conninfo).add_tenant(
                    newcomer, schedule=schedule, limits=Limits(jobs, pause), step=step, watcher=progress
                )
            except Interrupted as stop:
                added = Added(name, stop.result)
    if as_json:
        print_json(_summary(added))
    if added.load.interrupted:
        tell(
            "what was stored and loaded is kept. To go on, run the same command: it loads only what is missing."
        )
    failed = [failure for feed in added.load.feeds for failure in feed.failures]
    if not added.load.complete:
        reason = f"; the first: {failed[0].error}" if failed else ""
        raise SliceError(
            f"{name} was taken in, but slices are missing{reason}",
            hint=advice.before(
                "run the same command: it loads only what is missing",
                [failure.sqlstate for failure in failed if failure.of_source],
            ),
        )
    if different := sum(len(verdict.different) + len(verdict.failed) for verdict in added.compared):
        raise SliceError(
            f"{name} was taken in, but {different} {'day differs' if different == 1 else 'days differ'} from the source, or could not be compared",
            hint=f"Which rows differ: tenantry verify {added.load.feeds[0].feed.template} --tenant {name}",
        )
    if not as_json:
        data.print(f"{name} is in. Next: tenantry status", markup=False)


def _summary(added: Added) -> dict[str, Any]:
    """How it went, as JSON."""
    interrupted = {"interrupted": True} if added.load.interrupted else {}
    return interrupted | {
        "tenant": added.tenant,
        "complete": added.load.complete,
        "rows": added.load.rows,
        "seconds": round(added.load.seconds, 3),
        "feeds": [
            {
                "template": item.feed.template,
                "loaded": item.loaded,
                "present": item.present,
                "rows": item.rows,
                "failed": [
                    {"day": f.day, "error": f.error, "sqlstate": f.sqlstate, "of_source": f.of_source}
                    for f in item.failures
                ],
                "not_tried": item.not_tried,
                "source_lost": item.source_lost,
                "not_indexed": [{"table": table.table, "error": table.reason} for table in item.not_indexed],
            }
            for item in added.load.feeds
        ],
        "converted": [year.said for year in added.folded],
        "different_days": [
            {
                "feed": str(verdict.feed),
                "day": day.day,
                "source_rows": day.source_rows,
                "warehouse_rows": day.warehouse_rows,
            }
            for verdict in added.compared
            for day in verdict.different
        ],
        "not_compared": [
            {"feed": str(verdict.feed), "day": day, "error": error}
            for verdict in added.compared
            for day, error in verdict.failed.items()
        ],
        "rows_ahead": {feed.template: rows for feed, rows in added.rows_ahead.items()},
        "jobs": added.jobs,
    }


@app.command("list")
def list_tenants(as_json: AsJson = False) -> None:
    """List the tenants, each with its source, when that one's password was set here, and its templates.

    Template authors see the names alone.
    """
    from tenantry.core.model import AUTHOR
    from tenantry.db.connect import acting, session
    from tenantry.observe import names, status

    with warehouse() as conninfo, session(conninfo) as opened:
        if acting(opened) == AUTHOR:
            known = names.beginning(opened, "tenants", "")
            if as_json:
                print_json([{"name": name} for name in known])
            else:
                print_table(None, ("tenant",), [(name,) for name in known])
            return
        found = status.tenants(opened)
    if as_json:
        print_json(found)
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
    """Show a tenant: its source, and for each of its templates days, rows, size and what is wrong."""
    from tenantry.db.connect import session
    from tenantry.observe import status

    with warehouse() as conninfo, session(conninfo) as opened:
        tenant = next((t for t in status.tenants(opened) if t.name == name), None)
        if tenant is None:
            known = ", ".join(t.name for t in status.tenants(opened)) or "none"
            raise InputError(f'tenant "{name}" does not exist', hint=f"Known tenants: {known}")
        feeds = [feed for feed in status.feeds(opened) if feed.tenant == name]
    if as_json:
        print_json({"tenant": tenant, "feeds": feeds})
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
    """Log in to a tenant's source from the warehouse, and tell who answered.

    NAME may also be that of a connection. Ends with 1 if nobody answers.
    """
    from tenantry.db.connect import session
    from tenantry.flow.source import connection as connections
    from tenantry.observe import status

    with warehouse() as conninfo, session(conninfo) as opened:
        tenant = next((t for t in status.tenants(opened) if t.name == name), None)
        facts = connections.probe(opened, tenant.connection if tenant else name)
    if as_json:
        print_json(facts)
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
            help="The whole address anew: 'host=… port=… dbname=… user=…', without the password.",
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
            help="Another libpq word, such as sslmode=require, or a setting of the session, such as pooler=true; sslmode= "
            "takes it out. May be given several times.",
        ),
    ] = None,
    password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file that holds the source's new password.")
    ] = None,
    password: Annotated[
        bool, typer.Option("--password", help="Ask for a new password on the terminal.")
    ] = False,
    test: Annotated[bool, typer.Option(help="Log in to the source before anything is kept.")] = True,
    as_json: AsJson = False,
) -> None:
    """Rotate the password of a tenant's source, or move it to another host.

    NAME may also be that of a connection. What is not given stays. A new
    password comes from --password-file, from TENANTRY_SOURCE_PASSWORD, or with
    --password from the terminal.

    The source has to let the warehouse in first: if it does not, all stays as
    it was, and the command ends with 1. Then the change is in effect at once,
    in materialized views that are there, too. Loads at work end as they began.
    """
    from tenantry.cli.tenant.source import changed, parse, read_password
    from tenantry.db.connect import session
    from tenantry.flow.source import connection as connections
    from tenantry.flow.source import line

    if source and (host or port or dbname or user or option):
        raise InputError(
            "--source is the whole address",
            hint="Give it, or --host, --port, --dbname, --user and --option.",
        )
    with warehouse() as conninfo, session(conninfo) as opened:
        stored = connections.of_tenant(opened, name)
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
        facts = line_told = None
        if test and source:
            address, facts, line_told = line.store(opened, address, secret)
        elif test:
            facts = connections.replace(opened, address, secret)
        else:
            connections.put(opened, address, secret)
        tenants = connections.users(opened, address.name)
    if as_json:
        print_json(
            {
                "connection": address,
                "password_changed": secret is not None,
                "answered": facts,
                "tenants": tenants,
            }
        )
        return
    where = f"{address.username}@{address.host}:{address.port}/{address.dbname}"
    told = (
        f"PostgreSQL {facts.server_version} answered in {facts.latency * 1000:.0f} ms"
        if facts
        else "not tried"
    )
    if line_told:
        step("line", line_told)
    data.print(
        f"{address.name} is {where}{' with a new password' if secret else ''}: {told}. "
        f"Used by: {', '.join(tenants) or 'no tenant yet'}",
        markup=False,
    )


app.command()(rotate)
app.command()(disable)
app.command()(enable)
app.command()(rebuild)
app.command()(drop)
