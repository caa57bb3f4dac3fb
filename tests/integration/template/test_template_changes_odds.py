"""A template's changes and what else may be there: mistakes, doubled rows, an operator's indexes, two sessions at once."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import LiteralString

import psycopg
import pytest

from tenantry.core.errors import TenantryError
from tests.support.databases import Source, Warehouse
from tests.support.loading import Pull, by_loader, by_sql
from tests.support.program import run, succeed
from tests.support.samples.small_template import define
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

FIRST = date(2024, 12, 29)
LAST = date(2025, 1, 2)
QUERY: LiteralString = "SELECT id, item, at, paid FROM sale WHERE at >= '{START_TIME}' AND at < '{END_TIME}'"
COLUMNS: LiteralString = "id int, item int, at timestamptz, paid timestamptz"
KEY: LiteralString = "CREATE UNIQUE INDEX {VIEW_NAME}_key ON {SCHEMA}.{VIEW_NAME} (%s);"
BY_PAID: LiteralString = (
    "SELECT id, item, at, paid FROM sale WHERE paid >= '{START_TIME}' AND paid < '{END_TIME}'"
)
WAYS = pytest.mark.parametrize("pull", [by_loader, by_sql])
STORAGES = pytest.mark.parametrize("storage", ["matview", "partition"])


@pytest.fixture
def selling(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse with a template `sales`, whose source has two sales on each of five days about a turn of the year, paid two
    days later; nothing is loaded.
    """
    source.run("CREATE TABLE sale (id bigint, item int, at timestamptz, paid timestamptz)")
    source.run("GRANT SELECT ON sale TO source_reader")
    source.run(
        "INSERT INTO sale SELECT d * 10 + n, n, t, t + interval '2 days' FROM generate_series(0, 4) d, generate_series(1, 2) n,"
        " LATERAL (SELECT (%s::date + d)::timestamp AT TIME ZONE 'UTC' + n * interval '1 hour' AS t) a",
        (FIRST,),
    )
    change(acme)
    return acme


def change(
    warehouse: Warehouse,
    query: str = QUERY,
    columns: str = COLUMNS,
    indexes: str = KEY % "id",
    time_column: str = "at",
) -> None:
    define(warehouse, "sales", query=query, columns=columns, indexes=indexes, time_column=time_column)


def keep_in(warehouse: Warehouse, storage: str) -> None:
    warehouse.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'sales'", (storage,))


def mend(warehouse: Warehouse, last: date = LAST) -> str:
    return succeed(
        warehouse, "backfill", "sales", "--tenant", "acme", "--outdated", "--from", FIRST, "--to", last
    ).out


def ids(warehouse: Warehouse, view: LiteralString = "SELECT id FROM public.sales ORDER BY id") -> list[int]:
    return [row[0] for row in warehouse.reader.rows(view)]


ALL = [d * 10 + n for d in range(5) for n in (1, 2)]


@STORAGES
def test_after_a_change_of_the_time_column_no_row_is_out_of_sight(selling: Warehouse, storage: str) -> None:
    """Days that are not pulled again are not bounded by the new column, and rows that change year with it come along."""
    keep_in(selling, storage)
    by_loader(selling, FIRST, LAST, template="sales")
    change(selling, BY_PAID, time_column="paid")
    selling.run("SELECT _wh.update_public_view_by_template('sales')")
    assert ids(selling) == ALL
    if storage == "matview":
        by_sql(selling, LAST + timedelta(days=2), LAST + timedelta(days=2), template="sales")
        assert set(ids(selling)) == set(ALL)
    else:
        with pytest.raises(psycopg.Error, match='is partitioned by "at"') as error:
            by_sql(selling, LAST, LAST, template="sales")
        assert "--outdated" in (error.value.diag.message_hint or "")
        assert ids(selling) == ALL
    mend(selling, LAST + timedelta(days=2))
    assert set(ids(selling)) == set(ALL) == set(ids(selling, "SELECT id FROM acme.sales"))
    assert len(ids(selling)) == len(ALL)
    change(selling)
    mend(selling, LAST + timedelta(days=2))
    assert ids(selling) == ALL


