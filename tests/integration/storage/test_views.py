"""Tenant views and public views: what reports read."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from tests.support.databases import Source, Warehouse
from tests.support.samples.small_template import COLUMNS, QUERY, define, make_ticks

FIRST = date(2024, 3, 8)
LAST = date(2024, 3, 10)

NARROWER_QUERY = "SELECT id, at FROM ticks WHERE at >= '{START_TIME}' AND at < '{END_TIME}'"
WIDER_QUERY = QUERY.replace("ELSE value::int END", "ELSE value::int END, 'new ' || id")
WIDER_COLUMNS = COLUMNS + ", note text"


@pytest.fixture
def ticking(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse with three slices of `ticks` for tenant acme, two rows each, and both views."""
    make_ticks(source, FIRST, 3)
    define(acme)
    pull(acme)
    publish(acme)
    return acme


def pull(warehouse: Warehouse, tenant: str = "acme", template: str = "ticks", last: date = LAST) -> None:
    warehouse.run(
        "SELECT _wh.update_mv_window_by_template(%s, %s, %s, %s, %s)", (template, tenant, tenant, FIRST, last)
    )


def publish(warehouse: Warehouse, template: str = "ticks") -> None:
    warehouse.run("SELECT _wh.update_public_view_by_template(%s)", (template,))


def add_tenant(warehouse: Warehouse, source: Source, name: str) -> None:
    warehouse.connect_to(source, name)
    warehouse.make_schema(name)


def identity(warehouse: Warehouse, view: str) -> tuple[object, ...]:
    """What a view that is written anew, in place or not, does not keep."""
    return warehouse.rows(
        "SELECT c.oid, c.xmin::text, r.xmin::text FROM pg_class c JOIN pg_rewrite r ON r.ev_class = c.oid"
        " WHERE c.oid = %s::regclass",
        (view,),
    )[0]


def columns(warehouse: Warehouse, view: str) -> list[str]:
    return [
        name
        for (name,) in warehouse.rows(
            "SELECT attname || ' ' || format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            (view,),
        )
    ]


def scanned(warehouse: Warehouse, query: LiteralString) -> set[str]:
    """The slices that the plan of a query scans, as phood_ro gets it."""
    plan = warehouse.reader.rows(f"EXPLAIN {query}")
    return set(re.findall(r"on (ticks_\d{4}_\d\d_\d\d)\b", str(plan)))


def test_a_tenant_view_has_the_rows_of_all_slices_and_the_columns_of_the_template(ticking: Warehouse) -> None:
    assert columns(ticking, "acme.ticks") == [
        "id integer",
        "at timestamp with time zone",
        "value integer",
        "day date",
    ]
    assert ticking.rows(
        "SELECT at::date, count(*), min(id), max(id) FROM acme.ticks GROUP BY 1 ORDER BY 1"
    ) == [(date(2024, 3, day), 2, 88330 + (day - 8) * 10, 88331 + (day - 8) * 10) for day in (8, 9, 10)]


def test_the_public_view_names_the_tenant_of_each_row(ticking: Warehouse, source: Source) -> None:
    add_tenant(ticking, source, "bistro")
    pull(ticking, "bistro", last=FIRST)
    publish(ticking)
    assert columns(ticking, "public.ticks")[0] == "schema_name text"
    assert ticking.rows("SELECT schema_name, count(*) FROM public.ticks GROUP BY 1 ORDER BY 1") == [
        ("acme", 6),
        ("bistro", 2),
    ]


def test_readers_see_slices_and_both_views(ticking: Warehouse) -> None:
    for relation in ("acme.ticks_2024_03_08", "acme.ticks", "public.ticks"):
        statement = sql.SQL("SELECT count(*) > 0 FROM {}").format(sql.Identifier(*relation.split(".")))
        with ticking.reader.connect() as session:
            assert session.execute(statement).fetchone() == (True,), relation


def test_a_slice_dropped_by_hand_leaves_the_view_when_that_is_brought_up_to_date(ticking: Warehouse) -> None:
    ticking.run("DROP MATERIALIZED VIEW acme.ticks_2024_03_09 CASCADE")
    ticking.run("SELECT _wh.update_tenant_union_view_by_template('ticks', 'acme', 'acme')")
    publish(ticking)
    assert ticking.reader.value("SELECT count(*) FROM public.ticks") == 4


