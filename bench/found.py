"""Make a warehouse with a tenant that has no slice: in this process, or by another version of Tenantry in one of its own.

As a program it reads the arguments of `found` as JSON from its standard input, which nobody else sees: there are passwords.
"""

from __future__ import annotations

import json
import sys

from tenantry.core.model import OWNER, Connection
from tenantry.db.connect import session
from tenantry.db.install import install
from tenantry.flow.source import connection
from tenantry.flow.tenant import schema


def found(
    *,
    administrator: str,
    owner: str,
    owner_password: str,
    template: str,
    source: tuple[str, str, int, str, str],
    source_password: str,
    storage: str | None = None,
) -> None:
    """Install into the empty database of two connection strings, and open a feed of the tenant whose connection `source` is.

    `source` is name, host, port, database and user; `storage` that of the template, None for the one it comes with.
    """
    name = source[0]
    with session(administrator, role=None) as admin:
        install(admin, {OWNER: owner_password})
    with session(owner) as opened:
        if storage is not None:
            opened.execute("UPDATE _wh.mv_templates SET storage = %s", (storage,))
        connection.put(opened, Connection(*source), source_password)
        schema.create_schema(opened, name)
        schema.open_feed(opened, template, name, name)


if __name__ == "__main__":
    found(**json.load(sys.stdin))