def test_a_time_column_that_is_new_to_all_rows_takes_them_over(selling: Warehouse) -> None:
    # The key of another template has nothing to do with it.
    selling.run("DELETE FROM _wh.mv_templates WHERE template_name = 'foodlogstats'")
    define(selling, "stock", query=QUERY, columns=COLUMNS, indexes=KEY % "item", time_column="at")
    key = KEY % "id, item"
    keep_in(selling, "partition")
    change(selling, QUERY.replace(", paid", ""), COLUMNS.replace(", paid timestamptz", ""), key)
    by_loader(selling, FIRST, LAST, template="sales")
    change(selling, BY_PAID, indexes=key, time_column="paid")
    selling.run("CALL _wh.fit_storage('sales')")
    assert ids(selling) == ALL
    mend(selling, LAST)
    assert ids(selling) == ALL
    mend(selling, LAST + timedelta(days=2))
    assert ids(selling) == ALL
    assert selling.rows("SELECT relname FROM pg_class WHERE relname ~ 'former'") == []
    assert selling.value("SELECT count(*) FROM acme.sales WHERE paid IS NULL") == 0


def test_rows_that_a_time_column_is_new_to_are_kept_until_all_days_to_yesterday_were_pulled_again(
    selling: Warehouse, source: Source, today: date
) -> None:
    first = today - timedelta(days=6)
    source.run(
        "UPDATE sale SET at = at + d, paid = paid + d FROM make_interval(days => %s) d",
        ((first - FIRST).days,),
    )
    keep_in(selling, "partition")
    change(selling, QUERY.replace(", paid", ""), COLUMNS.replace(", paid timestamptz", ""))
    by_loader(selling, first, today - timedelta(days=2), template="sales")
    change(selling, BY_PAID, time_column="paid")
    selling.run("CALL _wh.fit_storage('sales')")
    source.run("DELETE FROM sale WHERE id = 1")
    for last, there in ((today - timedelta(days=2), ALL), (today, ALL[1:])):
        by_loader(selling, first, last, template="sales")
        selling.run("CALL _wh.fit_storage('sales')")
        assert ids(selling) == there


def test_a_mistaken_time_column_deletes_nothing(selling: Warehouse, source: Source) -> None:
    source.run("UPDATE sale SET paid = NULL WHERE id IN (1, 2)")
    keep_in(selling, "partition")
    by_loader(selling, FIRST, LAST, template="sales")
    change(selling, BY_PAID, time_column="paid")
    failed = run(
        selling, "backfill", "sales", "--tenant", "acme", "--outdated", "--from", FIRST, "--to", LAST
    )
    assert failed.code != 0
    assert '2 of 10 rows of _wh_data."acme.sales" have no paid' in failed.err
    assert ids(selling) == ALL
    change(selling)
    mend(selling)
    assert ids(selling) == ALL
    assert succeed(selling, "status", "--json").json["feeds"][0]["outdated"] == 0


def test_years_that_stand_in_one_table_go_on_in_one_when_they_are_ranged_anew(selling: Warehouse) -> None:
    keep_in(selling, "partition")
    by_loader(selling, FIRST, date(2024, 12, 31), template="sales")
    selling.run("SELECT _wh_internal.note_table(f, 'acme.sales_2024', 'folded') FROM _wh.feeds f")
    selling.run("UPDATE _wh.mv_templates SET partition_by = 'month'")
    by_loader(selling, date(2025, 1, 1), LAST, template="sales")
    change(selling, BY_PAID, time_column="paid")
    selling.run("CALL _wh.fit_storage('sales')")
    tables: LiteralString = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = '_wh_data.\"acme.sales\"'::regclass ORDER BY 1"
    assert [row[0] for row in selling.rows(tables)] == [
        '_wh_data."acme.sales_2024"',
        '_wh_data."acme.sales_2025_01"',
    ]
    assert selling.rows("SELECT table_name, state FROM _wh.feed_tables") == [("acme.sales_2024", "folded")]
    assert ids(selling) == ALL


def test_a_table_that_is_ranged_anew_has_the_rows_of_a_load_that_was_at_work(selling: Warehouse) -> None:
    keep_in(selling, "partition")
    by_loader(selling, FIRST, LAST - timedelta(days=1), template="sales")
    with selling.connect() as loading:
        loading.autocommit = False
        loading.execute("SELECT _wh.update_mv_by_template('sales', 'acme', 'acme', %s)", (LAST,))
        change(selling, BY_PAID, time_column="paid")
        fitting = threading.Thread(target=selling.run, args=("CALL _wh.fit_storage('sales')",))
        fitting.start()
        waits: LiteralString = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"
        wait_until(lambda: selling.value(waits))
        loading.commit()
        fitting.join()
    assert ids(selling) == ALL


