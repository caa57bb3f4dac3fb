"""Feeds: a template of a tenant, loaded through a connection."""

from __future__ import annotations

import psycopg

from tenantry.core.model import Feed
from tenantry.db.queries import one_row, query


def open_feed(session: psycopg.Connection, template: str, connection: str, schema: str) -> Feed:
    """Return the feed to load into; it is registered at its first use. Raises InputError for an unknown name."""
    row = one_row(
        session,
        query("feed", "open_feed"),
        {"template": template, "connection": connection, "schema": schema},
    )
    return Feed(*row)


def list_feeds(session: psycopg.Connection, template: str | None = None) -> list[Feed]:
    """Return all feeds, or those of one template, by tenant."""
    return [Feed(*row) for row in session.execute(query("feed", "feeds"), {"template": template})]


def find_feed(session: psycopg.Connection, template: str, schema: str) -> Feed:
    """Return the feed of a tenant. Raises InputError (through the session's errors) for an unknown name."""
    row = one_row(session, query("feed", "find_feed"), {"template": template, "schema": schema})
    return Feed(*row)
