"""What reports wait for before they read a row: planning and locks, by storage and number of tenants.

Tenants have four years, and few rows a day: the number of tables matters, not their size.
"""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from bench.lab import Lab
from bench.report import Table
from bench.stage import EMPTY, PARTITIONS, TEMPLATE, Stage
from tenantry.core.days import Span, today_utc
from tenantry.core.model import Feed
from tenantry.db.connect import session
from tenantry.flow.slice import indexes, views
from tenantry.flow.slice.feed import open_feed
from tenantry.flow.slice.indexes import Unindexed
from tenantry.flow.source import connection
from tenantry.flow.tenant import schema as tenant
from tenantry.loader import indexing
from tenantry.loader.sessions import Keeper

Fill = Callable[[Stage, Sequence[str]], None]
"""Creates more tenants in the warehouse."""

TENANTS = (1, 10, 60, 200)
MATVIEW_TENANTS = (1, 10)
BY_HAND_TENANTS = (1, 2)
"""If this many run out of locks, more do as well: a view locks everything that it reads."""
YEARS = 4
REPEATS = 5
_AT_ONCE = 100
"""Materialized views created in one transaction: each holds locks until the end."""

_DAY: LiteralString = "logged_time >= %(day)s AND logged_time < %(day)s + interval '1 day'"
QUERIES: Mapping[str, LiteralString] = {
    "a day": "SELECT count(*), sum(weight) FROM public.foodlogstats WHERE " + _DAY,
    "a month": "SELECT count(*), sum(weight) FROM public.foodlogstats"
    " WHERE logged_time >= %(month)s AND logged_time < %(month)s + interval '1 month'",
    "a year by store": "SELECT store, sum(weight) FROM public.foodlogstats"
    " WHERE logged_time >= %(year)s AND logged_time < %(year)s + interval '1 year' GROUP BY store",
    "by id": "SELECT * FROM public.foodlogstats WHERE id = %(id)s",
    "current_date - 30 days": "SELECT schema_name, sum(weight) FROM public.foodlogstats"
    " WHERE logged_time >= current_date - interval '30 days' GROUP BY schema_name",
    "a day of one tenant": "SELECT count(*), sum(weight) FROM public.foodlogstats WHERE schema_name = 'tenant_001' AND "
    + _DAY,
}

_ROWS: LiteralString = """
SELECT ((d.day::date - '2000-01-01'::date) * 1000 + n)::integer AS id, 'Store ' || n % 60 AS store, 'Station ' || n % 25 AS station,
    'valid'::text AS validation_status, 'Region ' || n % 8 AS region, n % 6 AS action_taken_id, 'Action ' || n % 6 AS action_taken,
    'Item number ' || n AS name, n::numeric AS quantity, 1.5::numeric AS average_weight, 'Pan ' || n % 30 AS pan_name,
    n - 1.5::numeric AS weight, {client}::text AS client, 'Category ' || n % 20 AS food_category, 2.5::numeric AS cost_per_lb,
    10.0::numeric AS target_weight, 5.25::numeric AS price_per_lb, 'Reason ' || n % 12 AS action_reason, 'client-' || n AS client_id,
    d.day AT TIME ZONE 'UTC' + n * interval '1 second' AS logged_time, NULL::text AS flags
FROM generate_series({first}::timestamp, {last}::timestamp, '1 day') AS d (day), generate_series(1, {per_day}) AS n
"""


@dataclass(frozen=True)
class Answer:
    """How a report was answered: milliseconds of planning (`first_planning_ms`: for the first time in a session) and of
    execution, relations locked, and MiB of memory that the server's process took (None where it cannot be read).
    `refused` says why it was not.
    """

    planning_ms: float = 0
    first_planning_ms: float = 0
    execution_ms: float = 0
    locks: int = 0
    memory_mib: float | None = None
    refused: str | None = None


def measure(lab: Lab) -> list[Table]:
    """A table for each storage."""
    return [
        _measure(lab, "Partition storage: a table for each year", PARTITIONS, TENANTS, _fill_partitions),
        _measure(
            lab,
            "Matview storage: closed years folded, a view for each day of this one",
            EMPTY,
            MATVIEW_TENANTS,
            _fill_matviews,
        ),
        _measure(
            lab, "By hand: a plain UNION ALL of a view for each day", EMPTY, BY_HAND_TENANTS, _fill_by_hand
        ),
    ]


