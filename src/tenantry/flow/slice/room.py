"""Whether the server has room for reports: what a report over everything locks and takes, and how many may run at once.

A report over a public view locks every relation that it cannot rule out while it is planned: each day's view, each table
and each index. PostgreSQL keeps all locks of all sessions in one table, whose size is fixed when it starts.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import psycopg

from tenantry.core.days import Span
from tenantry.core.words import count
from tenantry.db.queries import one_row, query

_BYTES = {True: 36 * 2**10, False: 20 * 2**10}
"""What a session takes for each relation of a report, about: if some are daily views, and otherwise. `make bench ARGS=reports`
measures it."""

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
    may run at once. `provider` is where alone its settings can be changed, such as the parameter group of RDS; `daily` are the
    storages that keep each day in a relation, and `roomier` is one that does not.
    """

    each: int
    transactions: int
    reports: int
    provider: str | None
    daily: Sequence[str]
    roomier: str

    @property
    def locks(self) -> int:
        """The relations that may be locked at the same time."""
        return self.each * self.transactions

    def at_once(self, relations: int) -> int:
        """Return how many reports have room at the same time if each locks that many relations.

        Reports lock the same relations, and share their entries. PostgreSQL reserves two holders for each entry. It finds
        more room as long as nothing else takes it: measured, 3 to 6 times the entries, so this is a lower bound.
        """
        return 0 if relations > self.locks else 2 * self.locks // max(relations, 1)

    def shortage(self, template: str, relations: int, *, daily: bool, movable: bool) -> Shortage | None:
        """Return what a template's reports lack if a report over everything locks that many relations; None if nothing.

        `daily`: some of the relations are daily views. `movable`: the roomier storage can hold their rows.
        """
        fit = self.at_once(relations)
        takes = relations * _BYTES[daily]
        movable = daily and movable
        if fit >= self.reports and (takes < MUCH or not movable):
            return None
        reason = (
            f"a report over all days of all tenants locks {count(relations, 'relation')}, of {self.locks:,} that the lock table holds"
            f" for all sessions ({self.each} max_locks_per_transaction * {self.transactions} transactions)"
        )
        if fit == 0:
            reason += ', and may fail with "out of shared memory"'
        elif fit < self.reports:
            reason += f": {fit:,} such {'report has' if fit == 1 else 'reports have'} room at once, and readers may run {self.reports:,}"
        if takes >= MUCH:
            reason += f"; it takes about {takes / 2**20:,.0f} MiB of memory in each session"
        return Shortage(
            template,
            fit == 0,
            reason,
            shlex.join(["tenantry", "template", "set-storage", template, self.roomier])
            if movable
            else self._setting(relations),
        )

    def _setting(self, relations: int) -> str:
        needed = max(
            -(-relations * self.reports // (2 * self.transactions)), -(-relations // self.transactions)
        )
        value = -(-needed // 64) * 64
        if self.provider:
            return f"set max_locks_per_transaction = {value} in {self.provider}, then restart the server"
        return f"ALTER SYSTEM SET max_locks_per_transaction = {value}; -- as the administrator; then restart the server"


def room(session: psycopg.Connection) -> Room:
    """Return the room of the session's server."""
    return Room(*one_row(session, query("storage", "room")))


@dataclass(frozen=True)
class Reading:
    """What a report over a template reads: `relations` that exist, and whether some are `daily` views.

    A new tenant adds a relation and its `indexes` for each day, or for each of the template's periods (`period` is "year" or
    "month"). `first` is the first day that one of its tenants has.
    """

    template: str
    relations: int
    daily: bool
    indexes: int
    period: str
    has_time_column: bool
    first: date | None = None

    def of_span(self, span: Span, *, daily: bool) -> int:
        """Return how many relations a tenant's days will be. A daily view stays until its year is folded after the load."""
        months = (span.last.year - span.first.year) * 12 + span.last.month - span.first.month + 1
        years = span.last.year - span.first.year + 1
        parts = len(span) if daily else months if self.period == "month" else years
        return 1 + parts * (1 + self.indexes)


def readings(
    session: psycopg.Connection, templates: Iterable[str], without: str | None = None
) -> list[Reading]:
    """Return what reports over some templates read now, without a tenant's part."""
    about = {"templates": sorted(templates), "without": without}
    return [Reading(*row) for row in session.execute(query("storage", "readings"), about)]