def test_views_dropped_with_cascade_come_back_readable(ticking: Warehouse) -> None:
    ticking.run("DROP VIEW acme.ticks CASCADE")
    assert ticking.value("SELECT to_regclass('public.ticks')") is None
    ticking.run("SELECT _wh.update_tenant_union_view_by_template('ticks', 'acme', 'acme')")
    ticking.run("SELECT _wh.update_public_view_by_template('ticks')")
    assert ticking.reader.value("SELECT count(*) FROM acme.ticks") == 6
    assert ticking.reader.value("SELECT count(*) FROM public.ticks") == 6


def test_the_public_view_brings_a_dropped_tenant_view_back_by_itself(ticking: Warehouse) -> None:
    ticking.run("DROP VIEW acme.ticks CASCADE")
    publish(ticking)
    assert ticking.reader.value("SELECT count(*) FROM acme.ticks") == 6
    assert ticking.reader.value("SELECT count(*) FROM public.ticks") == 6


def test_a_view_that_says_what_it_should_is_not_written_again(ticking: Warehouse) -> None:
    before = identity(ticking, "acme.ticks"), identity(ticking, "public.ticks")
    pull(ticking)
    ticking.run("SELECT _wh.update_tenant_union_view_by_template('ticks', 'acme', 'acme')")
    publish(ticking)
    assert (identity(ticking, "acme.ticks"), identity(ticking, "public.ticks")) == before


def test_a_new_slice_changes_the_tenant_view_and_not_the_public_one(
    ticking: Warehouse, source: Source
) -> None:
    tenant, public = identity(ticking, "acme.ticks"), identity(ticking, "public.ticks")
    ticking.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', '2024-03-11')")
    publish(ticking)
    assert identity(ticking, "acme.ticks") != tenant
    assert identity(ticking, "public.ticks") == public


def test_update_mv_leaves_the_view_alone_when_told_to(ticking: Warehouse) -> None:
    before = identity(ticking, "acme.ticks")
    ticking.run(
        "SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', '2024-03-11', update_union_view => false)"
    )
    assert identity(ticking, "acme.ticks") == before


def test_a_column_added_to_the_template_is_null_in_slices_that_lack_it(ticking: Warehouse) -> None:
    define(ticking, query=WIDER_QUERY, columns=WIDER_COLUMNS)
    pull(ticking, last=FIRST)
    publish(ticking)
    assert columns(ticking, "public.ticks")[-1] == "note text"
    assert ticking.reader.rows("SELECT note, count(*) FROM public.ticks GROUP BY 1 ORDER BY 1") == [
        ("new 88330", 1),
        ("new 88331", 1),
        (None, 4),
    ]


def test_a_column_of_another_type_is_cast_in_slices_that_have_the_old_one(ticking: Warehouse) -> None:
    define(ticking, columns="id bigint, at timestamptz, value numeric(10,2)")
    pull(ticking, last=FIRST)
    publish(ticking)
    assert columns(ticking, "public.ticks")[1:] == [
        "id bigint",
        "at timestamp with time zone",
        "value numeric(10,2)",
        "day date",
    ]
    assert ticking.reader.value("SELECT sum(value)::text FROM public.ticks") == "3.00"


def test_a_column_taken_out_of_the_template_leaves_all_views_at_once(ticking: Warehouse) -> None:
    define(ticking, query=NARROWER_QUERY, columns="id int, at timestamptz")
    pull(ticking, last=FIRST)
    publish(ticking)
    assert columns(ticking, "public.ticks") == [
        "schema_name text",
        "id integer",
        "at timestamp with time zone",
        "day date",
    ]
    assert ticking.reader.value("SELECT count(*) FROM public.ticks") == 6


def test_the_views_of_other_tenants_change_with_the_template_too(ticking: Warehouse, source: Source) -> None:
    add_tenant(ticking, source, "bistro")
    pull(ticking, "bistro")
    publish(ticking)
    define(ticking, query=WIDER_QUERY, columns=WIDER_COLUMNS)
    pull(ticking, "bistro", last=FIRST)
    publish(ticking)
    assert ticking.reader.rows(
        "SELECT schema_name, count(*), count(note) FROM public.ticks GROUP BY 1 ORDER BY 1"
    ) == [("acme", 6, 0), ("bistro", 6, 2)]


def test_grants_of_the_operators_outlive_a_change_of_columns(ticking: Warehouse) -> None:
    ticking.admin.run("GRANT SELECT ON acme.ticks TO source_reader")
    ticking.admin.run("GRANT SELECT ON public.ticks TO source_reader")
    define(ticking, columns="id bigint, at timestamptz, value int")
    pull(ticking)
    publish(ticking)
    for view in ("acme.ticks", "public.ticks"):
        assert ticking.admin.value("SELECT has_table_privilege('source_reader', %s, 'SELECT')", (view,)), view


