"""Whether the server has room for reports: what a report over everything locks and takes, and how many may run at once.

A report over a public view locks every relation that it cannot rule out while it is planned: each day's view, each table
and each index. A bound such as `current_date - 30` rules out nothing then, since its value is known only when the report
runs. PostgreSQL keeps all locks of all sessions in one table, whose size is fixed when it starts.
"""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import psycopg

from tenantry.core.days import Span, today_utc
from tenantry.core.words import count
from tenantry.db.queries import one_row, query

_BYTES = {True: 36 * 2**10, False: 20 * 2**10}
"""What a session takes for each relation of a report, about: if some are daily views, and otherwise. `make bench ARGS=reports`
measures it."""

_BYTES_AN_ENTRY = 400
"""Shared memory that PostgreSQL allots for each entry of its lock table, with two holders; measured on 15 and 18."""

_GROUP = 16
"""Locks that a session keeps for itself, outside of the lock table: so many before PostgreSQL 18, then groups of so many."""

_LARGE = 1024
"""A max_locks_per_transaction above which planning takes long, too, so that sharing tables is worth a word."""

_USUAL_YEARS = 3
"""Years that each tenant is taken to have where nothing is known of it."""

MUCH = 256 * 2**20
"""Bytes of memory a session that are worth a warning."""


@dataclass(frozen=True)
class Shortage:
    """What reports of a template will lack: `reason`, and `command`, which helps. With `fails`, not even one is sure to have room."""

    template: str
    fails: bool
    reason: str
    command: str

    def __str__(self) -> str:
        return f"{self.template}: {self.reason}. To change that: {self.command}"


