"""Results as text tables and as JSON."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Table:
    """What was measured: `lines` for people, below `headings`, and `results` for programs, one of each per way.

    `notes` explain the names.
    """

    title: str
    headings: Sequence[str]
    lines: Sequence[Sequence[str]]
    results: Sequence[Mapping[str, Any]]
    notes: Sequence[str] = field(default_factory=tuple)

    def __str__(self) -> str:
        lines = [list(self.headings), *map(list, self.lines)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        rows = [
            "  ".join(
                [
                    line[0].ljust(widths[0]),
                    *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)),
                ]
            ).rstrip()
            for line in lines
        ]
        return "\n".join(
            [self.title, "", *rows, *([""] if self.notes else []), *(f"  {n}" for n in self.notes)]
        )


def record(workload: str, tables: Sequence[Table], machine: Mapping[str, Any]) -> dict[str, Any]:
    """The same for a file. Times are in seconds unless their name contains another unit."""
    return {
        "workload": workload,
        "machine": dict(machine),
        "tables": [{"title": table.title, "results": list(table.results)} for table in tables],
    }


def middle_half(values: Sequence[float]) -> tuple[float, float]:
    """The quartiles between which half of the values lie: the width is the interquartile range, which tells the noise.

    Of fewer than three values, the least and the most.
    """
    if len(values) < 3:
        return min(values), max(values)
    first, _, third = statistics.quantiles(values, n=4, method="inclusive")
    return first, third


def paired(values: Sequence[float], bases: Sequence[float]) -> float:
    """The median of the ratios of values to those of the same round."""
    return statistics.median(value / base for value, base in zip(values, bases, strict=True))
