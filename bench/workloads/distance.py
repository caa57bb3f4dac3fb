"""Loading the days of one tenant whose source is far away, or slow, with one, two and four sessions."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

from bench.contest import hold
from bench.delay import delayed
from bench.lab import Lab
from bench.report import Table
from bench.stage import PARTITIONS, TENANT, Stage
from bench.workloads import backfill
from tenantry.core.words import count
from tenantry.db.connect import session
from tenantry.flow.source import connection

ROUND_TRIPS = (0.0, 0.001, 0.005, 0.020)
"""Seconds to the source and back."""
SESSIONS = (1, 2, 4)


def measure(lab: Lab) -> list[Table]:
    """A table for each distance, and one for a source that works on each row for a long time."""
    stage = lab.stage
    tables = [
        _table(lab, seconds, f"{1000 * seconds:g} ms to the source and back") for seconds in ROUND_TRIPS
    ]
    _slow_down(stage)
    return [*tables, _table(lab, 0.0, "a source that works longer on each row")]


def _table(lab: Lab, seconds: float, title: str) -> Table:
    stage = lab.stage
    with ExitStack() as stack:
        here = stage.server.port or 0
        port = stack.enter_context(delayed(here, seconds)) if seconds else here
        start = f"distance_{port}_{title.split(maxsplit=1)[0]}"
        stage.add_start(start, lambda conninfo: _move(stage, conninfo, port), start=PARTITIONS)
        ways = [backfill.tenantry(stage, f"tenantry, {count(jobs, 'job')}", start, jobs) for jobs in SESSIONS]
        limit = backfill.limit(stage, source=stage.source.replace(f"port={here}", f"port={port}"))
        return hold(
            lab,
            f"{stage.size.rows:,} rows of {stage.size.days:,} days; {title}",
            [*ways, limit],
            {"limit": backfill.LIMIT},
        )


def _move(stage: Stage, conninfo: str, port: int) -> None:
    with session(conninfo) as owner:
        connection.put(owner, replace(stage.address(TENANT), port=port), stage.source_password)


def _slow_down(stage: Stage) -> None:
    stage.change_source("ALTER TABLE phood_foodlogsum RENAME TO kept")
    stage.change_source(
        "CREATE VIEW phood_foodlogsum AS SELECT * FROM kept"
        " WHERE length(md5(md5(md5(md5(md5(md5(repeat(id::text, 40)))))))) = 32"
    )
    stage.change_source("GRANT SELECT ON phood_foodlogsum TO source_reader")
