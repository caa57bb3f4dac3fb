"""The state of each feed, and whether the installation is complete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import psycopg

from tenantry.core.model import FeedStatus
from tenantry.db.queries import one_row, query


@dataclass(frozen=True)
class RoleFacts:
    """A role's attributes, as in pg_roles."""

    name: str
    superuser: bool
    createdb: bool
    createrole: bool
    login: bool


@dataclass(frozen=True)
class Installation:
    """What the manual's "Verify Installation" checks."""

    functions: int
    tables: bool
    migration: int
    templates: tuple[str, ...]
    roles: tuple[RoleFacts, ...]


@dataclass(frozen=True)
class TenantFacts:
    """A tenant and its source. `source` is None if the connection was deleted.

    `disabled_at` and `disabled_reason` are None unless the tenant is disabled. `dropping` says that a drop of it was
    started. `password_set_at` is when the source's password was stored here, or None if that is not known. `feeds`
    gives the state of the days by template. `search_path` is where the source looks up names, if its connection says so.
    `own_queries` are the templates for which it has its own query.
    """

    name: str
    connection: str
    created_at: datetime
    source: str | None
    templates: Sequence[str]
    disabled_at: datetime | None
    disabled_reason: str | None
    dropping: bool
    password_set_at: datetime | None = None
    search_path: str | None = None
    own_queries: Sequence[str] = ()
    feeds: Mapping[str, str] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """In words: at work, disabled since when and why, or being dropped."""
        if self.dropping:
            return f"being dropped; to finish: tenantry tenant drop {self.name}"
        if self.disabled_at:
            return f"disabled since {self.disabled_at:%Y-%m-%d}: {self.disabled_reason}"
        return "at work"


def tenants(session: psycopg.Connection, tenant: str | None = None) -> list[TenantFacts]:
    """All tenants by name, or only the one that is named, if it exists."""
    states: dict[str, dict[str, str]] = {}
    for feed in feeds(session, tenant):
        states.setdefault(feed.tenant, {})[feed.template] = feed.state
    return [
        replace(TenantFacts(*row), feeds=states.get(row[0], {}))
        for row in session.execute(query("tenant", "tenants"), {"tenant": tenant})
    ]


def feeds(session: psycopg.Connection, tenant: str | None = None) -> list[FeedStatus]:
    """All feeds by tenant, or those of one, from the catalog and `_wh.slices`."""
    asked = query("feed", "feed_status") if tenant is None else query("feed", "feed_status_of_tenant")
    return [FeedStatus(*row) for row in session.execute(asked, {"tenant": tenant})]


def installation(session: psycopg.Connection) -> Installation:
    """The existing functions, tables, templates and roles."""
    row = one_row(session, query("install", "installation"))
    return Installation(row[0], row[1], row[2], tuple(row[3]), tuple(roles(session)))


def roles(session: psycopg.Connection) -> list[RoleFacts]:
    """The roles of Tenantry that the server has, even before a database is a warehouse."""
    return [RoleFacts(*row) for row in session.execute(query("install", "roles"))]
