"""A tenant's schema."""

from __future__ import annotations

import psycopg

from tenantry.core.errors import InputError
from tenantry.core.syntax import identifier
from tenantry.db.queries import one_row, query


def create_schema(session: psycopg.Connection, name: str) -> bool:
    """Create the tenant's schema, owned by whadmin and readable by phood_ro; False if it existed.

    Raises InputError if it exists and whadmin may create nothing in it.
    """
    row = one_row(session, query("tenant", "create_schema"), (name,))
    if not one_row(session, query("tenant", "may_create"), (name,))[0]:
        raise InputError(
            f'schema "{name}" exists, and whadmin may create nothing in it',
            hint=f"Choose another name, or as its owner: GRANT ALL ON SCHEMA {identifier(name)} TO whadmin",
        )
    return bool(row[0])
