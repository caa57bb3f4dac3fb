"""A tenant's schema."""

from __future__ import annotations

import psycopg

from tenantry.db.queries import one_row, query


def create_schema(session: psycopg.Connection, name: str) -> bool:
    """Create the tenant's schema, owned by whadmin and readable by phood_ro; False if it existed."""
    row = one_row(session, query("tenant", "create_schema"), (name,))
    return bool(row[0])
