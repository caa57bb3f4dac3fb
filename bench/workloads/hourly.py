"""Refreshing one existing day: as a cold command, in a running program, and for many tenants at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path

from psycopg.pq.abc import PGconn

from bench.contest import Contestant, hold, value
from bench.lab import Lab
from bench.report import Table
from bench.stage import PARTITIONS, TEMPLATE, TENANT, Stage
from bench.turns import by_turns
from bench.workloads.backfill import by_dblink, program, psql
from tenantry.core.days import Span
from tenantry.db.connect import open_session, session
from tenantry.flow.slice import stream
from tenantry.flow.slice.feed import find_feed, open_feed
from tenantry.flow.source import connection
from tenantry.flow.source.session import open_source, source_conninfo
from tenantry.flow.tenant import drop, schema
from tenantry.loader import planning, run
from tenantry.loader.events import Silent
from tenantry.loader.planning import Plan
from tenantry.loader.sessions import Keeper

TENANTS = 100
REPEATS = 30
PIPE = "limit: a bare pipe"
PIPES = "limit: a bare pipe each, one process"
BY_HAND = "by_hand"
"""A materialized view over dblink of the same day."""
QUERY = "limit: the source's query alone"
_PULL = "tenantry, sessions kept (stream.pull)"
_LEAF = f'_wh_data."{TENANT}.{TEMPLATE}_2024"'
_WRITTEN = "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables WHERE relname LIKE '%.foodlogstats_2024'"
_ALL = "SELECT count(*) FROM public.foodlogstats"


def measure(lab: Lab) -> list[Table]:
    """Six tables: cold and unchanged, cold with a hundredth changed, in a running program three times, many tenants."""
    stage = lab.stage
    day = stage.size.last
    stage.add_start("month", lambda conninfo: _load_month(stage, conninfo, day), start=PARTITIONS)
    stage.reset("month")
    unchanged = cold(stage, day)
    changed = [replace(way, before=lambda: change(stage, day)) for way in unchanged]
    baselines = {"pipe": PIPE, "psql": "psql, merged by hand"}
    size = f"{stage.size.per_day:,} rows"
    rows = stage.size.per_day
    end = "process start included"
    tables = [
        hold(lab, f"One day, {size}, nothing changed; {end}", unchanged, baselines, rows=rows, warm_up=True),
        hold(lab, f"One day, {size}, 1 % changed; {end}", changed, baselines, rows=rows, warm_up=True),
        *_running(lab, day, size),
    ]
    names = [f"tenant_{number:03}" for number in range(1, lab.at_most(TENANTS) + 1)]
    stage.add_start("tenants", lambda conninfo: _load_tenants(stage, conninfo, names, day), start=PARTITIONS)
    stage.reset("tenants")
    title = f"One day of {len(names)} tenants, {size} each, nothing changed; {end}"
    ways = _many(stage, day, len(names))
    return [*tables, hold(lab, title, ways, {"pipes": PIPES}, rows=rows * len(names), warm_up=True)]


def _load_month(stage: Stage, conninfo: str, day: date) -> None:
    """All days by Tenantry, and one by hand beside them."""
    stage.load(conninfo)
    with session(conninfo) as owner:
        owner.execute(by_dblink(stage.template(), stage.source_with_password, day, BY_HAND).encode())


def change(stage: Stage, day: date, every: int = 100) -> None:
    """Change one in so many of a day's rows at the source."""
    stage.change_source(
        "UPDATE phood_foodlogsum SET quantity = quantity + 1 WHERE id %% %(every)s = 0"
        " AND logged_time >= %(day)s::timestamp AT TIME ZONE 'UTC'"
        " AND logged_time < (%(day)s::timestamp + interval '1 day') AT TIME ZONE 'UTC'",
        {"day": day, "every": every},
    )


def cold(stage: Stage, day: date) -> list[Contestant]:
    """Tenantry, the same with psql in two ways, and the bare pipe, which stores nothing."""
    template = stage.template()
    columns = template.column_names
    that_day = f"t.logged_time >= '{day} 00:00:00+00' AND t.logged_time < '{day} 00:00:00+00'::timestamptz + interval '1 day'"
    scripts = {
        "day.sql": f"COPY ({template.asked(day, day)}) TO STDOUT;\n",
        "matview.sql": f"REFRESH MATERIALIZED VIEW {TENANT}.{BY_HAND};\n",
        "drop.sql": f"BEGIN;\nCREATE TEMPORARY TABLE stage ({template.columns}) ON COMMIT DROP;\n\\copy stage FROM pstdin\nCOMMIT;\n",
        "merge.sql": f"BEGIN;\nCREATE TEMPORARY TABLE stage ({template.columns}) ON COMMIT DROP;\n\\copy stage FROM pstdin\n"
        f"DELETE FROM {_LEAF} t WHERE {that_day} AND NOT EXISTS (SELECT FROM stage s WHERE s.id = t.id);\n"
        f"INSERT INTO {_LEAF} AS t ({', '.join(columns)}) SELECT * FROM stage ON CONFLICT (id) DO UPDATE SET\n"
        f"{', '.join(f'{c} = excluded.{c}' for c in columns)}\n"
        f"WHERE ({', '.join(f't.{c}' for c in columns)}) IS DISTINCT FROM ({', '.join(f'excluded.{c}' for c in columns)});\n"
        "COMMIT;\n",
    }
    for name, text in scripts.items():
        (stage.files / name).write_text(text, encoding="utf-8")
    arguments = ["refresh", TEMPLATE, "--tenant", TENANT, "--date", str(day)]

    def piped(name: str, script: str) -> Contestant:
        return _as_it_is(
            name,
            f"psql -Xq -f day.sql $SOURCE | psql -Xq -v ON_ERROR_STOP=1 -f {script} $WAREHOUSE",
            [psql(stage, "day.sql", stage.source), psql(stage, script, stage.warehouse)],
            stage,
        )

    return [
        _as_it_is(
            "tenantry",
            f"TENANTRY_DSN=$WAREHOUSE tenantry {' '.join(arguments)}",
            [[program("tenantry"), *arguments]],
            stage,
        ),
        piped("psql, merged by hand", "merge.sql"),
        _as_it_is(
            "psql, a dblink matview",
            "psql -Xq -f matview.sql $WAREHOUSE",
            [psql(stage, "matview.sql", stage.warehouse)],
            stage,
        ),
        piped(PIPE, "drop.sql"),
    ]


