"""Completion of names in the shell: names of the warehouse, if it answers at once."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Literal

import typer

from tenantry.cli.target import embedded_server, options, target
from tenantry.core.errors import TenantryError
from tenantry.core.visible import visible

_PATIENCE = 2
"""Seconds to wait for the warehouse: a user is waiting at the keyboard."""


def templates(context: typer.Context, incomplete: str) -> list[str]:
    """Templates whose names begin like this."""
    return _names(context, "templates", incomplete)


def tenants(context: typer.Context, incomplete: str) -> list[str]:
    """Tenants whose names begin like this."""
    return _names(context, "tenants", incomplete)


def jobs(context: typer.Context, incomplete: str) -> list[str]:
    """Jobs whose names begin like this."""
    return _names(context, "jobs", incomplete)


def storages(incomplete: str) -> list[str]:
    """Storages whose names begin like this."""
    from tenantry.core.storage import BUILT_IN

    return [name for name in BUILT_IN if name.startswith(incomplete)]


def commands(context: typer.Context, incomplete: str) -> list[str]:
    """Commands that begin like this, after those that tenantry help has already been given."""
    found: Any = context.find_root().command
    for word in context.params.get("command") or ():
        found = getattr(found, "commands", {}).get(word)
    return [name for name in getattr(found, "commands", ()) if name.startswith(incomplete)]


def _names(
    context: typer.Context, kind: Literal["templates", "tenants", "jobs"], incomplete: str
) -> list[str]:
    """Nothing if the warehouse does not answer, because an error message would end up in the user's command line."""
    import psycopg

    from tenantry.core.model import OWNER
    from tenantry.warehouse import Warehouse

    options.dsn = options.dsn or context.find_root().params.get("dsn")
    with suppress(TenantryError, psycopg.Error, OSError):
        chosen = target()
        # A key press must not send a password to an address from a file that happens to be here.
        if chosen.origin == "tenantry.toml":
            return []
        server = embedded_server(chosen)
        # A key press must not start a server.
        if server is None or server.running:
            conninfo = server.login(user=OWNER) if server else chosen.dsn
            found = Warehouse(conninfo).names(kind, incomplete, patience=_PATIENCE)
            return [name for name in found if name == visible(name, lines=False)]
    return []
