"""`tenantry reader`: logins for reports."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tenantry.cli.confirm import Yes, confirm
from tenantry.cli.group import Group
from tenantry.cli.options import AsJson, Tenants, require_tenants
from tenantry.cli.output import data, notes, print_json, print_table, step
from tenantry.cli.target import administrator, open_warehouse
from tenantry.core.errors import InputError
from tenantry.core.private import read_private
from tenantry.core.words import count

if TYPE_CHECKING:
    from tenantry.core.connect_strings import ConnectStrings
    from tenantry.flow.tenant.reader import Reader

app = typer.Typer(
    cls=Group, help="Manage logins for reports that see all tenants or only some.", no_args_is_help=True
)

_HEAD = ("reader", "reads", "most sessions#", "statement timeout", "sessions#", "password until", "workspace")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The login, which is a role on the server.")]


@app.command()
def add(
    name: Name,
    tenant: Tenants = None,
    everyone: Annotated[
        bool, typer.Option("--all", help="All tenants, including future ones, and the public views.")
    ] = False,
    password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File that holds the login's password.")
    ] = None,
    connections: Annotated[
        int | None, typer.Option(metavar="NUMBER", min=1, help="Maximum number of concurrent sessions.")
    ] = None,
    statement_timeout: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Cancel reports that take longer, such as 5min. The login can change it."
        ),
    ] = None,
    valid_until: Annotated[
        str | None,
        typer.Option(
            metavar="DAY",
            help="The last day (UTC) on which the password is valid: YYYY-MM-DD, or never for no end.",
        ),
    ] = None,
    workspace: Annotated[
        str | None,
        typer.Option(
            metavar="SCHEMA",
            help="Create this schema, in which the login may create tables and views, for dbt and SQLMesh.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create a login for reports, or change which tenants it sees.

    Name the tenants with --tenant. The login then reads their schemas, such as
    acme.foodlogstats, including everything that loads, new templates, folded
    years and moves of storage create there later. In the public views, it sees
    the rows of these tenants and of no others. With --all it reads what
    phood_ro reads.

    An existing reader then sees exactly the tenants given, and keeps its
    password unless you give --password-file. A new reader's password comes from
    that file, or is generated and stored in a file that is named.

    After --valid-until the password no longer works, but open sessions
    continue. tenantry doctor warns fourteen days before.

    A login with --workspace may create tables and views in that schema and
    nowhere else. It cannot open the schema to others; whadmin can.

    Connect as the server's administrator: --dsn, or TENANTRY_ADMIN_DSN.
    """
    from tenantry.db.connect import session
    from tenantry.db.passwords import keep_generated, require_place
    from tenantry.warehouse import Warehouse

    require_tenants(tenant, everyone=everyone)
    end = _end(valid_until)
    given = read_private(password_file) if password_file else None
    if given == "":
        raise InputError(f"{password_file} is empty")
    with administrator() as (conninfo, server):
        warehouse = Warehouse(conninfo)
        stored = any(reader.exists for reader in warehouse.readers() if reader.name == name)
        password = given if given is not None or stored else secrets.token_urlsafe(24)
        if password is not None and given is None and not server:
            require_place()
        made = warehouse.put_reader(
            name,
            None if everyone else tenant,
            password,
            connections=connections,
            statement_timeout=statement_timeout,
            valid_until=end,
            workspace=workspace,
        )
        if password is not None and server:
            server.save_password(name, password)
            notes.print(f'log in with: psql "{server.conninfo(user=name)}"')
        elif password is not None and given is None:
            with session(conninfo, role=None) as opened:
                file = keep_generated(opened, {name: password})
            notes.print(f"the generated password of {name} is in {file} (libpq's pgpass format)")
        reader = warehouse.reader(name)
        strings = warehouse.connect_strings(name)
    if as_json:
        print_json(reader=name, made=made, facts=reader, connect_strings=strings)
    else:
        step("reader", f"{name} {'created' if made else 'changed'}: reads {_seen(reader)}{_makes(reader)}")
        _print_strings(strings)


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show what a reader sees, its limits, and how other programs connect as it.

    The connection strings have the address and the sslmode of your own login.
    They hold no password: each program asks for it in its own way.
    """
    with open_warehouse() as warehouse:
        reader, strings = warehouse.reader(name), warehouse.connect_strings(name)
    if as_json:
        print_json(reader=name, facts=reader, connect_strings=strings)
        return
    print_table(None, _HEAD, [_line(reader)])
    data.print()
    _print_strings(strings)


@app.command("list")
def list_readers(as_json: AsJson = False) -> None:
    """List the readers: what they see, their limits, and their open sessions."""
    with open_warehouse() as warehouse:
        found = warehouse.readers()
    if as_json:
        print_json(readers=found)
        return
    if not found:
        data.print("No readers except phood_ro. Next: tenantry reader add NAME --tenant TENANT")
        return
    print_table(None, _HEAD, map(_line, found))


@app.command()
def drop(
    name: Name,
    drop_workspace: Annotated[
        bool,
        typer.Option("--drop-workspace", help="Also drop what its workspace holds. This cannot be undone."),
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Drop a reader: end its sessions, and remove its rights and its login.

    An empty workspace is dropped, too. If the workspace holds something, the
    command refuses unless you give --drop-workspace.

    Roles that are not readers are refused. Asks first; without a terminal, give
    --yes. Connect as the server's administrator: --dsn, or TENANTRY_ADMIN_DSN.
    """
    from tenantry.warehouse import Warehouse

    with administrator() as (conninfo, _):
        warehouse = Warehouse(conninfo)
        reader = warehouse.reader(name)
        notes.print(
            f"{name} reads {_seen(reader)}; {count(reader.sessions, 'session is', 'sessions are')} open",
        )
        and_what = (
            f", and everything in schema {reader.workspace}" if drop_workspace and reader.workspace else ""
        )
        confirm(f"Drop reader {name}{and_what}?", yes=yes)
        warehouse.drop_reader(name, drop_workspace=drop_workspace)
    if as_json:
        print_json(reader=name)
    else:
        step("reader", f"{name} dropped")


