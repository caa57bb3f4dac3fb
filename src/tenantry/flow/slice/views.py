"""Views: what reports read."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg

from tenantry.core.model import Feed
from tenantry.db.queries import query


def publish(session: psycopg.Connection, feeds: Iterable[Feed]) -> None:
    """Bring the tenant views of the feeds up to date, then the public views over them."""
    feeds = list(feeds)
    for feed in feeds:
        session.execute(
            query("feed", "publish_tenant"),
            {"template": feed.template, "connection": feed.connection, "schema": feed.schema},
        )
    for template in sorted({feed.template for feed in feeds}):
        publish_public(session, template)


def publish_public(session: psycopg.Connection, template: str) -> None:
    """Bring the public view of a template up to date. It has the rows of all tenants, or no rows if there are no tenants."""
    session.execute(query("feed", "publish_public"), (template,))
