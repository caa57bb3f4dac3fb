"""Numbers of things in words."""

from __future__ import annotations

from collections.abc import Iterable


def count(number: int, noun: str, many: str | None = None) -> str:
    """A number with what it counts: `1 slice`, `2,000 slices`. `many` is the plural if it is not noun + s."""
    return f"{number:,} {noun if number == 1 else many or noun + 's'}"


def spans_of_years(years: Iterable[int]) -> str:
    """Years in ascending order as text: `2001 to 2019, 2021`."""
    spans: list[tuple[int, int]] = []
    for year in years:
        if spans and spans[-1][1] == year - 1:
            spans[-1] = (spans[-1][0], year)
        else:
            spans.append((year, year))
    return ", ".join(str(first) if first == last else f"{first} to {last}" for first, last in spans)
