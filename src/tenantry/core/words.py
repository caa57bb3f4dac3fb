"""Numbers of things, sizes, durations and moments in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime


def count(number: int, noun: str, many: str | None = None) -> str:
    """A number with what it counts: `1 slice`, `2,000 slices`. `many` is the plural if it is not noun + s."""
    return f"{number:,} {noun if number == 1 else many or noun + 's'}"


def some(names: Iterable[object], most: int = 3) -> str:
    """The first names of a list as text, and how many more there are."""
    listed = [str(name) for name in names]
    rest = len(listed) - most
    return ", ".join(listed[:most]) + (f" and {rest} more" if rest > 0 else "")


def spans_of_years(years: Iterable[int]) -> str:
    """Years in ascending order as text: `2001 to 2019, 2021`."""
    spans: list[tuple[int, int]] = []
    for year in years:
        if spans and spans[-1][1] == year - 1:
            spans[-1] = (spans[-1][0], year)
        else:
            spans.append((year, year))
    return ", ".join(str(first) if first == last else f"{first} to {last}" for first, last in spans)


def human_bytes(size: float) -> str:
    """A size in bytes with the unit that suits it: 1536 is `1.5 KiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def human_seconds(seconds: float) -> str:
    """A time in the units that suit it: `40 s`, `12 min`, `1 h 30 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def ago(moment: datetime | None) -> str | None:
    """How long ago a moment was, in its largest unit: `3 min ago`."""
    if moment is None:
        return None
    seconds = (datetime.now(UTC) - moment).total_seconds()
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit} ago"
    return "just now"
