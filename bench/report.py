"""Results as text tables and as JSON."""

from __future__ import annotations

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
