"""Numbers of things in words."""

from __future__ import annotations


def count(number: int, noun: str, many: str | None = None) -> str:
    """A number with what it counts: `1 slice`, `2,000 slices`. `many` is the plural if it is not noun + s."""
    return f"{number:,} {noun if number == 1 else many or noun + 's'}"
