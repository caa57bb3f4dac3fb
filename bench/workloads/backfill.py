"""Loading a year of one tenant into an empty warehouse."""

from __future__ import annotations

import sysconfig
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from bench.contest import Contestant
from bench.stage import EMPTY, PARTITIONS, TEMPLATE, TENANT, Stage, Template

LIMIT = "limit: COPY to COPY"
BY_HAND = "psql, a dblink matview a day"
BASELINES = {"limit": LIMIT, "by hand": BY_HAND}
"""What the others are divided by: a heading, and the name of a contestant."""

_YEAR = f"{TEMPLATE}_year"


def contestants(stage: Stage) -> Sequence[Contestant]:
    """The ways to load the stage's days, after writing the scripts that they need."""
    (stage.files / "loop.sql").write_text(_loop(stage, stage.template()), encoding="utf-8")
    return [
        tenantry(stage, "tenantry, 2 jobs", PARTITIONS, jobs=2),
        tenantry(stage, "tenantry, 1 job", PARTITIONS, jobs=1),
        tenantry(stage, "tenantry, 2 jobs, daily matviews", EMPTY, jobs=2),
        _by_hand(stage),
        limit(stage),
    ]


def tenantry(stage: Stage, name: str, start: str, jobs: int, last: date | None = None) -> Contestant:
    """`tenantry backfill` into the storage of a warehouse to begin with, up to the last day of the source by default."""
    arguments = ["backfill", TEMPLATE, "--tenant", TENANT]
    arguments += [
        "--from",
        str(stage.size.first),
        "--to",
        str(last or stage.size.last),
        "--sessions",
        str(jobs),
    ]
    return Contestant(
        name=name,
        shown=f"TENANTRY_DSN=$WAREHOUSE tenantry {' '.join(arguments)}",
        pipeline=[[program("tenantry"), *arguments]],
        count="SELECT count(*) FROM acme.foodlogstats",
        environment={"TENANTRY_DSN": stage.warehouse},
        start=start,
    )


def limit(stage: Stage, source: str = "") -> Contestant:
    """The lower limit for a program that loads all rows: one pipe, and the indexes after it. `source` is another way to
    the stage's source, as a connection string.
    """
    template = stage.template()
    scripts = {
        "pull.sql": f"COPY ({template.asked(stage.size.first, stage.size.last)}) TO STDOUT;\n",
        "load.sql": f"CREATE TABLE {TENANT}.{_YEAR} ({template.columns});\n"
        f"\\copy {TENANT}.{_YEAR} FROM pstdin\n{template.indexed(_YEAR)}\n",
    }
    for name, text in scripts.items():
        (stage.files / name).write_text(text, encoding="utf-8")
    return Contestant(
        name=LIMIT,
        shown="psql -X -q -v ON_ERROR_STOP=1 -f pull.sql $SOURCE | psql -X -q -v ON_ERROR_STOP=1 -1 -f load.sql $WAREHOUSE",
        pipeline=[
            psql(stage, "pull.sql", source or stage.source),
            psql(stage, "load.sql", stage.warehouse, "-1"),
        ],
        count="SELECT count(*) FROM acme.foodlogstats_year",
    )


def program(name: str) -> str:
    """The path of a program in the environment that this runs in."""
    return str(Path(sysconfig.get_path("scripts"), name))


def psql(stage: Stage, script: str, conninfo: str, *options: str) -> list[str]:
    """A psql that runs a script of the stage."""
    path = str(stage.server.program("psql"))
    return [path, "-X", "-q", "-v", "ON_ERROR_STOP=1", *options, "-f", str(stage.files / script), conninfo]


def _by_hand(stage: Stage) -> Contestant:
    return Contestant(
        name=BY_HAND,
        shown="psql -X -q -v ON_ERROR_STOP=1 -f loop.sql $WAREHOUSE",
        pipeline=[psql(stage, "loop.sql", stage.warehouse)],
        count="SELECT sum(reltuples)::bigint FROM pg_class WHERE relkind = 'm'",
    )


def _loop(stage: Stage, template: Template) -> str:
    days = (stage.size.first + timedelta(days=number) for number in range(stage.size.days))
    return "".join(
        by_dblink(template, stage.source_with_password, day, f"{TEMPLATE}_{day:%Y_%m_%d}") for day in days
    )


def by_dblink(template: Template, source: str, day: date, view: str) -> str:
    """The statements for a materialized view of one day as written by hand; `source` is a connection string with its password."""
    query = template.asked(day, day).replace("'", "''")
    return (
        f"CREATE MATERIALIZED VIEW {TENANT}.{view} AS\nSELECT * FROM dblink('{source}', '{query}')"
        f" AS t({template.columns});\n{template.indexed(view)}\n"
    )
