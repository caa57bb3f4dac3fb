"""People with logins of their own, who belong to one of Tenantry's groups and to nothing else."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.databases import Database, Warehouse


@contextmanager
def member(warehouse: Warehouse, group: str) -> Iterator[Database]:
    """The warehouse as somebody sees it who belongs to the group; the login is dropped at the end."""
    name = f"person_{secrets.token_hex(4)}"
    warehouse.server.save_password(name, "a password")
    warehouse.admin.run(f"CREATE ROLE {name} LOGIN PASSWORD 'a password' IN ROLE {group}")
    try:
        yield Database(warehouse.server, warehouse.name, name)
    finally:
        warehouse.admin.run(f"DROP OWNED BY {name}; DROP ROLE {name}")
