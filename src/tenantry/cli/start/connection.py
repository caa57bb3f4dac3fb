"""`tenantry connection`: how sources are reached."""

from __future__ import annotations

from typing import Annotated

import typer

from tenantry.cli import complete
from tenantry.cli.confirm import Yes, confirm
from tenantry.cli.group import Group
from tenantry.cli.options import AsJson, NewSource, PasswordFile, SourceOptions, UnstoredSource
from tenantry.cli.output import data, print_json, print_table
from tenantry.cli.start.candidate import candidate, tell_login, tell_tables
from tenantry.cli.target import open_warehouse
from tenantry.core.errors import InputError

app = typer.Typer(cls=Group, help="Store, test and list connections to sources.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The connection.", autocompletion=complete.tenants)]


@app.command()
def add(
    name: Name,
    source: NewSource,
    password_file: PasswordFile = None,
    option: SourceOptions = None,
    as_json: AsJson = False,
) -> None:
    """Store a connection to a source, if the warehouse can log in to it.

    The password comes from --password-file or TENANTRY_SOURCE_PASSWORD, or is
    asked for. Without an sslmode, the connection gets the safest one that
    works. tenantry tenant edit changes a stored connection.

    Exits with status 1 and stores nothing if the source does not answer.
    """
    wanted = candidate(source, password_file, option, name)
    with open_warehouse() as warehouse:
        if warehouse.connection(name) is not None:
            raise InputError(
                f'connection "{name}" already exists',
                hint=f"To change it: tenantry tenant edit {name} --source …",
            )
        done = warehouse.change_source(wanted.connection, wanted.password, safest=True)
    if as_json:
        print_json(connection=name, address=done.connection, answered=done.answered, line=done.line)
        return
    data.print(f"{name} is stored. Next: tenantry connection test {name}")


@app.command("test")
def look(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A connection or tenant.", autocompletion=complete.tenants),
    ] = None,
    source: UnstoredSource = None,
    password_file: PasswordFile = None,
    option: SourceOptions = None,
    as_json: AsJson = False,
) -> None:
    """Log in to a source, and show what answers and what the login may do.

    Shows the server's version, whether the line is encrypted, whether the login
    can only read, and the tables with a date or timestamp column, which a
    template can pull. Both the warehouse's server and this machine log in.
    --source needs no stored connection, and stores nothing.

    Exits with status 1 if the source does not answer.
    """
    if (name is None) == (source is None):
        raise InputError(
            "give either a connection or --source", hint="To list the connections: tenantry connection list"
        )
    asked = candidate(source, password_file, option) if source else name or ""
    with open_warehouse() as warehouse:
        report = warehouse.look_at_source(asked)
    if as_json:
        print_json(connection=name, source=report)
        return
    tell_login(report)
    tell_tables(report.tables)


@app.command("list")
def list_connections(as_json: AsJson = False) -> None:
    """List the connections: address, date of the stored password, and tenants."""
    with open_warehouse() as warehouse:
        found = warehouse.connections()
    if as_json:
        print_json(connections=found)
        return
    print_table(
        None,
        ("connection", "source", "password set", "tenants"),
        [
            (
                item.connection.name,
                f"{item.connection.username}@{item.connection.host}:{item.connection.port}/{item.connection.dbname}",
                f"{item.password_set_at:%Y-%m-%d}" if item.password_set_at else None,
                ", ".join(item.tenants) or None,
            )
            for item in found
        ],
    )


@app.command()
def drop(name: Name, yes: Yes = False, as_json: AsJson = False) -> None:
    """Drop a connection that no tenant uses, with its stored password.

    Exits with status 2 and drops nothing if a tenant uses it.
    """
    with open_warehouse() as warehouse:
        address = warehouse.connection_of(name)
        confirm(f"Drop connection {address.name} and its stored password?", yes=yes)
        dropped = warehouse.drop_connection(name)
    if as_json:
        print_json(connection=name, address=dropped)
    else:
        data.print(f"{name} is dropped")
