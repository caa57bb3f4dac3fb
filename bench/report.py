"""Results as a table and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.contest import Entry
from bench.stage import Size

_MIB = 1024 * 1024


def table(entries: Sequence[Entry], baselines: Mapping[str, str], size: Size) -> str:
    """Medians, and each contestant's time divided by that of the baselines (a heading, and a contestant's name)."""
    seconds = {entry.contestant.name: entry.seconds for entry in entries}
    gaps = any(entry.gaps for entry in entries)
    lines = [
        [
            "",
            "seconds",
            "least",
            "most",
            "rows/s",
            *(f"/ {heading}" for heading in baselines),
            "client MiB",
            *(["longest gap"] if gaps else []),
        ]
    ]
    for entry in entries:
        all_seconds = [sample.seconds for sample in entry.samples]
        lines.append(
            [
                entry.contestant.name,
                f"{entry.seconds:.2f}",
                f"{min(all_seconds):.2f}",
                f"{max(all_seconds):.2f}",
                f"{size.rows / entry.seconds:,.0f}",
                *(f"{entry.seconds / seconds[name]:.2f}" for name in baselines.values()),
                f"{'<=' if entry.at_most else ''} {entry.client_bytes / _MIB:.1f}".strip(),
                *([f"{max(entry.gaps):.2f} s"] if gaps else []),
            ]
        )
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            [
                line[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)),
            ]
        )
        for line in lines
    )


def record(
    workload: str,
    entries: Sequence[Entry],
    baselines: Mapping[str, str],
    size: Size,
    machine: Mapping[str, Any],
) -> dict[str, Any]:
    """The same and every single run, for a file. Times are in seconds."""
    seconds = {entry.contestant.name: entry.seconds for entry in entries}
    return {
        "workload": workload,
        "machine": dict(machine),
        "size": {
            "first": str(size.first),
            "days": size.days,
            "rows_per_day": size.per_day,
            "rows": size.rows,
        },
        "results": [
            {
                "name": entry.contestant.name,
                "command": entry.contestant.shown,
                "seconds": round(entry.seconds, 3),
                "ratios": {
                    heading: round(entry.seconds / seconds[name], 3) for heading, name in baselines.items()
                },
                "client_bytes": round(entry.client_bytes),
                "client_bytes_at_most": entry.at_most,
                "longest_gaps": [round(gap, 3) for gap in entry.gaps],
                "runs": [
                    {"seconds": round(sample.seconds, 3), "client_bytes": sample.client_bytes}
                    for sample in entry.samples
                ],
            }
            for entry in entries
        ],
    }