@dataclass(frozen=True)
class Room:
    """A server's lock table: `each` (max_locks_per_transaction) for each of its `transactions`, and how many `reports` readers
    may run at once. Not only clients have transactions: autovacuum, workers and WAL senders count too. On a server that is
    `grouped` (from PostgreSQL 18 on), a session keeps more locks for itself the higher `each` is. `provider` is where alone its settings can be changed, such as the parameter group of RDS; `daily` are the
    storages that keep each day in a relation, and `roomier` is one that does not. In the storages `shared`, tenants share tables.
    """

    each: int
    transactions: int
    reports: int
    provider: str | None
    daily: Sequence[str]
    roomier: str
    shared: Sequence[str]

    grouped: bool = False

    @property
    def locks(self) -> int:
        """The relations that may be locked at the same time, as long as nothing else has taken the memory for them."""
        return self.each * self.transactions

    @property
    def own(self) -> int:
        """The locks that a session keeps for itself, and that take no room in the lock table."""
        if not self.grouped:
            return _GROUP
        groups = 1 << max((self.each - 1) // _GROUP, 0).bit_length()
        # Which group a relation belongs to depends on its number, so that some are full before others.
        return _GROUP * min(groups, 1024) * 3 // 4

    @property
    def most(self) -> int:
        """The relations that one report may lock.

        PostgreSQL allots half of the entries when it starts. The memory for the other half goes to whatever needs it first,
        such as the holders of many reports at once, and is never given back.
        """
        return self.locks // 2 + self.own

    def at_once(self, relations: int) -> int:
        """Return how many reports have room at the same time if each locks that many relations.

        Reports lock the same relations, and share their entries. PostgreSQL reserves two holders for each entry. It finds
        more room as long as nothing else takes it: measured, 3 to 6 times the entries, so this is a lower bound.
        """
        if relations > self.most:
            return 0
        shared = relations - self.own
        return 2 * self.locks // shared if shared > 0 else max(self.reports, 2 * self.locks)

    def tenants(self, relations: int, tenants: int, readers: int) -> int:
        """Return up to how many tenants so many readers have room, if reports over `tenants` lock `relations`."""
        each = max(relations - 2, 1) / max(tenants, 1)
        fit = min(self.most, self.own + 2 * self.locks // max(readers, 1))
        return max(int((fit - 2) / each), 0)

    def shortage(
        self, template: str, relations: int, *, tenants: int, daily: bool, movable: bool
    ) -> Shortage | None:
        """Return what a template's reports lack if a report over everything locks that many relations; None if nothing.

        `daily`: some of the relations are daily views. `movable`: any storage can hold their rows.
        """
        fit = self.at_once(relations)
        takes = relations * _BYTES[daily]
        if fit >= self.reports and (takes < MUCH or not (daily and movable)):
            return None
        reason = f"a report over all days of {_all(tenants)} locks {count(relations, 'relation')}"
        if fit == 0:
            reason += (
                f", and one report is sure of {self.most:,} (max_locks_per_transaction is {self.each}): it may fail with"
                f' "out of shared memory"; there is room up to {count(self.tenants(relations, tenants, 1), "tenant")}'
            )
        elif fit < self.reports:
            reason += (
                f": {count(fit, 'reader')} at once {'fits' if fit == 1 else 'fit'}, and {self.reports:,} may log in"
                f" (max_locks_per_transaction is {self.each}); all have room up to"
                f" {count(self.tenants(relations, tenants, self.reports), 'tenant')}"
            )
        if takes >= MUCH:
            reason += f"; it takes about {takes / 2**20:,.0f} MiB of memory in each session"
        if daily and movable:
            command = _keep_in(template, self.roomier)
        else:
            value = self.needed(relations)
            reason += f"; max_locks_per_transaction = {value} takes {self.costs(value):,.0f} MiB more of shared memory"
            if movable and value > _LARGE:
                share = _keep_in(template, self.shared[0])
                reason += (
                    f", and tables that all tenants share need no more than those of one tenant ({share})"
                )
            command = self._setting(value)
        return Shortage(template, fit == 0, reason, command)

    def needed(self, relations: int) -> int:
        """Return the least max_locks_per_transaction, a multiple of 64, with which all readers have room."""
        return self._least(lambda room: room.at_once(relations) >= self.reports)

    def _least(self, suffices: Callable[[Room], bool]) -> int:
        """The least max_locks_per_transaction, a multiple of 64, with which the room suffices."""
        return next(value for value in itertools.count(64, 64) if suffices(replace(self, each=value)))

    def costs(self, value: int) -> float:
        """Return how many MiB of shared memory that max_locks_per_transaction takes more than the present one."""
        return max(value - self.each, 0) * self.transactions * _BYTES_AN_ENTRY / 2**20

    def advice(self, template: str, relations: int) -> str:
        """Return what helps where one statement has to lock that many relations, and cannot."""
        value = self._least(lambda room: room.most >= relations)
        setting = self._setting(max(value, 2 * self.each))
        return f"{setting}. Or let tenants share tables: {_keep_in(template, self.shared[0])}"

    def _setting(self, value: int) -> str:
        if self.provider:
            return f"set max_locks_per_transaction = {value} in {self.provider}, then restart the server"
        return f"ALTER SYSTEM SET max_locks_per_transaction = {value}; -- as the administrator; then restart the server"


def _keep_in(template: str, storage: str) -> str:
    return shlex.join(["tenantry", "template", "set-storage", template, storage])


def _all(tenants: int) -> str:
    return "one tenant" if tenants == 1 else f"all {count(tenants, 'tenant')}"


def room(session: psycopg.Connection) -> Room:
    """Return the room of the session's server."""
    return Room(*one_row(session, query("storage", "room")))


@dataclass(frozen=True)
class Reading:
    """What a report over a template reads: `relations` that exist, and whether some are `daily` views.

    A new tenant adds a relation and its `indexes` for each day, or for each of the template's periods (`period` is "year" or
    "month"). `first` is the first day that one of its `tenants` has.
    """

    template: str
    relations: int
    daily: bool
    indexes: int
    period: str
    has_time_column: bool
    first: date | None = None
    tenants: int = 0

    def of_span(self, span: Span, *, storage: str, server: Room) -> int:
        """Return how many relations a tenant's days will add. A daily view stays until its year is folded after the load."""
        if storage in server.shared:
            return 0
        months = (span.last.year - span.first.year) * 12 + span.last.month - span.first.month + 1
        years = span.last.year - span.first.year + 1
        parts = len(span) if storage in server.daily else months if self.period == "month" else years
        return 1 + parts * (1 + self.indexes)


def readings(
    session: psycopg.Connection, templates: Iterable[str], without: str | None = None
) -> list[Reading]:
    """Return what reports over some templates read now, without a tenant's part."""
    about = {"templates": sorted(templates), "without": without}
    return [Reading(*row) for row in session.execute(query("storage", "readings"), about)]


def planned(session: psycopg.Connection, tenants: int) -> Shortage | None:
    """Return what reports will lack with so many tenants, each with three years in the roomier storage; None if nothing.

    It looks at the template with a time column whose reports will lock most.
    """
    server = room(session)
    names = [name for (name,) in session.execute(query("storage", "timed_templates"))]
    today = today_utc()
    span = Span(date(today.year - _USUAL_YEARS + 1, 1, 1), today)
    needs = {
        reading.template: 2 + tenants * reading.of_span(span, storage=server.roomier, server=server)
        for reading in readings(session, names)
    }
    if not needs:
        return None
    template = max(needs, key=needs.__getitem__)
    return server.shortage(template, needs[template], tenants=tenants, daily=False, movable=True)