def _end(day: str | None) -> datetime | Literal["infinity"] | None:
    """The moment at which a password expires: the end of the given day. Raises InputError for an invalid or past day."""
    if day is None:
        return None
    if day == "never":
        return "infinity"
    try:
        end = datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), UTC)
    except (ValueError, OverflowError):
        raise InputError(f"{day!r} is not a day", hint="Write it as 2027-12-31, or never.") from None
    if end <= datetime.now(UTC):
        raise InputError(f"{day} has passed: the password would not be valid")
    return end


def _line(reader: Reader) -> tuple[object, ...]:
    """A reader as a row below `_HEAD`."""
    return (
        reader.name if reader.exists else f"{reader.name} (the role is gone)",
        _seen(reader),
        reader.connections if reader.connections >= 0 else None,
        reader.statement_timeout,
        reader.sessions,
        reader.valid_until,
        reader.workspace,
    )


def _print_strings(strings: ConnectStrings) -> None:
    """Print how each kind of program connects, on a line each that can be copied."""
    for kind, string in (
        ("libpq", strings.libpq),
        ("URI", strings.uri),
        ("JDBC", strings.jdbc or "none: pgjdbc cannot use a Unix socket"),
        ("ODBC", strings.odbc or "none: psqlodbc cannot name a login or database like this"),
        ("SQLAlchemy", strings.sqlalchemy),
    ):
        data.print(f"{kind:<11}{string}")


def _makes(reader: Reader) -> str:
    return f"; may create tables and views in {reader.workspace}" if reader.workspace else ""


def _seen(reader: Reader) -> str:
    return "all tenants" if reader.tenants is None else ", ".join(reader.tenants) or "nothing"
