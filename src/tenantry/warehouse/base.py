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


class Base:
    """A warehouse that is known by its connection string."""

    def __init__(self, conninfo: str, opened: psycopg.Connection | None = None) -> None:
        self.conninfo = conninfo
        """libpq's connection string for the login of every day."""
        self._opened = opened
        """A session that somebody else closes: loads use it before they open more."""
        self._stack = ExitStack()

    def close(self) -> None:
        """Release an embedded server. Does nothing for other servers."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def session(self) -> AbstractContextManager[psycopg.Connection]:
        """Open a psycopg session for SQL of your own. It acts as whadmin, commits each statement, and is closed at the end of the block."""
        return session(self.conninfo)

    def feeds(self, template: str | None = None, tenants: Iterable[str] | None = None) -> list[Feed]:
        """Return the feeds of a template, or all feeds. Disabled tenants are left out unless `tenants` names them.

        Raises InputError for a template or a tenant that does not exist.
        """
        from tenantry.flow.template import stored
        from tenantry.flow.tenant import state as states

        with self.session() as opened:
            if template is not None:
                stored.require(opened, template)
            found = list_feeds(opened, template)
            if tenants is None:
                disabled = states.disabled(opened)
                return [feed for feed in found if feed.schema not in disabled]
            names = list(dict.fromkeys(tenants))
            if template is not None:
                return [find_feed(opened, template, name) for name in names]
            for name in names:
                states.get(opened, name)
            return [feed for feed in found if feed.schema in names]

    def latest_day(self, template: str) -> date:
        """Return the last day that can be loaded: today, or later if the template loads days ahead."""
        with self.session() as opened:
            return days_of.latest(opened, template)
