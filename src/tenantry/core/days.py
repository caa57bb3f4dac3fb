"""UTC days and spans of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tenantry.core.errors import InputError


def today_utc() -> date:
    """Today in UTC, by this machine's clock."""
    return datetime.now(UTC).date()


def parse_day(text: str) -> date:
    """Return a day from YYYY-MM-DD, `today` or `yesterday` (both in UTC). Raises InputError for anything else."""
    if text in ("today", "yesterday"):
        return today_utc() - timedelta(days=text == "yesterday")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"{text!r} is not a day", hint="Write it as YYYY-MM-DD, or say today or yesterday (UTC)."
        ) from None


@dataclass(frozen=True)
class Span:
    """The days from `first` to `last`, both inclusive."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise InputError(
                f"the first day, {self.first}, is after the last day, {self.last}",
                hint="Give the earlier day first; both days are included.",
            )

    def __iter__(self) -> Iterator[date]:
        for number in range(len(self)):
            yield self.first + timedelta(days=number)

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    def __str__(self) -> str:
        return f"{self.first} to {self.last}" if self.first != self.last else str(self.first)


def folded(days: list[date]) -> list[Span]:
    """Return sorted days as the fewest spans that cover exactly those days."""
    spans: list[Span] = []
    for day in sorted(days):
        if spans and (day - spans[-1].last).days == 1:
            spans[-1] = Span(spans[-1].first, day)
        else:
            spans.append(Span(day, day))
    return spans


def monthly(days: Iterable[date]) -> list[Span]:
    """Return sorted days as the fewest spans that cover exactly those days and do not cross a month."""
    months: dict[tuple[int, int], list[date]] = {}
    for day in days:
        months.setdefault((day.year, day.month), []).append(day)
    return [span for month in months.values() for span in folded(month)]