def test_a_time_column_of_another_type_is_taken_by_all_tenants_in_turn(
    selling: Warehouse, source: Source
) -> None:
    day = QUERY.replace(" at,", " (at AT TIME ZONE 'UTC')::date,")
    selling.connect_to(source, "globex")
    selling.make_schema("globex")
    keep_in(selling, "partition")
    change(selling, day, COLUMNS.replace("at timestamptz", "at date", 1))
    for name in ("acme", "globex"):
        by_loader(selling, FIRST, LAST, template="sales", name=name)
    change(selling)
    for name in ("acme", "globex"):
        succeed(selling, "backfill", "sales", "--tenant", name, "--outdated", "--from", FIRST, "--to", LAST)
        assert sorted(ids(selling)) == sorted(ALL + ALL)
        if name == "acme":
            # The tables differ now, and a view reads them. Another column may be changed under it.
            change(selling, columns=COLUMNS.replace("item int", "item bigint"))
            selling.run("SELECT _wh.update_public_view_by_template('sales')")
            assert selling.rows(
                "SELECT pg_typeof(a.item)::text, pg_typeof(g.item)::text FROM acme.sales a, globex.sales g LIMIT 1"
            ) == [("bigint", "bigint")]
    assert selling.value("SELECT pg_typeof(at)::text FROM public.sales LIMIT 1") == "timestamp with time zone"
    assert selling.value("SELECT relkind::text FROM pg_class WHERE oid = 'public.sales'::regclass") == "v"


@WAYS
def test_a_load_brings_the_indexes_of_its_table_and_leaves_an_operators_own(
    selling: Warehouse, source: Source, pull: Pull
) -> None:
    former: LiteralString = "CREATE INDEX {VIEW_NAME}_item ON {SCHEMA}.{VIEW_NAME} (item);"
    keep_in(selling, "partition")
    change(selling, indexes=KEY % "id" + former)
    by_loader(selling, FIRST, LAST, template="sales")
    selling.run('CREATE INDEX my_own ON _wh_data."acme.sales_2025" (item)')
    change(selling, indexes=KEY % "id, item")
    source.run("INSERT INTO sale VALUES (41, 2, '2025-01-02 03:00Z', now())")
    pull(selling, LAST, LAST, template="sales")
    assert selling.rows(
        "SELECT indexname FROM pg_indexes WHERE tablename = 'acme.sales_2025' ORDER BY 1"
    ) == [
        ("acme.sales_2025_key",),
        ("my_own",),
    ]
    assert sorted(ids(selling)) == sorted([*ALL, 41])


@STORAGES
def test_rows_that_a_new_key_refuses_are_pulled_again_and_then_it_is_there(
    selling: Warehouse, source: Source, storage: str
) -> None:
    """In matview storage in a year that came by a move."""
    source.run("INSERT INTO sale SELECT 31, 9, at, paid FROM sale WHERE id = 41")
    change(selling, indexes=KEY % "id, item")
    keep_in(selling, "partition")
    by_loader(selling, FIRST, LAST, template="sales")
    if storage == "matview":
        selling.run("CALL _wh.set_storage('sales', 'matview')")
    source.run("DELETE FROM sale WHERE item = 9")
    change(selling)
    mend(selling)
    assert ids(selling) == ALL
    assert selling.rows(
        "SELECT indexdef FROM pg_indexes WHERE tablename = 'acme.sales_2025' AND indexname = 'acme.sales_2025_key'"
    ) == [('CREATE UNIQUE INDEX "acme.sales_2025_key" ON _wh_data."acme.sales_2025" USING btree (id)',)]


@WAYS
def test_a_type_that_would_change_values_is_refused_in_one_line(
    selling: Warehouse, source: Source, pull: Pull
) -> None:
    change(selling, QUERY.replace("item", "item + 0.5"), COLUMNS.replace("item int", "item numeric"))
    keep_in(selling, "partition")
    by_loader(selling, FIRST, LAST, template="sales")
    change(selling)
    with pytest.raises(
        (TenantryError, psycopg.Error),
        match=r"column item of table .* has another type: numeric cannot become integer",
    ):
        pull(selling, LAST, LAST, template="sales")
    assert selling.value("SELECT min(item)::text FROM acme.sales") == "1.5"


def test_two_sessions_bring_a_new_column_into_one_year(selling: Warehouse) -> None:
    keep_in(selling, "partition")
    by_loader(selling, FIRST, LAST, template="sales")
    selling.run("CALL _wh.set_storage('sales', 'matview')")
    change(selling, QUERY.replace("paid", "paid, item * 2", 1), COLUMNS + ", twice int")
    failures: list[BaseException] = []

    def load(day: date) -> None:
        try:
            selling.run("SELECT _wh.update_mv_by_template('sales', 'acme', 'acme', %s)", (day,))
        except psycopg.Error as error:
            failures.append(error)

    with selling.connect() as first:
        first.autocommit = False
        first.execute("SELECT _wh.update_mv_by_template('sales', 'acme', 'acme', '2025-01-01')")
        second = threading.Thread(target=load, args=(LAST,))
        second.start()
        second.join(1)
        first.commit()
        second.join()
    assert not failures
    assert selling.rows("SELECT twice FROM acme.sales WHERE at >= '2025-01-01' ORDER BY id") == [
        (2,),
        (4,),
        (2,),
        (4,),
    ]


