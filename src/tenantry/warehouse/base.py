"""The base of a warehouse's methods: its connection string, sessions, feeds and audit trail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import date
from types import TracebackType
from typing import TYPE_CHECKING, Self

import psycopg

from tenantry.core.model import OWNER, Feed
from tenantry.db import audit
from tenantry.db.connect import acts_as, session
from tenantry.db.errors import translated

if TYPE_CHECKING:
    from tenantry.flow.tenant.state import TenantState
    from tenantry.loader.result import Result
    from tenantry.loader.run import Limits


class Interrupted(KeyboardInterrupt):
    """Raised when Ctrl-C ends a load. `result` says what was loaded, which is kept.

    `so_far` is what the call would have returned, as far as it got: the `result` itself, or the Added, Enabled and so on that
    contains it.
    """

    def __init__(self, result: Result, so_far: object = None) -> None:
        super().__init__("interrupted")
        self.result = result
        self.so_far = so_far or result


def limits_or_default(limits: Limits | None) -> Limits:
    """The limits that are given, otherwise two sessions per source without a pause."""
    from tenantry.loader.run import Limits

    return limits or Limits()


class Base:
    """A warehouse, given by its connection string."""

    def __init__(self, conninfo: str, opened: psycopg.Connection | None = None) -> None:
        """`opened` is a session that the caller closes: methods use it before they open another."""
        self.conninfo = conninfo
        """libpq's connection string for the login of every day."""
        self._opened = opened
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
        if self._opened is None or self._opened.closed:
            return session(self.conninfo)
        return self._lent(self._opened)

    @staticmethod
    @contextmanager
    def _lent(opened: psycopg.Connection) -> Iterator[psycopg.Connection]:
        with translated():
            yield opened

    def _session(
        self, name: str = "tenantry", role: str | None = OWNER
    ) -> AbstractContextManager[psycopg.Connection]:
        """A session of an application_name, acting as `role` (None: as the login role)."""
        self.release()
        return session(self.conninfo, name=name, role=role)

    def release(self) -> None:
        """Close the session that the caller lent, if there is one: it would be idle for a long time."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def acts_as(self) -> str:
        """Return the role that the sessions act as: whadmin, or the group (such as tenantry_operator) that the login belongs to."""
        return acts_as(self.conninfo)

    def feeds(
        self,
        template: str | None = None,
        tenants: Iterable[str] | None = None,
        *,
        disabled: bool = False,
        left_out: Callable[[TenantState], None] = lambda tenant: None,
    ) -> list[Feed]:
        """Return the feeds of a template, or all feeds. Disabled tenants are left out unless `tenants` names them.

        With `disabled`, they are not left out. `left_out` is called with each feed that is.

        Raises InputError for a template or a tenant that does not exist.
        """
        from tenantry.flow.slice.feed import find_feed, list_feeds

        with self.session() as opened:
            found = list_feeds(opened, template)
            if template is not None and not found:
                from tenantry.flow.template import stored

                stored.require(opened, template)
            if template is not None and tenants is not None:
                known = {feed.schema: feed for feed in found}
                return [
                    known.get(name) or find_feed(opened, template, name) for name in dict.fromkeys(tenants)
                ]
            # A load of named tenants does without these.
            from tenantry.flow.tenant import state as states

            if tenants is None:
                resting = {} if disabled else states.disabled(opened)
                for name in dict.fromkeys(feed.schema for feed in found if feed.schema in resting):
                    left_out(resting[name])
                return [feed for feed in found if feed.schema not in resting]
            names = list(dict.fromkeys(tenants))
            for name in names:
                states.get(opened, name)
            return [feed for feed in found if feed.schema in names]

    def latest_day(self, template: str) -> date:
        """Return the last day that can be loaded: today, or later if the template loads days ahead."""
        from tenantry.flow.slice import slice as days_of

        with self.session() as opened:
            return days_of.latest(opened, template)

    @contextmanager
    def _audited(self, what: str, subject: str, opened: psycopg.Connection | None = None) -> Iterator[None]:
        """Record the start and the end of the block in the audit trail; through the session `opened`, if one is given."""
        if acts_as(self.conninfo) != OWNER:
            # The functions of a group record this themselves.
            yield
            return
        with audit.kept(self.conninfo, f"Warehouse.{what}", subject, opened):
            yield