@pytest.mark.parametrize("view", ["acme", "public"])
def test_a_change_of_columns_is_refused_while_a_view_of_the_operators_needs_them(
    ticking: Warehouse, view: LiteralString
) -> None:
    ticking.run("CREATE VIEW acme.report AS SELECT sum(value) FROM " + view + ".ticks")
    define(ticking, columns="id bigint, at timestamptz, value bigint")
    with pytest.raises(
        psycopg.errors.DependentObjectsStillExist,
        match=rf"columns of view {view}\.ticks change, but other objects",
    ) as caught:
        ticking.run("SELECT _wh.update_tenant_union_view_by_template('ticks', 'acme', 'acme')")
    assert "acme.report" in str(caught.value.diag.message_detail)
    assert ticking.reader.value("SELECT count(*) FROM public.ticks") == 6


def test_a_tenant_whose_schema_was_dropped_by_hand_leaves_the_public_view(
    ticking: Warehouse, source: Source
) -> None:
    add_tenant(ticking, source, "bistro")
    pull(ticking, "bistro")
    publish(ticking)
    ticking.admin.run("DROP SCHEMA bistro CASCADE")
    publish(ticking)
    assert ticking.reader.rows("SELECT DISTINCT schema_name FROM public.ticks") == [("acme",)]
    for table in ("tenants", "feeds", "slices"):
        statement = sql.SQL("SELECT count(*) FROM _wh.{} WHERE schema_name = 'bistro'").format(
            sql.Identifier(table)
        )
        with ticking.connect() as session:
            assert session.execute(statement).fetchone() == (0,), table


def test_the_public_view_of_a_template_without_tenants_is_there_and_empty(warehouse: Warehouse) -> None:
    define(warehouse)
    publish(warehouse)
    assert columns(warehouse, "public.ticks") == [
        "schema_name text",
        "id integer",
        "at timestamp with time zone",
        "value integer",
        "day date",
    ]
    assert warehouse.reader.value("SELECT count(*) FROM public.ticks") == 0


def test_a_relation_of_the_operators_is_not_taken_for_a_view(acme: Warehouse, source: Source) -> None:
    make_ticks(source, FIRST, 1)
    define(acme)
    acme.run("CREATE TABLE acme.ticks (mine int)")
    with pytest.raises(psycopg.errors.DuplicateTable, match=r"view acme\.ticks cannot be created"):
        pull(acme)
    assert columns(acme, "acme.ticks") == ["mine integer"]


def test_a_report_on_one_day_reads_that_day_alone(ticking: Warehouse, source: Source) -> None:
    add_tenant(ticking, source, "bistro")
    pull(ticking, "bistro")
    publish(ticking)
    condition = "at >= '2024-03-09 00:00+00' AND at < '2024-03-10 00:00+00'"
    assert scanned(ticking, f"SELECT count(*) FROM acme.ticks WHERE {condition}") == {"ticks_2024_03_09"}
    assert scanned(ticking, f"SELECT count(*) FROM public.ticks WHERE {condition}") == {"ticks_2024_03_09"}
    assert len(scanned(ticking, "SELECT count(*) FROM acme.ticks")) == 3


def test_without_a_time_column_every_slice_is_read(acme: Warehouse, source: Source) -> None:
    make_ticks(source, FIRST, 3)
    define(acme, time_column=None)
    pull(acme)
    assert len(scanned(acme, "SELECT count(*) FROM acme.ticks WHERE at < '2024-03-09 00:00+00'")) == 3
    assert acme.reader.value("SELECT count(*) FROM acme.ticks WHERE at < '2024-03-09 00:00+00'") == 2


def test_a_view_that_a_report_is_using_changes_after_it_and_lets_other_reports_in_before(
    ticking: Warehouse,
) -> None:
    with ticking.reader.connect() as report, ThreadPoolExecutor() as pool:
        report.execute("BEGIN")
        report.execute("SELECT count(*) FROM acme.ticks")
        change = pool.submit(
            ticking.run, "SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', '2024-03-11')"
        )
        for _ in range(20):
            assert ticking.reader.value("SELECT count(*) FROM public.ticks") == 6
        assert not change.done()
        report.execute("COMMIT")
        change.result(timeout=120)
    assert ticking.value("SELECT pg_get_viewdef('acme.ticks'::regclass) ~ 'ticks_2024_03_11'") is True
