"""`python -m bench`: measure workloads on a private server, and print a table for each."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol

from bench import machine, report
from bench.contest import Contestant, hold
from bench.lab import Lab
from bench.server import scratch_server
from bench.stage import Size, Stage
from bench.workloads import (
    adopt,
    backfill,
    console,
    distance,
    hourly,
    nightly,
    peers,
    reports,
    scale,
    storage,
    verify,
    versions,
    yearly,
)

FIRST = date(2024, 1, 1)
RESULTS = Path(__file__).with_name("results")


@dataclass(frozen=True)
class Workload:
    """How to measure something, and how much of it unless the command line says otherwise."""

    measure: Callable[[Lab], Sequence[report.Table]]
    days: int = 366
    per_day: int = 4190
    settings: Mapping[str, str] = field(default_factory=dict)
    until_today: bool = False
    """Whether the days end today, instead of beginning on `FIRST`."""


WORKLOADS = {
    "backfill": Workload(lambda lab: _contest(lab, backfill)),
    "distance": Workload(distance.measure, days=122),
    "hourly": Workload(hourly.measure, days=31),
    "yearly": Workload(lambda lab: _contest(lab, yearly)),
    "reports": Workload(
        reports.measure,
        days=reports.DAYS,
        per_day=10,
        settings={"max_locks_per_transaction": "64"},
        until_today=True,
    ),
    "nightly": Workload(nightly.measure, days=31),
    "storage": Workload(storage.measure),
    "adopt": Workload(adopt.measure),
    "verify": Workload(lambda lab: _contest(lab, verify)),
    "console": Workload(console.measure, days=3 * 365, per_day=1),
    "scale": Workload(
        scale.measure,
        days=3 * 365,
        per_day=2,
        # Autovacuum works at times of its own; each step ends with a VACUUM.
        settings={"max_locks_per_transaction": "64", "autovacuum": "off"},
        until_today=True,
    ),
    "versions": Workload(versions.measure, days=60),
    "peers": Workload(peers.measure),
}
FULL = [name for name in WORKLOADS if name not in {"peers", "scale", "versions"}]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the command line says."""
    options = _parse(arguments)
    _forget_environment()
    for name in FULL if options.workload == "full" else [options.workload]:
        workload = WORKLOADS[name]
        days = options.days or workload.days
        first = datetime.now(UTC).date() - timedelta(days=days - 1) if workload.until_today else FIRST
        size = Size(first, days, options.per_day or workload.per_day)
        with scratch_server(workload.settings) as (server, files):
            stage = Stage(server, size, files)
            _tell(f"{name}: making a source of {size.days:,} days with {size.per_day:,} rows each")
            stage.prepare()
            tables = workload.measure(Lab(stage, options.runs, options.tenants, _tell, options.against))
            facts = machine.facts(stage.version())
        print(f"\n== {name}: PostgreSQL {facts['postgresql']}, {facts['cores']} cores,", end=" ")
        print(f"{int(facts['memory_bytes']) / 2**30:.0f} GiB\n")
        print(*tables, sep="\n\n", flush=True)
        if options.save:
            text = json.dumps(report.record(name, tables, facts), indent=2, default=str)
            (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")


class Contest(Protocol):
    """A workload that only consists of ways to do one thing; the first line of its docstring is its title."""

    BASELINES: dict[str, str]
    __doc__: str | None

    def contestants(self, stage: Stage) -> Sequence[Contestant]:
        """The ways."""


def _contest(lab: Lab, module: Contest) -> list[report.Table]:
    size = lab.stage.size
    title = f"{(module.__doc__ or '').splitlines()[0]}\n{size.rows:,} rows of {size.days:,} days"
    return [hold(lab, title, module.contestants(lab.stage), module.BASELINES)]


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "workload",
        nargs="?",
        choices=[*WORKLOADS, "full"],
        default="backfill",
        help="what to measure (backfill); full: all but peers, scale and versions",
    )
    parser.add_argument("--days", type=_positive, help=f"days to load, from {FIRST} on (by workload)")
    parser.add_argument("--per-day", type=_positive, metavar="ROWS", help="rows of each day (by workload)")
    parser.add_argument(
        "--tenants", type=_positive, metavar="MOST", help="maximum number of tenants (by workload)"
    )
    parser.add_argument(
        "--runs", type=_positive, default=3, help="runs of each command; the median counts (3)"
    )
    parser.add_argument("--against", metavar="COMMIT", help="the earlier version, for versions")
    parser.add_argument("--save", action="store_true", help="write every run to bench/results, too")
    options = parser.parse_args(arguments)
    if (options.workload == "versions") != (options.against is not None):
        parser.error("versions and --against COMMIT belong together")
    most = (datetime.now(UTC).date() - FIRST).days
    if options.days and options.days > most:
        parser.error(f"--days: at most {most}; the days begin on {FIRST} and must have ended")
    return options


def _forget_environment() -> None:
    """Drop what the environment says of servers, which libpq would take for ours, and let Python keep what it compiles, as it does for users."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for name in list(os.environ):
        if name.startswith("PG") or name == "TENANTRY_DSN":
            del os.environ[name]


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return int(text)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
