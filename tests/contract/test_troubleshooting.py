"""Manual, "Troubleshooting": what shows where it hurts, and what mends it."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest

from tests.contract.roles import AS_EITHER, AS_EITHER_ON_EACH_STORAGE, acting, either
from tests.support.databases import Source, Warehouse

DAY = date(2023, 9, 30)

PROBE = "SELECT * FROM dblink(_wh.get_tenant_connection_string('acme'), 'SELECT 1') AS t(test integer)"


@pytest.fixture
def filled(acme: Warehouse, source: Source) -> Warehouse:
    """Two days of three rows each are loaded, and in the tenant's view."""
    source.fill(DAY, 3)
    acme.load(DAY, date(2023, 10, 1))
    return acme


def test_a_connection_is_shown_without_its_secret(acme: Warehouse, source: Source) -> None:
    for database in either(acme):
        with database.connect() as session:
            cursor = session.execute("SELECT * FROM _wh.tenant_connections WHERE tenant_name = 'acme'")
            (row,) = cursor.fetchall()
            shown = dict(zip([column.name for column in cursor.description or ()], row, strict=True))
        assert (shown["host"], shown["port"], shown["dbname"]) == (
            "127.0.0.1",
            source.server.port,
            source.name,
        )
        assert (shown["username"], shown["password"]) == ("source_reader", None)


def test_a_connection_is_tried_by_hand(acme: Warehouse) -> None:
    for database in either(acme):
        assert database.rows(PROBE) == [(1,)]


def test_a_connection_that_fails_by_hand_says_why(acme: Warehouse) -> None:
    acme.run("UPDATE _wh.tenant_connections SET password = 'wrong' WHERE tenant_name = 'acme'")
    with pytest.raises(psycopg.Error) as caught:
        acme.run(PROBE)
    assert "could not establish connection" in str(caught.value)
    assert 'password authentication failed for user "source_reader"' in str(caught.value.diag.message_detail)
    with pytest.raises(psycopg.Error, match='connection "elsewhere" does not exist'):
        acme.run("SELECT _wh.get_tenant_connection_string('elsewhere')")


def test_a_view_is_found_to_exist_or_not(filled: Warehouse) -> None:
    for database in either(filled):
        assert database.value("SELECT _wh.does_mv_exist('acme', 'foodlogstats_2023_09_30')") is True
        assert database.value("SELECT _wh.does_mv_exist('acme', 'foodlogstats_2023_09_29')") is False


def test_all_views_of_a_schema_are_listed(filled: Warehouse) -> None:
    for database in either(filled):
        assert database.rows(
            "SELECT matviewname::text FROM pg_matviews WHERE schemaname = 'acme' ORDER BY 1"
        ) == [
            ("foodlogstats_2023_09_30",),
            ("foodlogstats_2023_10_01",),
        ]


def test_the_size_of_each_view_is_shown(filled: Warehouse) -> None:
    for database in either(filled):
        sizes = database.rows(
            "SELECT schemaname::text, matviewname::text,"
            " pg_size_pretty(pg_total_relation_size(schemaname||'.'||matviewname)) AS size"
            " FROM pg_matviews WHERE schemaname = 'acme' ORDER BY matviewname"
        )
        assert [row[:2] for row in sizes] == [
            ("acme", "foodlogstats_2023_09_30"),
            ("acme", "foodlogstats_2023_10_01"),
        ]
        assert all(row[2].endswith("kB") for row in sizes)


def test_the_sources_rows_of_a_day_are_counted_by_the_utc_day(filled: Warehouse, source: Source) -> None:
    """The bare cast is right here: sessions at the source run in UTC, whatever is usual there."""
    source.run(f"ALTER DATABASE {source.name} SET TimeZone = 'Asia/Tokyo'")
    for database in either(filled):
        assert database.rows(
            "SELECT * FROM dblink(_wh.get_tenant_connection_string('acme'),"
            " 'SELECT COUNT(*) FROM phood_foodlogsum WHERE logged_time::DATE = ''2023-10-01''') AS t(count bigint)"
        ) == [(3,)]


def test_the_views_that_belong_to_a_union_view_are_listed(filled: Warehouse) -> None:
    filled.run("CREATE MATERIALIZED VIEW acme.summary AS SELECT 1 AS one")
    for database in either(filled):
        assert database.rows(
            "SELECT matviewname::text FROM pg_matviews WHERE schemaname = 'acme' AND matviewname LIKE 'foodlogstats_%'"
            " ORDER BY matviewname"
        ) == [("foodlogstats_2023_09_30",), ("foodlogstats_2023_10_01",)]


@AS_EITHER
def test_a_union_view_that_misses_a_slice_is_recreated(filled: Warehouse, role: str) -> None:
    filled.run("SELECT _wh.create_mv_from_template('foodlogstats', 'acme', 'acme', '2023-10-02')")
    assert filled.reader.value("SELECT count(*) FROM acme.foodlogstats") == 6
    assert acting(filled, role).value("SELECT _wh.update_tenant_view('acme', 'acme', 'foodlogstats')") is True
    assert filled.reader.value("SELECT count(*) FROM acme.foodlogstats") == 9


@AS_EITHER_ON_EACH_STORAGE
def test_a_union_view_that_was_dropped_is_recreated_for_readers_too(filled: Warehouse, role: str) -> None:
    filled.run("DROP VIEW acme.foodlogstats CASCADE")
    acting(filled, role).run("SELECT _wh.update_tenant_view('acme', 'acme', 'foodlogstats')")
    assert filled.reader.value("SELECT count(*) FROM acme.foodlogstats") == 6
    assert filled.rows("SELECT viewowner::text FROM pg_views WHERE schemaname = 'acme'") == [("whadmin",)]