def _measure(lab: Lab, title: str, start: str, numbers: Sequence[int], fill: Fill) -> Table:
    stage = lab.stage
    stage.reset(start)
    lines: list[list[str]] = []
    results: list[dict[str, Any]] = []
    have = 0
    for wanted in sorted({lab.at_most(number) for number in numbers}):
        names = [f"tenant_{number:03}" for number in range(have + 1, wanted + 1)]
        have = wanted
        fill(stage, names)
        with psycopg.connect(stage.administrator, autocommit=True) as admin:
            admin.execute("VACUUM (ANALYZE)")
            admin.execute("CHECKPOINT")
        tenants = f"{wanted} tenant{'s' if wanted > 1 else ''}"
        for name, query in QUERIES.items():
            answer = ask(stage, query)
            lab.tell(f"{tenants}, {name}: {answer}")
            lines.append([f"{name}, {tenants}", *_cells(answer)])
            results.append({"name": name, "tenants": wanted, **asdict(answer)})
    return Table(
        title,
        ["", "planning ms", "first planning ms", "execution ms", "relations locked", "server MiB"],
        lines,
        results,
    )


def _cells(answer: Answer) -> list[str]:
    if answer.refused:
        return [answer.refused, "", "", "", ""]
    return [
        f"{answer.planning_ms:.2f}",
        f"{answer.first_planning_ms:.2f}",
        f"{answer.execution_ms:.2f}",
        f"{answer.locks:,}",
        "" if answer.memory_mib is None else f"{answer.memory_mib:.0f}",
    ]


def ask(stage: Stage, query: LiteralString) -> Answer:
    """Ask in a new session, with the rights and the settings of readers, and then again and again."""
    day = today_utc() - timedelta(days=40)
    parameters = {
        "day": datetime.combine(day, time(), UTC),
        "month": datetime(day.year, day.month, 1, tzinfo=UTC),
        "year": datetime(day.year - 1, 1, 1, tzinfo=UTC),
        "id": (day - date(2000, 1, 1)).days * 1000 + 1,
    }
    times: list[tuple[float, float]] = []
    with psycopg.connect(stage.administrator, autocommit=True, prepare_threshold=None) as reader:
        # Literals, as in reports; bound parameters would be planned only once.
        asked = psycopg.ClientCursor(reader).mogrify(query, parameters)
        reader.execute("SET SESSION AUTHORIZATION phood_ro")
        reader.execute("SET constraint_exclusion = on")
        try:
            for _ in range(REPEATS + 1):
                row = reader.execute(
                    f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY, FORMAT JSON) {asked}".encode()
                ).fetchone()
                assert row is not None
                times.append((row[0][0]["Planning Time"], row[0][0]["Execution Time"]))
            with reader.transaction():
                reader.execute(asked.encode()).fetchall()
                locks = reader.execute(_LOCKS).fetchone()
            memory = _memory(reader.info.backend_pid)
        except psycopg.errors.OutOfMemory:
            return Answer(refused="out of locks")
    assert locks is not None
    return Answer(
        planning_ms=statistics.median(planning for planning, _ in times[1:]),
        first_planning_ms=times[0][0],
        execution_ms=statistics.median(execution for _, execution in times[1:]),
        locks=locks[0],
        memory_mib=memory,
    )


def _memory(pid: int) -> float | None:
    """The most memory that a process of this machine has had for itself, in MiB: without the server's shared buffers."""
    kib: dict[str, int] = {}
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            name, _, value = line.partition(":")
            if name in {"VmHWM", "RssShmem", "RssFile"}:
                kib[name] = int(value.split()[0])
    return (kib["VmHWM"] - kib["RssShmem"] - kib["RssFile"]) / 1024 if len(kib) == 3 else None


# Only relations outside the catalog: this query itself locks some in it.
_LOCKS: LiteralString = "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation >= 16384"


