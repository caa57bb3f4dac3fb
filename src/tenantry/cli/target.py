"""Which warehouse a command works on, and with which login."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tenantry.core.errors import NotInstalled
from tenantry.core.model import OWNER
from tenantry.core.settings import Target, resolve

if TYPE_CHECKING:
    from tenantry.embedded.server import Server


@dataclass
class Options:
    """The options before the command."""

    dsn: str | None = None
    debug: bool = False


options = Options()


def target() -> Target:
    """The warehouse that the options, the environment or tenantry.toml name."""
    return resolve(options.dsn, os.environ, Path.cwd())


def embedded_server(chosen: Target) -> Server | None:
    """The embedded server that a target names, or None if it names another server."""
    directory = chosen.embedded_directory
    if directory is False:
        return None
    # libpq prefers these to the server's password file, and they are meant for another server.
    os.environ.pop("PGPASSWORD", None)
    from tenantry.embedded.server import Server

    return Server(directory)


@contextmanager
def warehouse() -> Iterator[str]:
    """The conninfo of an installed warehouse; an embedded server runs for as long as the block.

    Raises:
        NotInstalled: there is no warehouse, or one of another version.
        WarehouseUnreachable: the server does not answer.
    """
    from tenantry.db.connect import session
    from tenantry.db.migrations import require_current

    chosen = target()
    server = embedded_server(chosen)
    if server is None:
        with session(chosen.dsn) as connection:
            require_current(connection)
        yield chosen.dsn
        return
    if not server.exists:
        raise NotInstalled(
            "there is no warehouse here yet",
            hint="Run: tenantry demo (to try), or tenantry init; or name another server with --dsn.",
        )
    if server.password(OWNER) is None:
        raise NotInstalled("the embedded server holds no warehouse yet", hint="Run: tenantry init")
    with server.lease():
        conninfo = server.conninfo(user=OWNER)
        with session(conninfo) as connection:
            require_current(connection)
        yield conninfo
