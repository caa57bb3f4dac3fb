"""Activity in a warehouse, now and earlier: queries, the log, the audit trail, and sizes."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from threading import Event
from typing import TYPE_CHECKING

from tenantry.core.errors import DatabaseError
from tenantry.warehouse.base import Base

if TYPE_CHECKING:
    from tenantry.db.audit import Entry as AuditEntry
    from tenantry.db.audit import Former
    from tenantry.observe.activity import Entry, Program, Running, Size, Slow

_PAUSE = 0.5
"""Seconds between two looks for new entries."""

_LATE_IDS = 2000
"""Entries that are read again: one is numbered when it is written, and seen only when its load commits."""


class Activity(Base):
    """Methods about queries, the log, the audit trail and sizes."""

    def sizes(self, tenant: str | None = None) -> list[Size]:
        """Return the rows and bytes of each feed, or of a tenant's feeds, the largest first."""
        from tenantry.observe import activity

        with self.session() as opened:
            return activity.sizes(opened, tenant)

    def database_size(self) -> int:
        """Return the bytes of the whole database, including what does not belong to any feed."""
        from tenantry.observe import activity

        with self.session() as opened:
            return activity.database_size(opened)

    def running(self) -> list[Running]:
        """Return the active sessions of the database, with the oldest transaction first.

        Only the server's administrator sees the statements of other roles' sessions.
        """
        from tenantry.observe import activity

        with self._session(role=None, name="tenantry queries") as opened:
            return activity.running(opened)

    def programs(self) -> list[Program]:
        """Return the programs of Tenantry that are connected to the database, with their logins and sessions."""
        from tenantry.observe import activity

        with self._session(role=None, name="tenantry queries") as opened:
            return activity.programs(opened)

    def slow(self, most: int = 20) -> list[Slow]:
        """Return the statements that took the most time in total, from pg_stat_statements. Times are in milliseconds.

        Raises DatabaseError if the server does not have that extension; the hint says how to install it.
        """
        from tenantry.observe import activity

        with self._session(role=None, name="tenantry queries") as opened:
            if missing := activity.missing_statements(opened):
                raise DatabaseError(missing.reason, hint=missing.command)
            return activity.slow(opened, milliseconds=0, most=most)

    def cancel(self, pid: int) -> None:
        """Cancel what a session is running. The session stays open.

        Raises InputError if there is no such session, DatabaseError if it belongs to another role.
        """
        from tenantry.observe import activity

        with (
            self._audited("cancel", str(pid)),
            self._session(role=None, name="tenantry queries") as opened,
        ):
            activity.cancel(opened, pid)

    def logs(
        self,
        *,
        tenant: str | None = None,
        levels: Sequence[str] | None = None,
        since: timedelta | None = None,
        function: str | None = None,
        pattern: str | None = None,
        before: int | None = None,
        most: int = 1000,
    ) -> list[Entry]:
        """Return the `most` newest log entries, oldest first.

        They can be limited to a tenant, to levels (DEBUG, INFO, WARNING, ERROR), to entries not older than `since`, to a
        function, to those that match a regular expression, ignoring case, or to those with an id less than `before`.

        Raises InputError for a pattern that is not a regular expression.
        """
        from tenantry.observe import activity

        wanted = activity.Wanted(tenant, levels, since, function, pattern)
        with self.session() as opened:
            return activity.logs(opened, wanted, before=before, most=most)

    def follow_logs(
        self,
        *,
        tenant: str | None = None,
        levels: Sequence[str] | None = None,
        since: timedelta | None = None,
        function: str | None = None,
        pattern: str | None = None,
        most: int = 1000,
    ) -> Generator[list[Entry], None, None]:
        """Yield what `logs` returns, and then new entries as they are committed, endlessly."""
        from tenantry.observe import activity

        wanted = activity.Wanted(tenant, levels, since, function, pattern)
        with self._session(name="tenantry logs") as opened:
            entries = activity.logs(opened, wanted, most=most)
            yield entries
            seen = {entry.id for entry in entries}
            newest = activity.newest_entry(opened)
            while True:
                time.sleep(_PAUSE)
                after = newest - _LATE_IDS
                fresh = [e for e in activity.logs(opened, wanted, after=after) if e.id not in seen]
                if fresh:
                    yield fresh
                seen = {number for number in seen if number > after} | {entry.id for entry in fresh}
                newest = max([newest, *seen])

    def changes(self) -> dict[str, int]:
        """Return, by kind of thing (actions, audit, jobs, logs, slices, templates, tenants), a number that grows with each change.

        One cheap query of the server's statistics; they know a change within about a second.
        """
        from tenantry.observe import changes

        with self.session() as opened:
            return changes.counters(opened)

    def follow_changes(
        self, pause: float = 1.0, stopping: Event | None = None
    ) -> Generator[frozenset[str], None, None]:
        """Yield every `pause` seconds what kinds of things changed since: actions, audit, jobs, logs, slices, templates, tenants.

        One cheap query each; a change is seen within about a second. Ends once `stopping` is set.
        """
        from tenantry.observe import changes

        stopping = stopping or Event()
        with self._session(name="tenantry changes") as opened:
            before = changes.counters(opened)
            while not stopping.wait(pause):
                now = changes.counters(opened)
                yield frozenset(topic for topic, number in now.items() if number != before.get(topic, 0))
                before = now

    def audit(
        self,
        *,
        since: timedelta | None = None,
        about: str | None = None,
        who: str | None = None,
        text: str | None = None,
        before: int | None = None,
        most: int = 1000,
    ) -> list[AuditEntry]:
        """Return the `most` newest entries of the audit trail, oldest first, not older than `since`.

        They can be limited to those whose subject contains `about` as a whole word, to a login or user of an operating system (`who`),
        to those that contain a `text`, ignoring case, or to those with an id less than `before`.

        Raises NotInstalled if the warehouse has no audit trail.
        """
        from tenantry.db import audit

        with self.session() as opened:
            return audit.entries(
                opened, since=since, about=about, who=who, text=text, before=before, most=most
            )

    def follow_audit(
        self, *, since: timedelta | None = None, most: int = 1000
    ) -> Generator[list[AuditEntry], None, None]:
        """Yield what `audit` returns, and then new entries as they are added, endlessly."""
        from tenantry.db import audit

        with self._session(name="tenantry audit") as opened:
            found = audit.entries(opened, since=since, most=most)
            yield found
            newest = max((entry.id for entry in found), default=0)
            while True:
                time.sleep(_PAUSE)
                if found := audit.entries(opened, after=newest):
                    yield found
                newest = max([newest, *(entry.id for entry in found)])

    def restored_audit(self, *, since: timedelta | None = None, most: int = 1000) -> list[Former]:
        """Return the `most` newest entries that restored backups brought from their warehouses, oldest first."""
        from tenantry.db import audit

        with self.session() as opened:
            return audit.restored(opened, since=since, most=most)

    def prune_audit(self, before: date) -> int:
        """Remove the entries of the audit trail from before a UTC day, and record that. Returns their number.

        The warehouse's login must be the server's administrator.
        """
        from datetime import UTC

        from tenantry.db import audit

        with self._session(role=None) as opened:
            return audit.prune(opened, datetime.combine(before, time_of_day(), UTC))