def test_a_mixed_fleet_gets_and_loses_columns_by_sql(selling: Warehouse, source: Source) -> None:
    selling.connect_to(source, "globex")
    selling.make_schema("globex")
    keep_in(selling, "partition")
    for name in ("acme", "globex"):
        by_loader(selling, FIRST, LAST, template="sales", name=name)
    selling.run("CALL _wh.set_storage('sales', 'matview', 'acme')")
    change(
        selling,
        QUERY.replace("item,", "item, item * 2,"),
        COLUMNS.replace("item int", "item bigint, twice int"),
    )
    succeed(selling, "doctor", "--fix", "--only", "views")
    for name in ("acme", "globex"):
        by_sql(selling, LAST, LAST, template="sales", name=name)
    rows = "SELECT schema_name, twice FROM public.sales WHERE at >= '2025-01-02' ORDER BY 1, 2"
    assert selling.rows(rows) == [("acme", 2), ("acme", 4), ("globex", 2), ("globex", 4)]
    change(selling, QUERY.replace("item, ", ""), COLUMNS.replace("item int, ", ""))
    for name in ("globex", "acme"):
        by_sql(selling, LAST, LAST, template="sales", name=name)
    assert len(ids(selling)) == 2 * len(ALL)
    assert [
        c[0]
        for c in selling.rows(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'public.sales'::regclass AND attnum > 0 AND NOT attisdropped"
        )
    ] == [
        "schema_name",
        "id",
        "at",
        "paid",
        "day",
    ]


def test_a_refresh_of_the_public_view_brings_columns_and_types_to_the_tables_that_it_reads(
    selling: Warehouse, source: Source
) -> None:
    selling.connect_to(source, "globex")
    selling.make_schema("globex")
    keep_in(selling, "partition")
    for name in ("acme", "globex"):
        by_loader(selling, FIRST, LAST, template="sales", name=name)
    selling.run("CALL _wh.set_storage('sales', 'matview', 'acme')")
    change(
        selling,
        QUERY.replace("item,", "item, item * 2,"),
        COLUMNS.replace("item int", "item bigint, twice int"),
    )
    selling.run("SELECT _wh.update_public_view_by_template('sales')")
    assert selling.reader.rows("SELECT DISTINCT pg_typeof(item)::text, twice FROM globex.sales") == [
        ("bigint", None)
    ]
    assert len(ids(selling)) == 2 * len(ALL)


@WAYS
def test_a_widened_column_is_taken_by_a_folded_year(selling: Warehouse, source: Source, pull: Pull) -> None:
    pull(selling, FIRST, date(2024, 12, 31), template="sales")
    selling.run(
        "SELECT _wh_internal.matview_fold(f, t, 2024, false) FROM _wh.feeds f JOIN _wh.mv_templates t USING (template_name)"
    )
    source.run("UPDATE sale SET id = 5000000000 WHERE id = 1")
    change(selling, columns=COLUMNS.replace("id int", "id bigint"))
    pull(selling, FIRST, FIRST, template="sales")
    selling.run("SELECT _wh.recreate_mv_by_template('sales', 'acme', 'acme', '2024-12-30')")
    assert ids(selling) == [2, 11, 12, 21, 22, 5000000000]
    assert selling.value('SELECT pg_typeof(id)::text FROM _wh_data."acme.sales_2024" LIMIT 1') == "bigint"


def test_the_procedure_brings_indexes_to_daily_views_without_the_source(
    selling: Warehouse, source: Source
) -> None:
    by_sql(selling, FIRST, LAST, template="sales")
    change(selling, indexes=KEY % "id" + "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (item)")
    source.run("DROP TABLE sale")
    told = succeed(selling, "doctor", "--only", "templates").out
    assert "sales_2024_12_29" in told
    assert "tenantry backfill sales --tenant acme --outdated" in told
    selling.run("CALL _wh.fit_storage('sales')")
    assert selling.value("SELECT count(*) FROM pg_indexes WHERE schemaname = 'acme'") == 10
    assert "acme" not in succeed(selling, "doctor", "--only", "templates").out
