"""The entry point for Python: a warehouse and its operations.

Modules that only some programs need are imported where they are used, so that refreshing a day starts fast.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from tenantry.core.model import OWNER
from tenantry.core.settings import Target, resolve
from tenantry.db.migrations import require_current
from tenantry.warehouse.actions import Actions
from tenantry.warehouse.activity import Activity
from tenantry.warehouse.alerting import Alerting
from tenantry.warehouse.base import Interrupted
from tenantry.warehouse.clusters import Clusters
from tenantry.warehouse.fleet import Fleets
from tenantry.warehouse.loading import Loading
from tenantry.warehouse.looking import Looking
from tenantry.warehouse.overrides import Overrides
from tenantry.warehouse.readers import Readers
from tenantry.warehouse.recovering import Recovering
from tenantry.warehouse.scheduling import Scheduling
from tenantry.warehouse.sources import Sources
from tenantry.warehouse.templates import Templates
from tenantry.warehouse.tenants import Tenants

__all__ = ["Interrupted", "Warehouse"]


class Warehouse(
    Looking,
    Loading,
    Alerting,
    Tenants,
    Sources,
    Templates,
    Overrides,
    Scheduling,
    Readers,
    Fleets,
    Clusters,
    Recovering,
    Activity,
    Actions,
):
    """A warehouse: `with Warehouse.open() as warehouse: …`.

    No connection stays open between calls, so you can keep one object for a long time and use it from several threads.
    Errors are those of `tenantry.core.errors`. Each has a `message` of one line and a `hint` with the next step. Days are UTC days.
    """

    @classmethod
    def open(cls, dsn: str | None = None, *, file: Path | None = None) -> Self:
        """Open the warehouse that `dsn`, TENANTRY_DSN, libpq's environment or tenantry.toml names, otherwise the embedded one.

        `file` is the fleet file to take the connection string from, instead of the nearest tenantry.toml. An embedded server is
        started if necessary, and keeps running until `close`.

        Raises:
            NotInstalled: there is no warehouse, or a warehouse of another version.
            WarehouseUnreachable: the server does not answer.
        """
        warehouse = cls._at(resolve(dsn, os.environ, Path.cwd(), file))
        try:
            with warehouse.session() as opened:
                require_current(opened)
        except BaseException:
            warehouse.close()
            raise
        return warehouse

    @classmethod
    def _at(cls, target: Target) -> Self:
        """Return the warehouse of a target, without checking that there is one."""
        directory = target.embedded_directory
        if directory is False:
            return cls(target.dsn)
        from tenantry.embedded.server import Server

        server = Server(directory)
        server.require_warehouse()
        stack = ExitStack()
        stack.enter_context(server.lease())
        warehouse = cls(server.login(user=OWNER))
        warehouse._stack = stack
        return warehouse
