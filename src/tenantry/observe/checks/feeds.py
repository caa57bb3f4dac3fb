"""The feeds, with the relations that hold their rows and the days that those hold: read once for all checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta


@dataclass(frozen=True)
class Part:
    """A relation that holds rows of a feed: a slice (`day`), a year, or a month of a year.

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
        cls, name: str, suffix: str, matview: bool, combined: bool, owner: str, indexes: int, read: bool
    ) -> Part | None:
        """The relation of a name that ends in `suffix`; None if that is no day of the calendar."""
        year, *rest = map(int, suffix.split("_"))
        try:
            day = date(year, *rest) if matview else None
        except ValueError:
            return None
        return cls(name, day, year, rest[0] if rest and not matview else None, combined, owner, indexes, read)


@dataclass(frozen=True)
class Feed:
    """One template of one tenant, as `_wh.feeds`, `_wh.slices` and the catalog have it.

    `kind` is pg_class.relkind of what reports read, None if there is nothing. `reshaped`: it has not the template's columns.
    `disabled`: its tenant is.
    """

    schema: str
    template: str
    connection: str
    storage: str
    has_template: bool
    has_time_column: bool
    kind: str | None
    disabled: bool
    reshaped: bool
    last_load: datetime | None
    recorded: Sequence[date]
    failed: Sequence[date]
    error: str | None
    stale: Sequence[date]
    outdated: Sequence[date]
    parts: list[Part] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.schema}.{self.template}"

    @property
    def folded(self) -> set[int]:
        """The years that were combined into one table."""
        return {part.year for part in self.parts if part.combined}

    def days(self) -> set[date]:
        """The days that are there outside of folded years: by the catalog for slices, by the record for rows of tables."""
        tables = {(part.year, part.month) for part in self.parts if part.day is None}
        years = {year for year, _ in tables}
        slices = {part.day for part in self.parts if part.day and part.day.year not in years}
        rows = {day for day in self.recorded if (day.year, None) in tables or (day.year, day.month) in tables}
        folded = self.folded
        return slices | {day for day in rows if day.year not in folded}

    def unread(self) -> list[str]:
        """The slices and yearly tables that a tenant's view should read, and does not."""
        if self.storage == "partition":
            return []
        years = {part.year for part in self.parts if part.day is None}
        # A slice beside a yearly table is a leftover, which the view has to leave out.
        return sorted(
            part.name for part in self.parts if not part.read and (part.day is None or part.year not in years)
        )

    def missing(self, days: set[date]) -> list[date]:
        """The days between the first and the last that are not there; `days` are those that are."""
        folded = self.folded
        first = min([*days, *(date(year, 1, 1) for year in folded)], default=None)
        last = self.last_day(days)
        if first is None or last is None:
            return []
        span = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return [day for day in span if day not in days and day.year not in folded]

    def last_day(self, days: set[date]) -> date | None:
        """The newest day that is there."""
        return max([*days, *(date(year, 12, 31) for year in self.folded)], default=None)
