"""The feeds, with the relations that hold their rows and the days in those: read once for all checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from psycopg.types.multirange import Multirange

from tenantry.core.days import Span


@dataclass(frozen=True)
class Part:
    """A relation that holds rows of a feed: a slice (`day`), a year, or a month of a year (of several months: the
    first).

    With `combined`, the year was folded. With `read`, the tenant's view reads the relation.
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
        """The relation of the days from `first` to `last`; `daily` means that it holds only that day."""
        day = first if daily else None
        month = first.month if not daily and (first.year, first.month) == (last.year, last.month) else None
        return cls(name, day, first.year, month, combined, owner, indexes, read)


@dataclass(frozen=True)
class Feed:
    """One template of one tenant, from `_wh.feeds`, `_wh_internal.day_states` and the catalog.

    `years` has each year that is not folded, with the number of its present days; `newest` is the newest of those up to
    today. Days in other states are spans: their number would grow with every day. `missing` has no day that failed. `kind` is pg_class.relkind of the tenant's view, None if there is
    none. `reshaped`: it lacks the template's columns. `daily`: its storage keeps each day in its own relation.
    `steady`: the view stays as it is when days are loaded. `shared`: tenants share the relations. `disabled`: its tenant is disabled. `range_capable`: its
    source can report where its data begins.
    """

    schema: str
    template: str
    connection: str
    daily: bool
    steady: bool
    shared: bool
    has_template: bool
    has_time_column: bool
    kind: str | None
    disabled: bool
    reshaped: bool
    last_load: datetime | None
    years: Sequence[Sequence[int]]
    newest: date | None
    missing: Sequence[Span]
    failed: Sequence[Span]
    error: str | None
    stale: Sequence[Span]
    outdated: Sequence[Span]
    range_capable: bool
    parts: list[Part] = field(default_factory=list)

    @classmethod
    def of(cls, *facts: Any) -> Feed:
        """The feed that a row of the query `feeds` describes."""
        read: list[Any] = [_spans(fact) if isinstance(fact, Multirange) else fact for fact in facts]
        return cls(*read)

    def __str__(self) -> str:
        return f"{self.schema}.{self.template}"

    @property
    def folded(self) -> set[int]:
        """The years that were folded into one table."""
        return {part.year for part in self.parts if part.combined}

    def unread(self) -> list[str]:
        """The slices and yearly tables that a tenant's view should read, but does not."""
        if self.steady:
            return []
        years = {part.year for part in self.parts if part.day is None}
        # A slice beside a yearly table is a leftover, which the view has to leave out.
        return sorted(
            part.name for part in self.parts if not part.read and (part.day is None or part.year not in years)
        )

    def last_day(self, today: date) -> date | None:
        """The newest present day; days ahead of today say nothing about how recent the others are."""
        there = [date(year, 12, 31) for year in self.folded]
        return max((day for day in (self.newest, *there) if day and day <= today), default=None)


def _spans(days: Multirange[date]) -> list[Span]:
    return [Span(span.lower, span.upper - timedelta(days=1)) for span in days if span.lower and span.upper]
