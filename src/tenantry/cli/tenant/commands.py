"""`tenantry tenant`: add tenants, show them, and change their sources."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from tenantry.cli.group import Group
from tenantry.cli.options import (
    AsJson,
    FirstDay,
    NewSource,
    PasswordFile,
    Pause,
    Sessions,
    SourceOptions,
    WithJobs,
    ended_or_today,
)
from tenantry.cli.output import data, human_bytes, print_facts, print_json, print_table, step
from tenantry.cli.target import open_warehouse
from tenantry.cli.tenant import added
from tenantry.cli.tenant.life import Name, disable, drop, enable, reload
from tenantry.cli.tenant.rotate import rotate
from tenantry.core.days import Span, today_utc
from tenantry.core.errors import InputError

SearchPath = Annotated[
    str | None,
    typer.Option(
        metavar="SCHEMAS",
        help="Schemas in which the source looks up tables: shop,public. Write names with capital letters in "
        "double quotes. An empty value removes the setting.",
    ),
]

app = typer.Typer(cls=Group, help="Add, show, change, disable and drop tenants.", no_args_is_help=True)


@app.command()
def add(
    name: Name,
    source: NewSource,
    connection: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Name of the connection. Default: the tenant's name."),
    ] = None,
    template: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A template to load. Repeatable. Default: the warehouse's only one; for an existing tenant, its own.",
        ),
    ] = None,
    option: SourceOptions = None,
    search_path: SearchPath = None,
    query: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEMPLATE=FILE",
            help="The tenant's own query for a template, for a source that differs; see tenantry override set. "
            "Repeatable.",
        ),
    ] = None,
    password_file: PasswordFile = None,
    first: FirstDay = None,
    last: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="DAY",
            help="Last day (UTC). Later days stay missing, and no jobs are created. Default: today.",
        ),
    ] = None,
    sessions: Sessions = 2,
    pause: Pause = 0.0,
    fold: Annotated[bool, typer.Option(help="Fold closed years into yearly tables.")] = True,
    schedule: WithJobs = True,
    as_json: AsJson = False,
) -> None:
    """Add a tenant: load all of its days, check them, and schedule its jobs.

    Tries each template at the source first: if the source does not answer, or
    lacks the template's tables, nothing is created. tenantry start drafts a
    template from a table of the source.

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
    from tenantry import Limits, Newcomer
    from tenantry.cli.tenant.source import changed, own_queries, parse, read_password
    from tenantry.core.names import check_tenant_name

    check_tenant_name(name)
    begin = ended_or_today(first) if first else None
    end = ended_or_today(last) if last else None
    if begin and end:
        Span(begin, end)
    address = changed(parse(connection or name, source), options=option or [], search_path=search_path)
    wanted = template or [text.partition("=")[0] for text in query or []]
    queries = own_queries(query or [], wanted)
    with open_warehouse() as warehouse:
        stored = warehouse.connection(address.name) is not None
        newcomer = Newcomer(
            name,
            address,
            read_password(password_file, stored=stored),
            wanted,
            begin,
            fold,
            queries,
            end,
        )
        ended = end is not None and end < today_utc() - timedelta(days=1)
        done = added.take_in(
            warehouse, newcomer, schedule=schedule and not ended, limits=Limits(sessions, pause)
        )
    if as_json:
        print_json(**added.summary(done))
    added.require_complete(done)
    if not as_json:
        data.print(f"{name} is added. Next: tenantry status")


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
        empty="No tenants yet. Next: tenantry tenant add NAME --source 'host=… dbname=… user=…'",
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
    print_facts(
        name,
        {
            "since": f"{tenant.created_at:%Y-%m-%d}",
            "source": tenant.source,
            "connection": tenant.connection,
            "state": tenant.state,
        }
        | ({"search_path": tenant.search_path} if tenant.search_path else {})
        | ({"own queries": ", ".join(tenant.own_queries)} if tenant.own_queries else {}),
    )
    for feed in feeds:
        print_facts(
            f"{name}.{feed.template}",
            {
                "state": feed.state,
                "from": feed.first_day,
                "to": feed.last_day,
                "days": feed.days,
                "rows": feed.rows,
                "size": human_bytes(feed.bytes),
                "storage": feed.storage,
                "yearly tables": ", ".join(map(str, feed.years)) or "none",
            },
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
    search_path: SearchPath = None,
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

    if source and (host or port or dbname or user or option or search_path is not None):
        raise InputError(
            "--source cannot be combined with other parts of the address",
            hint="Give either --source, or --host, --port, --dbname, --user, --option and --search-path.",
        )
    with open_warehouse() as warehouse:
        stored = warehouse.connection_of(name)
        address = (
            parse(stored.name, source)
            if source
            else changed(
                stored,
                host=host,
                port=port,
                dbname=dbname,
                user=user,
                options=option or [],
                search_path=search_path,
            )
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
    )


app.command()(rotate)
app.command()(disable)
app.command()(enable)
app.command()(reload)
app.command()(drop)
