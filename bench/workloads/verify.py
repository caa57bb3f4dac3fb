"""Comparing a year with its source, row by row: `tenantry verify`, and reading it once by COPY."""

from __future__ import annotations

import os
from collections.abc import Sequence

from bench.contest import Contestant
from bench.stage import PARTITIONS, TEMPLATE, TENANT, Stage
from bench.workloads.backfill import program, psql

LIMIT = "limit: read once by COPY"
BASELINES = {"limit": LIMIT}

_COUNT = "SELECT count(*) FROM acme.foodlogstats"
_LOADED = {"partitions": "loaded_partitions", "daily matviews": "loaded_matviews"}


def contestants(stage: Stage) -> Sequence[Contestant]:
    """The ways to read the stage's days once, with or without comparing them."""
    stage.add_start(_LOADED["partitions"], stage.load, start=PARTITIONS)
    stage.add_start(_LOADED["daily matviews"], stage.load)
    pull = f"COPY ({stage.template().asked(stage.size.first, stage.size.last)}) TO STDOUT;\n"
    (stage.files / "pull.sql").write_text(pull, encoding="utf-8")
    return [
        *(_verify(stage, storage, sessions) for storage in _LOADED for sessions in (1, 2)),
        Contestant(
            name=LIMIT,
            shown="psql -X -q -v ON_ERROR_STOP=1 -o /dev/null -f pull.sql $SOURCE",
            pipeline=[psql(stage, "pull.sql", stage.source, "-o", os.devnull)],
            count=_COUNT,
            start=_LOADED["partitions"],
        ),
    ]


def _verify(stage: Stage, storage: str, sessions: int) -> Contestant:
    arguments = ["verify", TEMPLATE, "--tenant", TENANT, "--sessions", str(sessions)]
    arguments += ["--from", str(stage.size.first), "--to", str(stage.size.last)]
    return Contestant(
        name=f"tenantry, {storage}, {sessions} {'session' if sessions == 1 else 'sessions'}",
        shown=f"TENANTRY_DSN=$WAREHOUSE tenantry {' '.join(arguments)}",
        pipeline=[[program("tenantry"), *arguments]],
        count=_COUNT,
        environment={"TENANTRY_DSN": stage.warehouse},
        start=_LOADED[storage],
    )
