"""Folding a year of daily materialized views into one table: Tenantry's command and function, and the steps by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bench.contest import Contestant
from bench.probe import Question
from bench.stage import TEMPLATE, TENANT, Stage, Template
from bench.workloads.backfill import program
from tenantry.core.days import Span
from tenantry.core.model import Feed
from tenantry.loader import planning, run
from tenantry.loader.events import Silent

LIMIT = "limit: copy, then index"
DROPPED = "the limit, and the days dropped"
BASELINES = {"by hand": "by hand", "limit": LIMIT, "limit and drop": DROPPED}

_YEARLY = f"{TEMPLATE}_{{year}}"
_COUNT = "SELECT count(*) FROM acme.foodlogstats"
_ONE_DAY = (
    "SELECT count(*) FROM acme.foodlogstats"
    " WHERE logged_time >= '2024-01-02 00:00:00+00' AND logged_time < '2024-01-03 00:00:00+00'"
)


def contestants(stage: Stage) -> Sequence[Contestant]:
    """The ways to fold the stage's first year, which must be complete."""
    stage.add_start("loaded", lambda conninfo: _load(stage, conninfo))
    year = stage.size.first.year
    (stage.files / "by_hand.sql").write_text(_by_hand(stage, stage.template(), year), encoding="utf-8")
    (stage.files / "fold.sql").write_text(
        f"SELECT _wh.create_combined_table_from_template_by_year('{TEMPLATE}', '{TENANT}', {year});\n",
        encoding="utf-8",
    )
    for name, dropped in (("limit.sql", False), ("limit_dropped.sql", True)):
        (stage.files / name).write_text(
            _limit(stage, stage.template(), year, dropped=dropped), encoding="utf-8"
        )
    return [
        Contestant(
            name="tenantry year fold",
            shown=f"TENANTRY_DSN=$WAREHOUSE tenantry year fold {TEMPLATE} {year} --tenant {TENANT}",
            pipeline=[[program("tenantry"), "year", "fold", TEMPLATE, str(year), "--tenant", TENANT]],
            environment={"TENANTRY_DSN": stage.warehouse},
            count=_COUNT,
            start="loaded",
            question=Question(_ONE_DAY, stage.size.per_day),
        ),
        _way(stage, "tenantry, in SQL", "fold.sql"),
        _way(stage, "by hand", "by_hand.sql"),
        _way(stage, LIMIT, "limit.sql"),
        _way(stage, DROPPED, "limit_dropped.sql"),
    ]


def _way(stage: Stage, name: str, script: str) -> Contestant:
    program = str(stage.server.program("psql"))
    return Contestant(
        name=name,
        shown=f"psql -X -q -v ON_ERROR_STOP=1 -f {script} $WAREHOUSE",
        pipeline=[
            [program, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(stage.files / script), stage.warehouse]
        ],
        count=_COUNT,
        start="loaded",
        question=Question(_ONE_DAY, stage.size.per_day),
    )


def _load(stage: Stage, conninfo: str) -> None:
    feed = Feed(TENANT, TEMPLATE, TENANT)
    plans = planning.plan(conninfo, [feed], Span(stage.size.first, stage.size.last))
    run.run(conninfo, plans, run.Limits(), Silent())


def _limit(stage: Stage, template: Template, year: int, *, dropped: bool) -> str:
    """What any fold in one transaction has to do: the rows into a new table, its indexes, commit. No check and no view.
    With `dropped`, the days are dropped at the end, and the tenant's view, which reads them, is replaced before.
    """
    name = _YEARLY.format(year=year)
    parts = [f"BEGIN;\nCREATE TABLE {TENANT}.{name} ({template.columns});\n"]
    parts += [
        f"INSERT INTO {TENANT}.{name} SELECT * FROM {TENANT}.{_day(stage, number)};\n"
        for number in range(stage.size.days)
    ]
    parts.append(template.indexes.replace("{SCHEMA}", TENANT).replace("{VIEW_NAME}", name) + "\n")
    if dropped:
        days = ", ".join(f"{TENANT}.{_day(stage, number)}" for number in range(stage.size.days))
        parts.append(f"{_show(f'{TENANT}.{name}')}DROP MATERIALIZED VIEW {days};\n")
    parts.append("COMMIT;\n")
    return "".join(parts)


def _by_hand(stage: Stage, template: Template, year: int) -> str:
    """The steps of operators' own function, in one transaction: a view without the year, a table with its indexes, each
    day inserted and its view dropped, and the view again.
    """
    table = f"{TENANT}.{_YEARLY.format(year=year)}"
    indexes = template.indexes.replace("{SCHEMA}", TENANT).replace("{VIEW_NAME}", _YEARLY.format(year=year))
    parts = [
        f"BEGIN;\n{_show(f'{TENANT}.{_day(stage, 0)} WHERE false')}",
        f"CREATE TABLE {table} ({template.columns});\n{indexes}\n",
        # The emptied view still names the first day, so that one comes last.
        f"INSERT INTO {table} SELECT * FROM {TENANT}.{_day(stage, 0)};\n",
    ]
    for number in range(1, stage.size.days):
        day = _day(stage, number)
        parts.append(
            f"INSERT INTO {table} SELECT * FROM {TENANT}.{day};\nDROP MATERIALIZED VIEW {TENANT}.{day};\n"
        )
    parts.append(_show(table))
    parts.append(f"DROP MATERIALIZED VIEW {TENANT}.{_day(stage, 0)};\nCOMMIT;\n")
    return "".join(parts)


def _show(relation: str) -> str:
    """Make the tenant's view read a relation."""
    # The view of Tenantry, which they replace, has this column, too.
    shown = "SELECT *, (logged_time AT TIME ZONE 'UTC')::date AS day"
    return f"CREATE OR REPLACE VIEW {TENANT}.{TEMPLATE} AS {shown} FROM {relation};\n"


def _day(stage: Stage, number: int) -> str:
    return f"{TEMPLATE}_{stage.size.first + timedelta(days=number):%Y_%m_%d}"
