"""`python -m bench`: measure a workload on a server of its own, and print a table."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from bench import machine, report
from bench.contest import compete
from bench.server import scratch_server
from bench.stage import Size, Stage
from bench.workloads import backfill, yearly

WORKLOADS = {"backfill": backfill, "yearly": yearly}
FIRST = date(2024, 1, 1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the command line says."""
    options = _parse(arguments)
    _forget_other_servers()
    size = Size(FIRST, options.days, options.per_day)
    workload = WORKLOADS[options.workload]
    with scratch_server() as (server, files):
        stage = Stage(server, size, files)
        _tell(f"making a source of {size.days:,} days with {size.per_day:,} rows each")
        stage.prepare()
        entries = compete(stage, workload.contestants(stage), options.runs, _tell)
        facts = machine.facts(stage.version())
    print(f"{options.workload}: {size.rows:,} rows of {size.days:,} days; median of {options.runs}")
    print(
        f"PostgreSQL {facts['postgresql']}, {facts['cores']} cores, {int(facts['memory_bytes']) / 2**30:.0f} GiB\n"
    )
    print(report.table(entries, workload.BASELINES, size))
    print("\nmeasured:")
    for entry in entries:
        print(f"  {entry.contestant.shown}")
    if options.json:
        result = report.record(options.workload, entries, workload.BASELINES, size, facts)
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("workload", nargs="?", choices=sorted(WORKLOADS), default="backfill")
    parser.add_argument("--days", type=_positive, default=366, help=f"days to load, from {FIRST} on (366)")
    parser.add_argument(
        "--per-day", type=_positive, default=4190, metavar="ROWS", help="rows of each day (4190)"
    )
    parser.add_argument(
        "--runs", type=_positive, default=3, help="runs of each command; the median counts (3)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every run there, too")
    options = parser.parse_args(arguments)
    most = (datetime.now(UTC).date() - FIRST).days
    if options.days > most:
        parser.error(f"--days: at most {most}; the days begin on {FIRST} and must have ended")
    return options


def _forget_other_servers() -> None:
    """Drop what the user's environment says of servers: libpq would take it for ours."""
    for name in list(os.environ):
        if name.startswith("PG") or name == "TENANTRY_DSN":
            del os.environ[name]


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return int(text)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
