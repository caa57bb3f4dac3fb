"""The workloads of `make bench` run: on little data, and nothing is measured here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.any_server

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("workload, days, tables", [("hourly", 2, 6), ("yearly", 366, 1), ("reports", 3, 9)])
def test_a_workload_runs_to_its_end(workload: str, days: int, tables: int) -> None:
    words = ["--days", days, "--per-day", 2, "--runs", 1, "--tenants", 2]
    done = subprocess.run(
        [sys.executable, "-m", "bench", workload, *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    headings = [line for line in done.stdout.splitlines() if line.startswith("      ")]
    assert len(headings) == tables, done.stdout
