"""This version beside an earlier one, at what they do every hour and in a first load; `--against` names its commit."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from bench.contest import Contestant, hold
from bench.lab import Lab
from bench.measure import measure as measure_once
from bench.report import Table
from bench.stage import PARTITIONS, TEMPLATE, TENANT, Stage
from bench.workloads.hourly import change

NOW, EARLIER = "this version", "the earlier one"
_ROOT = Path(__file__).parents[2]


def measure(lab: Lab) -> list[Table]:
    """Three tables: all days into an empty warehouse, and the last day again, unchanged and changed.

    Raises ValueError if there is no such commit.
    """
    stage = lab.stage
    earlier = _source(lab.against or "HEAD", stage.files / "earlier")
    stage.add_earlier_start("earlier", earlier, "partition")
    last = stage.size.last
    load = ["backfill", TEMPLATE, "--tenant", TENANT, "--from", str(stage.size.first), "--to", str(last)]
    loads = [
        _way(stage, NOW, _ROOT / "src", PARTITIONS, load),
        _way(stage, EARLIER, earlier, "earlier", load),
    ]
    for way in loads:
        stage.reset(way.start or PARTITIONS)
        measure_once(way.pipeline, way.environment, stage.files / "log")
        stage.keep(f"{way.start}_loaded")
    day = ["refresh", TEMPLATE, "--tenant", TENANT, "--date", str(last)]
    refreshes = [
        _way(stage, NOW, _ROOT / "src", f"{PARTITIONS}_loaded", day),
        _way(stage, EARLIER, earlier, "earlier_loaded", day),
    ]
    changed = [replace(way, before=lambda: change(stage, last)) for way in refreshes]
    rows, baselines = stage.size.per_day, {"earlier": EARLIER}
    size = f"{rows:,} rows; process start included"
    return [
        hold(lab, f"{stage.size.days:,} days into an empty warehouse", loads, baselines, warm_up=True),
        hold(lab, f"A day again, nothing changed, {size}", refreshes, baselines, rows=rows, warm_up=True),
        hold(lab, f"A day again, 1 % changed, {size}", changed, baselines, rows=rows, warm_up=True),
    ]


def _way(stage: Stage, name: str, source: Path, start: str, arguments: Sequence[str]) -> Contestant:
    return Contestant(
        name=name,
        shown=f"TENANTRY_DSN=$WAREHOUSE tenantry {' '.join(arguments)}",
        pipeline=[[sys.executable, "-m", "tenantry", *arguments]],
        count="SELECT count(*) FROM acme.foodlogstats",
        environment={"TENANTRY_DSN": stage.warehouse, "PYTHONPATH": str(source)},
        start=start,
    )


def _source(commit: str, to: Path) -> Path:
    """Unpack the packages of a commit; return the directory to import them from."""
    packed = subprocess.run(
        ["git", "archive", "--format=tar", commit, "src"], cwd=_ROOT, stdout=subprocess.PIPE, check=False
    )
    if packed.returncode:
        raise ValueError(f"versions: there is no commit {commit} here")
    with tarfile.open(fileobj=BytesIO(packed.stdout)) as archive:
        archive.extractall(to, filter="data")
    return to / "src"
