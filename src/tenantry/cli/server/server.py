"""`tenantry server`: the embedded PostgreSQL server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli.group import Group
from tenantry.cli.options import AsJson
from tenantry.cli.output import data, print_json
from tenantry.cli.target import embedded_server, options, own_server, target
from tenantry.core.errors import InputError

if TYPE_CHECKING:
    from tenantry.embedded.server import Server

app = typer.Typer(cls=Group, help="Start and stop the embedded PostgreSQL server.", no_args_is_help=True)

Directory = Annotated[
    Path | None,
    typer.Option(
        "--dir",
        metavar="DIRECTORY",
        help="The server's directory. Default: TENANTRY_SERVER_DIR, otherwise one in your data directory.",
    ),
]


def _server(directory: Path | None) -> Server:
    options.begun = True
    if directory is not None:
        return own_server(directory)
    server = embedded_server(target())
    if server is None:
        raise InputError(
            f"the warehouse is not an embedded server (from {target().origin})",
            hint="Name an embedded server with --dir.",
        )
    return server


@app.command()
def start(directory: Directory = None) -> None:
    """Start the server, and keep it running until tenantry server stop.

    Creates the server if there is none. Prints a connection string for psql and
    other clients. Without this command, the server only runs while another
    command uses it.
    """
    server = _server(directory)
    was = server.running
    server.keep()
    data.print(f"{'already running' if was else 'started'}: {server.conninfo()}", raw=True)


@app.command()
def stop(directory: Directory = None) -> None:
    """Stop the server, even if it is in use. Its data stays."""
    server = _server(directory)
    was = server.running
    server.stop()
    data.print("stopped" if was else "it was not running")


@app.command()
def status(directory: Directory = None, as_json: AsJson = False) -> None:
    """Show whether the server is running, and where.

    Exits with status 1 if it is not running.
    """
    facts = _server(directory).status()
    if as_json:
        print_json(**vars(facts))
    elif facts.running:
        data.print(
            f"running: PostgreSQL {facts.version} on 127.0.0.1:{facts.port}, pid {facts.pid}, in {facts.directory}"
            f"{'' if facts.kept else ' (stops with the command that uses it)'}",
        )
    else:
        data.print(f"not running: {facts.directory}")
    if not facts.running:
        raise typer.Exit(1)
