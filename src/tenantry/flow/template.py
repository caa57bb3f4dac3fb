"""Templates: what to extract."""

from __future__ import annotations

import psycopg

from tenantry.db.queries import query


def require(session: psycopg.Connection, name: str) -> None:
    """Raise InputError (through the session's errors) if there is no template of that name."""
    session.execute(query("flow", "require_template"), (name,))
