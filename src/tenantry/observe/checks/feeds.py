"""The feeds, with the relations that hold their rows and the days that those hold: read once for all checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True)
class Part:
    """A relation that holds rows of a feed: a slice (`day`), a year, or a month of a year (of more: that in which they begin).

    `combined`: the year was folded. `read`: the tenant's view reads it.
    """

    name: str
    day: date | None
    year: int
    month: int | None
    combined: bool
    owner: str
    indexes: int
    read: bool

    @classmethod
    def of(
        cls,
        name: str,
        first: date,
        last: date,
        daily: bool,
        combined: bool,
        owner: str,
        indexes: int,
        read: bool,
    ) -> Part:
        """The relation of the days from `first` to `last`; `daily`: it holds that day alone."""
        day = first if daily else None
        month = first.month if not daily and (first.year, first.month) == (last.year, last.month) else None
        return cls(name, day, first.year, month, combined, owner, indexes, read)


@dataclass(frozen=True)
class Feed:
    """One template of one tenant, as `_wh.feeds`, `_wh_internal.day_states` and the catalog have it.

    `days` are those that are there outside of folded years.
    `kind` is pg_class.relkind of what reports read, None if there is nothing. `reshaped`: it lacks the template's columns.
    `daily`: its storage keeps each day in a relation of its own. `steady`: reports read a table, and no view of others.
    `disabled`: its tenant is. `range_capable`: its source can be asked where it begins.
    """

    schema: str
    template: str
    connection: str
    daily: bool
    steady: bool
    has_template: bool
    has_time_column: bool
    kind: str | None
    disabled: bool
    reshaped: bool
    last_load: datetime | None
    days: Sequence[date]
    missing: Sequence[date]
    failed: Sequence[date]
    error: str | None
    stale: Sequence[date]
    outdated: Sequence[date]
    range_capable: bool
    parts: list[Part] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.schema}.{self.template}"

    @property
    def folded(self) -> set[int]:
        """The years that were combined into one table."""
        return {part.year for part in self.parts if part.combined}

    def unread(self) -> list[str]:
        """The slices and yearly tables that a tenant's view should read, and does not."""
        if self.steady:
            return []
        years = {part.year for part in self.parts if part.day is None}
        # A slice beside a yearly table is a leftover, which the view has to leave out.
        return sorted(
            part.name for part in self.parts if not part.read and (part.day is None or part.year not in years)
        )

    def last_day(self, today: date) -> date | None:
        """The newest day that is there; days ahead of today say nothing of how young the others are."""
        there = [*self.days, *(date(year, 12, 31) for year in self.folded)]
        return max((day for day in there if day <= today), default=None)
