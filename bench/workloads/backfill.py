"""Loading a year of one tenant: Tenantry, a script of dblink matviews as written by hand, and the limit."""

from __future__ import annotations

import sysconfig
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from bench.contest import Contestant
from bench.stage import TEMPLATE, TENANT, Stage, Template

LIMIT = "limit: COPY to COPY"
BASELINES = {"limit": LIMIT, "psql loop": "psql loop"}
"""What the others are divided by: a heading, and the name of a contestant."""

_YEAR = f"{TEMPLATE}_year"


def contestants(stage: Stage) -> Sequence[Contestant]:
    """The ways to load the stage's days, after writing the scripts that they need."""
    template = stage.template()
    scripts = {
        "loop.sql": _loop(stage, template),
        "pull.sql": f"COPY ({_query(template, stage.size.first, stage.size.last)}) TO STDOUT;\n",
        "load.sql": f"CREATE TABLE {TENANT}.{_YEAR} ({template.columns});\n"
        f"\\copy {TENANT}.{_YEAR} FROM pstdin\n{_indexes(template, _YEAR)}\n",
    }
    for name, text in scripts.items():
        (stage.files / name).write_text(text, encoding="utf-8")
    return [*(_tenantry(stage, jobs) for jobs in (2, 1)), _by_hand(stage), _limit(stage)]


def _tenantry(stage: Stage, jobs: int) -> Contestant:
    arguments = ["backfill", TEMPLATE, "--tenant", TENANT]
    arguments += ["--from", str(stage.size.first), "--to", str(stage.size.last), "--jobs", str(jobs)]
    return Contestant(
        name=f"tenantry, {jobs} job{'s' if jobs > 1 else ''}",
        shown=f"TENANTRY_DSN=$WAREHOUSE tenantry {' '.join(arguments)}",
        pipeline=[[str(Path(sysconfig.get_path("scripts"), "tenantry")), *arguments]],
        count="SELECT count(*) FROM acme.foodlogstats",
        environment={"TENANTRY_DSN": stage.warehouse},
    )


def _by_hand(stage: Stage) -> Contestant:
    return Contestant(
        name="psql loop",
        shown="psql -X -q -v ON_ERROR_STOP=1 -f loop.sql $WAREHOUSE",
        pipeline=[_psql(stage, "loop.sql", stage.warehouse)],
        count="SELECT sum(reltuples)::bigint FROM pg_class WHERE relkind = 'm'",
    )


def _limit(stage: Stage) -> Contestant:
    return Contestant(
        name=LIMIT,
        shown="psql -X -q -v ON_ERROR_STOP=1 -f pull.sql $SOURCE | psql -X -q -v ON_ERROR_STOP=1 -1 -f load.sql $WAREHOUSE",
        pipeline=[_psql(stage, "pull.sql", stage.source), _psql(stage, "load.sql", stage.warehouse, "-1")],
        count="SELECT count(*) FROM acme.foodlogstats_year",
    )


def _psql(stage: Stage, script: str, conninfo: str, *options: str) -> list[str]:
    program = str(stage.server.program("psql"))
    return [program, "-X", "-q", "-v", "ON_ERROR_STOP=1", *options, "-f", str(stage.files / script), conninfo]


def _loop(stage: Stage, template: Template) -> str:
    parts = []
    for number in range(stage.size.days):
        day = stage.size.first + timedelta(days=number)
        view = f"{TEMPLATE}_{day:%Y_%m_%d}"
        query = _query(template, day, day).replace("'", "''")
        parts.append(
            f"CREATE MATERIALIZED VIEW {TENANT}.{view} AS\nSELECT * FROM dblink('{stage.source_with_password}', '{query}')"
            f" AS t({template.columns});\n{_indexes(template, view)}\n"
        )
    return "".join(parts)


def _query(template: Template, first: date, last: date) -> str:
    """The template's query for the UTC days from first to last, both included."""
    return (
        template.query.replace("{SCHEMA}", TENANT)
        .replace("{START_TIME}", f"{first} 00:00:00+00")
        .replace("{END_TIME}", f"{last + timedelta(days=1)} 00:00:00+00")
    )


def _indexes(template: Template, relation: str) -> str:
    return template.indexes.replace("{SCHEMA}", TENANT).replace("{VIEW_NAME}", relation)
