"""What all of a warehouse's methods stand on: its connection string, its sessions and its feeds."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, ExitStack
from datetime import date
from types import TracebackType
from typing import Self

import psycopg

from tenantry.core.model import Feed
from tenantry.db.connect import session
from tenantry.flow.slice import slice as days_of
from tenantry.flow.slice.feed import find_feed, list_feeds
from tenantry.flow.template import stored
from tenantry.flow.tenant import state as states


class Base:
    """A warehouse that is known by its connection string."""

    def __init__(self, conninfo: str) -> None:
        self.conninfo = conninfo
        """libpq's connection string for the login of every day."""
        self._stack = ExitStack()

    def close(self) -> None:
        """Let go of an embedded server; nothing to do for any other."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def session(self) -> AbstractContextManager[psycopg.Connection]:
        """A session of psycopg's, for SQL of your own: acts as whadmin, commits each statement, and is closed at the block's end."""
        return session(self.conninfo)

    def feeds(self, template: str | None = None, tenants: Iterable[str] | None = None) -> list[Feed]:
        """The feeds of a template, or of all. Disabled tenants are left out unless `tenants` names them.

        Raises InputError for a template or a tenant that does not exist.
        """
        with self.session() as opened:
            if template is not None:
                stored.require(opened, template)
            found = list_feeds(opened, template)
            if tenants is None:
                disabled = {item.name for item in states.every(opened) if item.disabled_at}
                return [feed for feed in found if feed.schema not in disabled]
            names = list(dict.fromkeys(tenants))
            if template is not None:
                return [find_feed(opened, template, name) for name in names]
            for name in names:
                states.get(opened, name)
            return [feed for feed in found if feed.schema in names]

    def latest_day(self, template: str) -> date:
        """The last day that may be loaded: today, or as many days later as the template asks for."""
        with self.session() as opened:
            return days_of.latest(opened, template)
