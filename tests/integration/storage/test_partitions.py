"""Partition storage through SQL: one table for all tenants, refreshed by difference."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import LiteralString

import psycopg
import pytest

from tests.support.databases import Source, Warehouse
from tests.support.loading import Pull, by_loader, by_sql
from tests.support.samples.small_template import define

DAY = date(2024, 3, 10)

WAYS = pytest.mark.parametrize("pull", [by_loader, by_sql])


@pytest.fixture
def acme(acme: Warehouse) -> Warehouse:
    """The warehouse of the same name, whose template keeps new feeds in partitions."""
    acme.run("UPDATE _wh.mv_templates SET storage = 'partition'")
    return acme


def refresh(warehouse: Warehouse, day: str = "2024-03-10") -> None:
    warehouse.run("SELECT _wh.update_mv_by_template('foodlogstats', 'acme', 'acme', %s::date)", (day,))


def written(warehouse: Warehouse, table: str = "acme.foodlogstats_2024") -> int:
    """Rows that were inserted, updated or deleted in a table of acme since its beginning."""
    warehouse.settle()
    count: int = warehouse.value(
        "SELECT n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables WHERE schemaname = '_wh_data' AND relname = %s",
        (table,),
    )
    return count


def test_the_public_table_is_parted_by_tenant_and_then_by_year(acme: Warehouse, source: Source) -> None:
    source.fill(date(2023, 12, 31), 2)
    acme.load(date(2023, 12, 31), date(2024, 1, 1))
    assert acme.rows(
        "SELECT relid::regclass::text, isleaf FROM pg_partition_tree('_wh_data.\"public.foodlogstats\"') ORDER BY level, 1"
    ) == [
        ('_wh_data."public.foodlogstats"', False),
        ('_wh_data."acme.foodlogstats"', False),
        ('_wh_data."acme.foodlogstats_2023"', True),
        ('_wh_data."acme.foodlogstats_2024"', True),
    ]
    assert acme.reader.rows("SELECT schema_name, count(*) FROM public.foodlogstats GROUP BY 1") == [
        ("acme", 6)
    ]
    assert acme.reader.value("SELECT count(*) FROM acme.foodlogstats") == 6


def test_a_template_may_ask_for_months(acme: Warehouse, source: Source) -> None:
    acme.run("UPDATE _wh.mv_templates SET partition_by = 'month'")
    source.fill(date(2024, 1, 31), 2)
    acme.load(date(2024, 1, 31), date(2024, 2, 1))
    assert acme.rows(
        "SELECT relname FROM pg_class WHERE relname ~ '^acme.foodlogstats_2024' AND relkind = 'r' ORDER BY 1"
    ) == [
        ("acme.foodlogstats_2024_01",),
        ("acme.foodlogstats_2024_02",),
    ]


def test_the_first_load_of_a_day_is_told_from_a_refresh(acme: Warehouse) -> None:
    loads = [acme.load(day, day)["date_results"][0] for day in (DAY, DAY, date(2024, 3, 11))]
    assert [load["action"] for load in loads] == ["created", "refreshed", "created"]


def test_a_refresh_of_an_unchanged_day_writes_nothing(acme: Warehouse, source: Source) -> None:
    source.fill(DAY, 1, per_day=50)
    refresh(acme)
    before = written(acme)
    refresh(acme)
    assert before == 50
    assert written(acme) == before


def test_a_refresh_touches_only_the_rows_that_differ(acme: Warehouse, source: Source) -> None:
    source.log([(n, "2024-03-10 12:00:00+00") for n in range(1, 11)])
    refresh(acme)
    before = written(acme)
    source.run("DELETE FROM phood_foodlogsum WHERE id = 1")
    source.run("UPDATE phood_foodlogsum SET quantity = 10.00 WHERE id = 2")
    source.run("UPDATE phood_foodlogsum SET quantity = 11 WHERE id = 3")
    source.log([(11, "2024-03-10 13:00:00+00")])
    refresh(acme)
    assert written(acme) - before == 4
    rows = acme.rows("SELECT id, quantity::text FROM acme.foodlogstats WHERE id IN (1, 2, 3, 11) ORDER BY id")
    assert rows == [(2, "10.00"), (3, "11"), (11, "10")]


def test_a_day_that_was_emptied_at_the_source_becomes_an_empty_slice(acme: Warehouse, source: Source) -> None:
    source.fill(DAY, 1)
    refresh(acme)
    source.run("DELETE FROM phood_foodlogsum")
    refresh(acme)
    assert acme.value("SELECT count(*) FROM public.foodlogstats") == 0
    assert acme.rows("SELECT slice_date, status, row_count FROM _wh.slices") == [(DAY, "loaded", 0)]


def test_rows_at_the_ends_of_a_day_stay_when_its_neighbours_are_pulled_again(
    acme: Warehouse, source: Source
) -> None:
    source.log([(1, "2024-03-10 00:00:00+00"), (2, "2024-03-10 23:59:59.999999+00")])
    for day in ("2024-03-09", "2024-03-10", "2024-03-11", "2024-03-09"):
        refresh(acme, day)
    assert acme.rows("SELECT id FROM acme.foodlogstats ORDER BY id") == [(1,), (2,)]


def test_a_row_that_moves_to_another_day_is_there_once(acme: Warehouse, source: Source) -> None:
    source.log([(1, "2024-03-10 12:00:00+00")])
    acme.load(DAY, date(2024, 3, 11))
    source.run("UPDATE phood_foodlogsum SET logged_time = '2024-03-11 12:00:00+00'")
    refresh(acme, "2024-03-11")
    assert acme.rows("SELECT id, logged_time::date::text FROM acme.foodlogstats") == [(1, "2024-03-11")]
    refresh(acme, "2024-03-10")
    assert acme.value("SELECT count(*) FROM acme.foodlogstats") == 1


def test_without_a_unique_index_a_day_is_replaced(acme: Warehouse, source: Source) -> None:
    acme.run("UPDATE _wh.mv_templates SET indexes = NULL")
    source.fill(DAY, 2)
    acme.load(DAY, date(2024, 3, 11))
    source.run("DELETE FROM phood_foodlogsum WHERE logged_time < '2024-03-10 01:00:00+00'")
    refresh(acme)
    assert acme.rows("SELECT row_count FROM _wh.slices ORDER BY slice_date") == [(2,), (3,)]
    assert acme.value("SELECT count(*) FROM acme.foodlogstats") == 5


def test_a_row_outside_its_day_is_refused_and_named(acme: Warehouse, source: Source) -> None:
    source.log([(1, "2024-03-10 12:00:00+00"), (2, "2024-03-12 12:00:00+00")])
    acme.run("UPDATE _wh.mv_templates SET query_template = replace(query_template, '{END_TIME}', 'infinity')")
    with pytest.raises(psycopg.Error, match="1 of 2 rows have a logged_time outside the UTC day") as caught:
        refresh(acme)
    assert '"id": 2' in str(caught.value.diag.message_detail)
    assert acme.rows("SELECT * FROM _wh.slices") == []


def test_a_new_column_of_the_template_comes_to_all_tenants(acme: Warehouse, source: Source) -> None:
    source.fill(DAY, 2)
    refresh(acme)
    acme.run(
        "UPDATE _wh.mv_templates SET column_definitions = column_definitions || ', origin text',"
        " query_template = replace(query_template, 'f.flags', 'f.flags, ''here'' AS origin')"
    )
    refresh(acme, "2024-03-11")
    assert acme.reader.rows("SELECT origin, count(*) FROM public.foodlogstats GROUP BY 1 ORDER BY 1") == [
        ("here", 3),
        (None, 3),
    ]


def test_a_second_tenant_joins_and_a_dropped_one_leaves(
    acme: Warehouse, source: Source, make_source: Callable[[], Source]
) -> None:
    source.fill(DAY, 1)
    refresh(acme)
    other = make_source()
    other.fill(DAY, 1, per_day=5)
    acme.connect_to(other, "globex")
    acme.make_schema("globex")
    acme.load(DAY, DAY, schema="globex", connection="globex")
    assert acme.reader.rows(
        "SELECT schema_name, count(*) FROM public.foodlogstats GROUP BY 1 ORDER BY 1"
    ) == [
        ("acme", 3),
        ("globex", 5),
    ]
    acme.admin.run("DROP SCHEMA acme CASCADE")
    acme.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    assert acme.reader.rows("SELECT schema_name, count(*) FROM public.foodlogstats GROUP BY 1") == [
        ("globex", 5)
    ]
    assert acme.rows("SELECT relname FROM pg_class WHERE relname LIKE 'acme.%'") == []
    assert acme.rows("SELECT schema_name FROM _wh.tenants") == [("globex",)]


def test_a_year_is_checked_and_combined_with_its_days_side_by_side(acme: Warehouse, source: Source) -> None:
    acme.run("UPDATE _wh.mv_templates SET partition_by = 'month'")
    source.fill(date(2023, 1, 1), 365, per_day=2)
    by_loader(acme, date(2023, 1, 1), date(2023, 12, 30))
    with pytest.raises(psycopg.Error, match="1 of 365 days are missing: 2023-12-31"):
        acme.run("SELECT _wh.create_combined_table_from_template_by_year('foodlogstats', 'acme', 2023)")
    refresh(acme, "2023-12-31")
    result = acme.value(
        "SELECT _wh.create_combined_table_from_template_by_year('foodlogstats', 'acme', 2023)"
    )
    assert (result["processed_mvs"], result["total_records"]) == (365, 730)
    assert acme.rows(
        "SELECT relname FROM pg_class WHERE relname ~ '^acme.foodlogstats_2023' AND relkind = 'r'"
    ) == [("acme.foodlogstats_2023",)]
    check = acme.value("SELECT _wh.check_views_by_template_for_year('foodlogstats', 'acme', 2023)")
    assert check["status"] == "converted"
    assert (
        acme.value(
            "SELECT count(*) FROM pg_indexes WHERE tablename = 'acme.foodlogstats_2023' AND indexname LIKE '%new%'"
        )
        == 0
    )
    source.run("DELETE FROM phood_foodlogsum WHERE logged_time < '2023-01-02 00:00:00+00'")
    refresh(acme, "2023-01-01")
    assert acme.reader.value("SELECT count(*) FROM public.foodlogstats") == 728


def test_a_report_of_one_day_reads_one_table(acme: Warehouse, source: Source) -> None:
    source.fill(date(2023, 12, 31), 2)
    acme.load(date(2023, 12, 31), date(2024, 1, 1))
    plan = acme.reader.rows(
        "EXPLAIN SELECT count(*) FROM public.foodlogstats WHERE schema_name = 'acme'"
        " AND logged_time >= '2024-01-01 00:00:00+00' AND logged_time < '2024-01-02 00:00:00+00'"
    )
    text = "\n".join(row[0] for row in plan)
    assert "foodlogstats_2024" in text
    assert "foodlogstats_2023" not in text


def test_tenants_in_partitions_and_in_views_stand_in_one_public_view(
    acme: Warehouse, source: Source, make_source: Callable[[], Source]
) -> None:
    acme.run("UPDATE _wh.mv_templates SET storage = 'matview'")
    source.fill(DAY, 1)
    refresh(acme)
    acme.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    acme.run("UPDATE _wh.mv_templates SET storage = 'partition'")
    other = make_source()
    other.fill(DAY, 1, per_day=5)
    acme.connect_to(other, "globex")
    acme.make_schema("globex")
    acme.load(DAY, DAY, schema="globex", connection="globex")
    acme.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    assert acme.reader.rows(
        "SELECT schema_name, count(*) FROM public.foodlogstats GROUP BY 1 ORDER BY 1"
    ) == [
        ("acme", 3),
        ("globex", 5),
    ]


def test_partitions_need_a_time_column(acme: Warehouse, source: Source) -> None:
    acme.run("UPDATE _wh.mv_templates SET time_column = NULL")
    with pytest.raises(psycopg.Error, match="partition storage needs a time_column"):
        refresh(acme)


@pytest.mark.parametrize("kind", ["date", "timestamp", "timestamptz"])
@WAYS
def test_a_time_column_may_be_of_each_type_of_time(
    acme: Warehouse, source: Source, kind: LiteralString, pull: Pull
) -> None:
    """Loaded, refreshed, folded, moved there and back: the same rows on the same days."""
    source.run("CREATE TABLE visits (id int PRIMARY KEY, day " + kind + ", guests int)")
    source.run("GRANT SELECT ON visits TO source_reader")
    source.run(
        "INSERT INTO visits SELECT n, timestamp '2023-01-01' + n * interval '12 hours' - interval '1 us', n"
        " FROM generate_series(1, 730) n"
    )
    define(
        acme,
        "visits",
        query="SELECT id, day, guests FROM visits WHERE day >= '{START_TIME}' AND day < '{END_TIME}'",
        columns="id int, day " + kind + ", guests int",
        time_column="day",
    )
    acme.run("UPDATE _wh.mv_templates SET storage = 'partition' WHERE template_name = 'visits'")
    # That a year can be folded; SQL pulls day by day, which takes ten times as long.
    by_loader(acme, date(2023, 2, 1), date(2023, 12, 31), template="visits")
    first, last = date(2023, 1, 1), date(2023, 1, 31)
    pull(acme, first, last, template="visits")
    there: LiteralString = "SELECT id, day, guests FROM acme.visits ORDER BY id"
    rows: LiteralString = "SELECT * FROM visits ORDER BY id"
    assert acme.rows(there) == source.rows(rows)
    source.run(
        "UPDATE visits SET guests = -1 WHERE id % 10 = 0 AND id < 60; DELETE FROM visits WHERE id = 30"
    )
    pull(acme, first, last, template="visits")
    assert acme.rows(there) == source.rows(rows)
    folded = acme.value(
        "SELECT _wh.create_combined_table_from_template_by_year('visits', 'acme', 2023) ->> 'total_records'"
    )
    assert folded == "729"
    source.run("UPDATE visits SET guests = -2 WHERE id = 7")
    pull(acme, date(2023, 1, 4), date(2023, 1, 4), template="visits")
    assert acme.rows(there) == source.rows(rows)
    for guests, storage in enumerate(("matview", "shared", "partition")):
        acme.run("CALL _wh.set_storage('visits', %s)", (storage,))
        acme.run("CALL _wh.drop_old_storage('visits', 'acme')")
        assert acme.rows(there) == source.rows(rows)
        source.run("UPDATE visits SET guests = %s WHERE id = 8", (guests,))
        pull(acme, date(2023, 1, 4), date(2023, 1, 4), template="visits")
        assert acme.rows(there) == source.rows(rows)
    assert acme.rows("SELECT DISTINCT row_count FROM _wh.slices WHERE row_count > 2 OR row_count < 1") == []


@WAYS
def test_a_partition_that_was_detached_is_named_with_what_to_do(
    acme: Warehouse, source: Source, pull: Pull
) -> None:
    source.fill(DAY, 2)
    pull(acme, DAY, DAY)
    acme.admin.run(
        'ALTER TABLE _wh_data."acme.foodlogstats" DETACH PARTITION _wh_data."acme.foodlogstats_2024"'
    )
    with pytest.raises((psycopg.Error, AssertionError), match=r"is in the way: it is not a partition of"):
        pull(acme, DAY, DAY)
    assert acme.value('SELECT count(*) FROM _wh_data."acme.foodlogstats_2024"') == 3
    bounds = "FOR VALUES FROM ('2024-01-01 00:00Z') TO ('2025-01-01 00:00Z')"
    acme.admin.run(
        f'ALTER TABLE _wh_data."acme.foodlogstats" ATTACH PARTITION _wh_data."acme.foodlogstats_2024" {bounds}'
    )
    pull(acme, DAY, date(2024, 3, 11))
    assert acme.reader.value("SELECT count(*) FROM public.foodlogstats") == 6