def _many(stage: Stage, day: date, tenants: int) -> list[Contestant]:
    """Tenantry for all of them, and as many bare pipes one after the other."""
    arguments = ["refresh", TEMPLATE, "--all", "--date", str(day)]
    query = stage.files / "day.sql"
    query.write_text(stage.template().asked(day, day), encoding="utf-8")
    pipes = [str(Path(__file__).parents[1] / "pipes.py"), str(query), str(tenants)]
    environment = {"SOURCE": stage.source, "WAREHOUSE": stage.warehouse, "COLUMNS": stage.template().columns}
    ways = [
        _as_it_is(
            "tenantry",
            f"TENANTRY_DSN=$WAREHOUSE tenantry {' '.join(arguments)}",
            [[program("tenantry"), *arguments]],
            stage,
        ),
        replace(
            _as_it_is(PIPES, f"python pipes.py day.sql {tenants}", [[sys.executable, *pipes]], stage),
            environment=environment,
        ),
    ]
    return [replace(way, count=_ALL, rows=tenants * stage.size.per_day) for way in ways]


def _as_it_is(name: str, shown: str, pipeline: Sequence[Sequence[str]], stage: Stage) -> Contestant:
    """A way that begins with the warehouse as the previous one left it."""
    return Contestant(
        name,
        shown,
        pipeline,
        count=f"SELECT count(*) FROM {_LEAF}",
        environment={"TENANTRY_DSN": stage.warehouse},
        start=None,
        gauge=_WRITTEN,
    )


def _running(lab: Lab, day: date, size: str) -> list[Table]:
    """The library in a running program, beside the query that every refresh needs."""
    stage = lab.stage
    # The tables above have changed the source; from here on it stays as it is.
    run.run(stage.warehouse, [_plan(stage, day)], run.Limits(), Silent())
    former = value(stage, _WRITTEN)
    statement = f"COPY ({stage.template().asked(day, day)}) TO STDOUT".encode()
    with ExitStack() as sessions:
        warehouse = sessions.enter_context(open_session(stage.warehouse))
        source = sessions.enter_context(open_source(source_conninfo(warehouse, TENANT)))
        bare = sessions.enter_context(open_source(source_conninfo(warehouse, TENANT)))
        plan = _plan(stage, day)

        def pull() -> object:
            return stream.pull(warehouse, source, plan.feed, Span(day, day))

        def ask() -> None:
            _read(bare.pgconn, statement)

        ways: dict[str, Callable[[], object]] = {
            _PULL: pull,
            "tenantry, a load of its own (backfill.run)": lambda: run.run(
                stage.warehouse, [plan], run.Limits(), Silent()
            ),
            QUERY: ask,
        }
        table = by_turns(
            f"One day, {size}, nothing changed; in one running program, {REPEATS} times by turns",
            ways,
            {"query": QUERY},
            REPEATS,
        )
        # Separate from those above: a pull that asks for no digest deletes the stored one.
        only_changed = planning.plan_changed([plan.feed], Span(day, day))
        keeper = sessions.enter_context(Keeper(stage.warehouse))
        by_digest = by_turns(
            f"The same day, asked for its digest (refresh --days); {REPEATS} times by turns",
            {
                "tenantry, sessions kept (backfill.run)": lambda: run.run(
                    stage.warehouse, only_changed, run.Limits(), Silent(), keeper
                ),
                QUERY: ask,
            },
            {"query": QUERY},
            REPEATS,
        )
        written = value(stage, _WRITTEN) - former
        lab.tell(f"running library: {written} rows written")
        changed = by_turns(
            f"One day, {size}, one of them changed before each; in one running program, {REPEATS} times by turns",
            {_PULL: pull, QUERY: ask},
            {"query": QUERY},
            REPEATS,
            before=lambda: change(stage, day, every=stage.size.per_day),
        )
    noted = replace(
        table,
        results=[*table.results, {"name": "rows written in all", "rows_written": written}],
        notes=[f"rows inserted, updated or deleted by all of these and the next: {written:,}"],
    )
    return [noted, by_digest, changed]


def _read(session: PGconn, statement: bytes) -> None:
    """Run a COPY TO STDOUT and discard its output."""
    session.exec_(statement)
    while session.get_copy_data(0)[0] > 0:
        pass
    while session.get_result() is not None:
        pass


def _plan(stage: Stage, day: date) -> Plan:
    with session(stage.warehouse) as owner:
        return Plan(find_feed(owner, TEMPLATE, TENANT), (day,), 0)


def _load_tenants(stage: Stage, conninfo: str, names: Sequence[str], day: date) -> None:
    """Create tenants that share one source, each with its own connection and schema, and load a day of each."""
    with session(conninfo) as owner:
        drop.run(owner, TENANT)
        feeds = []
        for name in names:
            connection.put(owner, stage.address(name), stage.source_password)
            schema.create_schema(owner, name)
            feeds.append(open_feed(owner, TEMPLATE, name, name))
    plans = planning.plan(conninfo, feeds, Span(day, day))
    run.run(conninfo, plans, run.Limits(), Silent())