def _fill_partitions(stage: Stage, names: Sequence[str]) -> None:
    """Tables by the functions that a load uses; rows by SQL."""
    years = _years()
    with session(stage.warehouse) as owner:
        made: list[Unindexed] = []
        for name in names:
            feed = _open(owner, stage, name)
            for year in range(years.first.year, years.last.year + 1):
                owner.execute(
                    "SELECT _wh_internal.partition_leaf(f, t, make_date(%s, 1, 1), false)"
                    " FROM _wh.feeds f JOIN _wh.mv_templates t USING (template_name) WHERE f.schema_name = %s",
                    (year, name),
                )
            columns = sql.SQL(", ").join(map(sql.Identifier, stage.template().column_names))
            owner.execute(
                sql.SQL("INSERT INTO {} ({}) {}").format(
                    sql.Identifier(name, TEMPLATE), columns, _rows(stage, name, years)
                )
            )
            made += indexes.unindexed(owner, feed)
            owner.execute(
                "INSERT INTO _wh.slices (schema_name, template_name, slice_date, status, row_count, loaded_at, duration)"
                " SELECT %s, %s, d::date, 'loaded', %s, now(), '0' FROM generate_series(%s::timestamp, %s::timestamp, '1 day') d",
                (name, TEMPLATE, stage.size.per_day, years.first, years.last),
            )
    with Keeper(stage.warehouse) as keeper:
        indexing.run(keeper, made, 2)


def _fill_matviews(stage: Stage, names: Sequence[str]) -> None:
    """Tables and views under the names that a load gives them; the union views by the functions that a load uses."""
    years = _years()
    this_year = date(years.last.year, 1, 1)
    with session(stage.warehouse) as owner:
        feeds = [_open(owner, stage, name) for name in names]
        for name in names:
            for year in range(years.first.year, years.last.year):
                span = Span(date(year, 1, 1), date(year, 12, 31))
                _make(owner, stage, "TABLE", name, f"{TEMPLATE}_{year}", span)
            _make_days(owner, stage, name, Span(this_year, years.last))
        views.publish(owner, feeds)


def _fill_by_hand(stage: Stage, names: Sequence[str]) -> None:
    """Views of days, and a view over them, as scripts make them."""
    years = _years()
    with session(stage.warehouse) as owner:
        for name in names:
            tenant.create_schema(owner, name)
            owner.execute(
                sql.SQL("ALTER DEFAULT PRIVILEGES IN SCHEMA {} GRANT SELECT ON TABLES TO phood_ro").format(
                    sql.Identifier(name)
                )
            )
            days = _make_days(owner, stage, name, years)
            branches = [sql.SQL("SELECT * FROM {}").format(sql.Identifier(name, day)) for day in days]
            owner.execute(
                sql.SQL("CREATE VIEW {} AS {}").format(
                    sql.Identifier(name, TEMPLATE), sql.SQL(" UNION ALL ").join(branches)
                )
            )
        # Also those of an earlier call.
        tenants = owner.execute(
            "SELECT schemaname FROM pg_views WHERE viewname = %s AND schemaname <> 'public' ORDER BY 1",
            (TEMPLATE,),
        ).fetchall()
        branches = [
            sql.SQL("SELECT {}::text AS schema_name, * FROM {}").format(name, sql.Identifier(name, TEMPLATE))
            for (name,) in tenants
        ]
        owner.execute(
            sql.SQL("CREATE OR REPLACE VIEW public.foodlogstats AS {}").format(
                sql.SQL(" UNION ALL ").join(branches)
            )
        )
        owner.execute("GRANT SELECT ON public.foodlogstats TO phood_ro")


def _open(owner: psycopg.Connection, stage: Stage, name: str) -> Feed:
    connection.put(owner, stage.address(name), stage.source_password)
    tenant.create_schema(owner, name)
    return open_feed(owner, TEMPLATE, name, name)


def _make_days(owner: psycopg.Connection, stage: Stage, schema: str, span: Span) -> list[str]:
    """A materialized view for each day; their names."""
    names = []
    days = list(span)
    for begin in range(0, len(days), _AT_ONCE):
        with owner.transaction():
            for day in days[begin : begin + _AT_ONCE]:
                names.append(f"{TEMPLATE}_{day:%Y_%m_%d}")
                _make(owner, stage, "MATERIALIZED VIEW", schema, names[-1], Span(day, day))
    return names


def _make(
    owner: psycopg.Connection, stage: Stage, kind: LiteralString, schema: str, relation: str, span: Span
) -> None:
    owner.execute(
        sql.SQL("CREATE " + kind + " {} AS {}").format(
            sql.Identifier(schema, relation), _rows(stage, schema, span)
        )
    )
    owner.execute(stage.template().indexed(relation, schema).encode())


def _rows(stage: Stage, client: str, span: Span) -> sql.Composed:
    return sql.SQL(_ROWS).format(
        client=client, first=str(span.first), last=str(span.last), per_day=stage.size.per_day
    )


def _years() -> Span:
    """Whole years, and this one until today."""
    today = today_utc()
    return Span(date(today.year - YEARS + 1, 1, 1), today)
