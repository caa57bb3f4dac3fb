"""Warehouses of many tenants with four years and few rows a day, in each storage, and by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import LiteralString

import psycopg
from psycopg import sql

from bench.reports.queries import FIRST_TENANT, MOST
from bench.stage import TEMPLATE, Stage
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

YEARS = 4
LARGER = 100
"""How many times as many rows as others the first tenant has."""
_PREPARE: LiteralString = (
    "SELECT _wh_internal.storage_stream_prepare(f, t, %s, true)"
    " FROM _wh.feeds f JOIN _wh.mv_templates t USING (template_name) WHERE f.schema_name = %s"
)
_TABLE: LiteralString = (
    "SELECT _wh_internal.storage_table(f)::regclass::text, s.shared"
    " FROM _wh.feeds f JOIN _wh.storages s USING (storage) WHERE f.schema_name = %s"
)
_RECORD: LiteralString = (
    "INSERT INTO _wh.slices (schema_name, template_name, slice_date, status, row_count, loaded_at, duration)"
    " SELECT %s, %s, d::date, 'loaded', %s, now(), '0' FROM generate_series(%s::timestamp, %s::timestamp, '1 day') d"
)
_AT_ONCE = 100
"""Materialized views created in one transaction: each holds locks until the end."""

_ROWS: LiteralString = """
SELECT ((d.day::date - '2000-01-01'::date) * 10000 + n)::integer AS id, 'Store ' || n % 60 AS store, 'Station ' || n % 25 AS station,
    'valid'::text AS validation_status, 'Region ' || n % 8 AS region, n % 6 AS action_taken_id, 'Action ' || n % 6 AS action_taken,
    'Item number ' || n AS name, n::numeric AS quantity, 1.5::numeric AS average_weight, 'Pan ' || n % 30 AS pan_name,
    n - 1.5::numeric AS weight, {client}::text AS client, 'Category ' || n % 20 AS food_category, 2.5::numeric AS cost_per_lb,
    10.0::numeric AS target_weight, 5.25::numeric AS price_per_lb, 'Reason ' || n % 12 AS action_reason, 'client-' || n AS client_id,
    d.day AT TIME ZONE 'UTC' + n * interval '5 seconds' AS logged_time, NULL::text AS flags
FROM generate_series({first}::timestamp, {last}::timestamp, '1 day') AS d (day), generate_series(1, {per_day}) AS n
ORDER BY d.day, n
"""
"""In the order of time, as loads bring them: otherwise a day's rows would lie scattered over as many pages."""


def by_table(storage: str) -> Fill:
    """Tables by the functions that a load uses, of their own or shared; rows by SQL."""

    def fill(stage: Stage, names: Sequence[str]) -> None:
        years = _years(stage)
        with session(stage.warehouse) as owner:
            owner.execute(
                "UPDATE _wh.mv_templates SET storage = %s WHERE template_name = %s", (storage, TEMPLATE)
            )
            made: list[Unindexed] = []
            for name in names:
                feed = _open(owner, stage, name)
                for year in range(years.first.year, years.last.year + 1):
                    owner.execute(_PREPARE, (date(year, 1, 1), name))
                ((table, shared),) = owner.execute(_TABLE, (name,)).fetchall()
                columns = sql.SQL(", ").join(map(sql.Identifier, stage.template().column_names))
                tenant_column, value = sql.SQL("schema_name, "), sql.SQL("{}, ").format(name)
                owner.execute(
                    sql.SQL("INSERT INTO {} ({}{}) SELECT {}* FROM ({}) AS r").format(
                        sql.SQL(table),
                        tenant_column if shared else sql.SQL(""),
                        columns,
                        value if shared else sql.SQL(""),
                        _rows(stage, name, years),
                    )
                )
                made += indexes.unindexed(owner, feed)
                owner.execute(_RECORD, (name, TEMPLATE, rows_of_a_day(stage, name), years.first, years.last))
        if made:
            with Keeper(stage.warehouse) as keeper:
                indexing.run(keeper, made, 2)

    return fill


def matviews(stage: Stage, names: Sequence[str]) -> None:
    """Tables and views under the names that a load gives them; the union views by the functions that a load uses."""
    years = _years(stage)
    this_year = max(years.first, date(years.last.year, 1, 1))
    with session(stage.warehouse) as owner:
        feeds = [_open(owner, stage, name) for name in names]
        for name in names:
            for year in range(years.first.year, years.last.year):
                span = Span(max(years.first, date(year, 1, 1)), date(year, 12, 31))
                _make(owner, stage, "TABLE", name, f"{TEMPLATE}_{year}", span)
            _make_days(owner, stage, name, Span(this_year, years.last))
        views.publish(owner, feeds)


def by_hand(stage: Stage, names: Sequence[str]) -> None:
    """Views of days, and a view over them, as scripts make them."""
    years = _years(stage)
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
        client=client, first=str(span.first), last=str(span.last), per_day=rows_of_a_day(stage, client)
    )


def rows_of_a_day(stage: Stage, tenant: str) -> int:
    """The first tenant has more, as many as tenants really have: its own reports are about rows, too."""
    return min(MOST, stage.size.per_day * (LARGER if tenant == FIRST_TENANT else 1))


def _years(stage: Stage) -> Span:
    """Whole years, and this one until today; less if the stage has fewer days."""
    today = today_utc()
    return Span(max(stage.size.first, date(today.year - YEARS + 1, 1, 1)), today)
