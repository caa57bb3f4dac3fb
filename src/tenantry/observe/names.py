"""The names with a given beginning: what a shell offers for completion."""

from __future__ import annotations

from typing import Literal

import psycopg

from tenantry.db.queries import query

_QUERIES = {
    "templates": query("tenant", "named_templates"),
    "tenants": query("tenant", "named_tenants"),
    "jobs": query("tenant", "named_jobs"),
}


def beginning(
    session: psycopg.Connection, kind: Literal["templates", "tenants", "jobs"], start: str
) -> list[str]:
    """The names of one kind that begin with `start`, sorted."""
    return [row[0] for row in session.execute(_QUERIES[kind], (start,))]
