"""Taking over a warehouse that was made by hand, next to a REFRESH of the same days over dblink."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from datetime import timedelta

import psycopg
from psycopg import sql

from bench.contest import Contestant, compete, seconds_text
from bench.lab import Lab
from bench.measure import measure as run_once
from bench.report import Table, middle_half, paired
from bench.stage import TEMPLATE, TENANT, Stage
from bench.workloads.backfill import by_dblink, program, psql

REFRESH = "REFRESH of each day's view over dblink"

_COUNT = "SELECT count(*) FROM acme.foodlogstats"
_BY_HAND, _ADOPTED = "by_hand", "adopted"
_TABLES = """
CREATE EXTENSION dblink;
CREATE SCHEMA _wh;
CREATE TABLE _wh.tenant_connections (tenant_name text PRIMARY KEY, host text, port integer, dbname text, username text,
    password text NOT NULL);
CREATE TABLE _wh.mv_templates (template_name text PRIMARY KEY, description text, query_template text, column_definitions text,
    indexes text);
CREATE SCHEMA acme;
GRANT USAGE ON SCHEMA acme TO phood_ro, whadmin;
ALTER DEFAULT PRIVILEGES IN SCHEMA acme GRANT SELECT ON TABLES TO phood_ro, whadmin;
"""


def measure(lab: Lab) -> list[Table]:
    """One table: seconds, and seconds for a thousand days."""
    stage = lab.stage
    lab.tell("a warehouse by hand")
    _make(stage)
    lab.tell("the same, adopted")
    stage.reset(_BY_HAND)
    adopting = _adopt(stage, "tenantry adopt", _BY_HAND)
    run_once(adopting.pipeline, adopting.environment, stage.files / "adopt.log")
    stage.keep(_ADOPTED)
    return [_table(lab, [adopting, _adopt(stage, "tenantry adopt --finish", _ADOPTED), _refresh(stage)])]


def _days(stage: Stage) -> Sequence[str]:
    days = (stage.size.first + timedelta(days=number) for number in range(stage.size.days))
    return [f"{TEMPLATE}_{day:%Y_%m_%d}" for day in days]


def _make(stage: Stage) -> None:
    """A database with a tenant's daily views and the views over them, as the manual's functions write them."""
    template = stage.template()
    name = stage.new_database(_BY_HAND)
    conninfo = stage.server.conninfo(dbname=name)
    days = [stage.size.first + timedelta(days=number) for number in range(stage.size.days)]
    script = "".join(
        by_dblink(template, stage.source_with_password, day, view)
        for day, view in zip(days, _days(stage), strict=True)
    )
    (stage.files / "make.sql").write_text(script, encoding="utf-8")
    with psycopg.connect(conninfo, autocommit=True) as admin:
        admin.execute(_TABLES.encode())
        address = stage.address(TENANT)
        admin.execute(
            "INSERT INTO _wh.tenant_connections VALUES (%s, %s, %s, %s, %s, %s)",
            (TENANT, address.host, address.port, address.dbname, address.username, stage.source_password),
        )
        admin.execute(
            "INSERT INTO _wh.mv_templates VALUES (%s, '', %s, %s, %s)",
            (TEMPLATE, template.query, template.columns, template.indexes),
        )
        subprocess.run(psql(stage, "make.sql", conninfo), check=True)
        columns = sql.SQL(", ").join(map(sql.Identifier, template.column_names))
        union = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {} FROM {}").format(columns, sql.Identifier(TENANT, view))
            for view in _days(stage)
        )
        admin.execute(sql.SQL("CREATE VIEW acme.foodlogstats AS {}").format(union))
        admin.execute(
            sql.SQL(
                "CREATE VIEW public.foodlogstats AS SELECT 'acme'::text AS schema_name, {} FROM acme.foodlogstats"
            ).format(columns)
        )
        admin.execute("VACUUM (ANALYZE)")


def _adopt(stage: Stage, name: str, start: str) -> Contestant:
    arguments = [*name.split()[1:], "--yes"]
    return Contestant(
        name=name,
        shown=f"TENANTRY_ADMIN_DSN=$ADMINISTRATOR tenantry {' '.join(arguments)}",
        pipeline=[[program("tenantry"), *arguments]],
        count=_COUNT,
        environment={"TENANTRY_ADMIN_DSN": stage.administrator},
        start=start,
    )


def _refresh(stage: Stage) -> Contestant:
    script = "".join(f"REFRESH MATERIALIZED VIEW {TENANT}.{view};\n" for view in _days(stage))
    (stage.files / "refresh.sql").write_text(script, encoding="utf-8")
    return Contestant(
        name=REFRESH,
        shown="psql -X -q -v ON_ERROR_STOP=1 -f refresh.sql $ADMINISTRATOR",
        pipeline=[psql(stage, "refresh.sql", stage.administrator)],
        count=_COUNT,
        start=_BY_HAND,
    )


def _table(lab: Lab, contestants: Sequence[Contestant]) -> Table:
    size = lab.stage.size
    entries = compete(lab, contestants)
    refresh = next(entry.all_seconds for entry in entries if entry.contestant.name == REFRESH)
    lines, results = [], []
    for entry in entries:
        ratio = paired(entry.all_seconds, refresh)
        thousand = entry.seconds * 1000 / size.days
        lines.append(
            [
                entry.contestant.name,
                seconds_text(entry.seconds),
                "-".join(map(seconds_text, middle_half(entry.all_seconds))),
                seconds_text(thousand),
                f"{ratio:.2f}",
            ]
        )
        results.append(
            {
                "name": entry.contestant.name,
                "command": entry.contestant.shown,
                "seconds": round(entry.seconds, 4),
                "seconds_per_1000_days": round(thousand, 4),
                "ratios": {"refresh": round(ratio, 3)},
                "runs": [round(run, 4) for run in entry.all_seconds],
            }
        )
    title = (
        f"{(__doc__ or '').splitlines()[0]}\n{size.rows:,} rows of {size.days:,} days; median of {lab.runs}"
    )
    headings = ["", "seconds", "middle half", "per 1,000 days", "/ refresh"]
    return Table(title, headings, lines, results, [f"{c.name}: {c.shown}" for c in contestants])
