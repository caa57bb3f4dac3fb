"""The warehouse that a command works on, and its login."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tenantry.cli import document
from tenantry.cli.output import notes
from tenantry.core.errors import InputError, WarehouseUnreachable
from tenantry.core.settings import Target, resolve
from tenantry.core.visible import visible

if TYPE_CHECKING:
    import psycopg

    from tenantry.embedded.server import Server
    from tenantry.warehouse import Warehouse


@dataclass
class Options:
    """The options of the program, and the file or folder that a command is about."""

    dsn: str | None = None
    as_json: bool = False
    debug: bool = False
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False
    file: Path | None = None
    begun: bool = False
    """Whether the command has reached a warehouse or a server. Before that it cannot have changed anything."""


options = Options()


def target() -> Target:
    """The warehouse that the options, the environment or tenantry.toml name."""
    return resolve(options.dsn, os.environ, Path.cwd(), options.file)


def embedded_server(chosen: Target) -> Server | None:
    """The embedded server that a target names, or None if it names another server."""
    options.begun = True
    _hear_libraries()
    directory = chosen.embedded_directory
    if directory is not False:
        return own_server(directory)
    from tenantry.core import libpq

    if libpq.names_server(chosen.dsn):
        _forget_service()
    return None


def own_server(directory: Path | None = None) -> Server:
    """The embedded server in a directory, or in the default one."""
    from tenantry.embedded.server import Server

    _forget_service()
    return Server(directory)


def _forget_service() -> None:
    """Another server was named, so the service in the environment must not add to its connection strings."""
    os.environ.pop("PGSERVICE", None)


ADMINISTRATOR = "TENANTRY_ADMIN_DSN"
"""How the server's administrator logs in, for commands that create roles; the others use TENANTRY_DSN."""


def administrators_target() -> Target:
    """The warehouse as its administrator reaches it: --dsn, TENANTRY_ADMIN_DSN, otherwise what `target` says."""
    given = os.environ.get(ADMINISTRATOR)
    if given and options.dsn is None:
        return Target(given, "TENANTRY_ADMIN_DSN")
    return target()


def _tell(line: str) -> None:
    notes.print(line)


def _ask(who: str) -> str | None:
    """A password, typed by a person, if there is one at a terminal."""
    if document.wanted() or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    import typer

    question = f"Password for {visible(who, lines=False)}"
    return str(typer.prompt(question, hide_input=True, err=True, default="", show_default=False))


def _tell_login(chosen: Target, opened: psycopg.Connection) -> None:
    """Say with --verbose which warehouse it is."""
    if options.verbose:
        info = opened.info
        notes.print(
            f"warehouse: database {info.dbname} on {info.host} port {info.port}, as {info.user} (from {chosen.origin})"
        )


def _hear_libraries() -> None:
    """Print what libraries log like all other output: psycopg logs errors, whose text may come from a source."""
    import logging

    class Hearer(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            notes.print(one_line(record.getMessage()))

    from tenantry.db.errors import one_line

    if not logging.getLogger().handlers:
        logging.getLogger().addHandler(Hearer())


@contextmanager
def administrator(*, installed: bool = True, current: bool = True) -> Iterator[tuple[str, Server | None]]:
    """The administrator's conninfo, and the embedded server, if it is one, which runs as long as the block.

    `installed` requires a warehouse (otherwise an embedded server is created), `current` one of this version.

    Raises:
        NotInstalled: there is no such warehouse.
        WarehouseUnreachable: the server does not answer.
    """
    from tenantry.cli import trail
    from tenantry.db.asking import ask_with
    from tenantry.db.connect import look_out, session
    from tenantry.db.migrations import require_current

    look_out(_tell)
    ask_with(_ask)
    chosen = administrators_target()
    server = embedded_server(chosen)
    if installed and server is not None:
        server.require_warehouse()
    with server.lease() if server else nullcontext():
        conninfo = server.login() if server else chosen.dsn
        if chosen.origin == ADMINISTRATOR:
            _choose_owner(conninfo)
        if installed and current:
            with session(conninfo) as connection:
                _tell_login(chosen, connection)
                trail.require_changer(connection)
                require_current(connection)
        # Such a command may create the trail that records it, so only its end is written.
        with trail.kept(None, conninfo):
            yield conninfo, server


def _choose_owner(administrator: str) -> None:
    """Use the everyday login for whadmin's part of an administrator's command."""
    from tenantry.db import owner
    from tenantry.db.connect import is_same_database

    daily = target()
    if daily.embedded_directory is not False or daily.dsn == administrator:
        return
    try:
        same = is_same_database(administrator, daily.dsn)
    except WarehouseUnreachable:
        # Before the first init there is no whadmin. If the server does not answer, the command's own session shows that.
        return
    if same:
        owner.choose(administrator, daily.dsn)
    else:
        raise InputError(
            f"{daily.origin} and {ADMINISTRATOR} name different databases",
            hint=f"Set both to the warehouse, or give --dsn, which takes precedence over {ADMINISTRATOR}.",
        )


@contextmanager
def open_warehouse(*, current: bool = True) -> Iterator[Warehouse]:
    """The warehouse as a program uses it: each command calls one of its methods.

    An embedded server runs for as long as the block. With `current` False, it may be of another version.

    Raises:
        NotInstalled: there is no warehouse, or one of another version.
        WarehouseUnreachable: the server does not answer.
    """
    from tenantry.cli import trail
    from tenantry.core.model import OWNER
    from tenantry.db.asking import ask_with
    from tenantry.db.connect import look_out, open_session
    from tenantry.db.errors import translated
    from tenantry.db.migrations import require_any, require_current
    from tenantry.warehouse import Warehouse

    look_out(_tell)
    ask_with(_ask)
    chosen = target()
    server = embedded_server(chosen)
    if server is not None:
        server.require_warehouse()
    with server.lease() if server else nullcontext():
        conninfo = server.login(user=OWNER) if server else chosen.dsn
        opened = open_session(conninfo)
        try:
            _tell_login(chosen, opened)
            with translated():
                trail.require_changer(opened)
                (require_current if current else require_any)(opened)
            with trail.kept(opened, conninfo) if current else nullcontext():
                yield Warehouse(conninfo, opened)
        finally:
            opened.close()
