"""Manual, "Maintenance Procedures": old slices, statistics, vacuum."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg
import pytest

from tests.contract.roles import AS_EITHER, acting, either
from tests.support.databases import Source, Warehouse
from tests.support.waiting import wait_until

OLD = date(2023, 1, 31)

FIND = r"""
SELECT schemaname::text, matviewname::text,
    pg_size_pretty(pg_total_relation_size(schemaname||'.'||matviewname)) AS size
FROM pg_matviews
WHERE matviewname ~ '_\d{4}_\d{2}_\d{2}$'
  AND TO_DATE(regexp_replace(matviewname, '.*_(\d{4}_\d{2}_\d{2})$', '\1'), 'YYYY_MM_DD')
      < CURRENT_DATE - INTERVAL '6 months'
ORDER BY schemaname, matviewname
"""

DROP = r"""
DO $$
DECLARE
    old RECORD;
BEGIN
    FOR old IN
        SELECT schemaname, matviewname FROM pg_matviews
        WHERE matviewname ~ '_\d{4}_\d{2}_\d{2}$'
          AND TO_DATE(regexp_replace(matviewname, '.*_(\d{4}_\d{2}_\d{2})$', '\1'), 'YYYY_MM_DD')
              < CURRENT_DATE - INTERVAL '6 months'
    LOOP
        EXECUTE 'DROP MATERIALIZED VIEW ' || old.schemaname || '.' || old.matviewname;
        RAISE NOTICE 'Dropped %', old.schemaname || '.' || old.matviewname;
    END LOOP;
END $$
"""

DROP_WITH_VIEWS = DROP.replace("old.matviewname;", "old.matviewname || ' CASCADE';", 1)

NEED_VACUUM = """
SELECT schemaname::text, relname::text, n_dead_tup, n_live_tup,
    ROUND(n_dead_tup::numeric / NULLIF(n_live_tup::numeric, 0) * 100, 2) AS dead_tuple_percent
FROM pg_stat_user_tables WHERE n_dead_tup > 1000 ORDER BY dead_tuple_percent DESC
"""


@pytest.fixture
def recent(today: date) -> date:
    """A day of the last six months."""
    return today - timedelta(days=100)


@pytest.fixture
def aged(acme: Warehouse, source: Source, recent: date) -> Warehouse:
    """An old slice, a recent one, and a materialized view that is no slice; no view reads them yet."""
    source.fill(OLD, 1)
    source.fill(recent, 1)
    for day in (OLD, recent):
        acme.run("SELECT _wh.create_mv_from_template('foodlogstats', 'acme', 'acme', %s)", (day,))
    acme.run("CREATE MATERIALIZED VIEW acme.summary AS SELECT 1 AS one")
    return acme


@pytest.fixture
def published(aged: Warehouse) -> Warehouse:
    """The same, with the tenant's and the public view over the slices."""
    aged.run("SELECT _wh.update_tenant_union_view_by_template('foodlogstats', 'acme', 'acme')")
    aged.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    return aged


@pytest.fixture
def yearly(acme: Warehouse) -> Warehouse:
    """A yearly table that has 2000 dead rows to 1000 live ones, which autovacuum leaves alone."""
    with acme.connect() as session:
        session.execute("CREATE TABLE acme.foodlogstats_2021 (id int) WITH (autovacuum_enabled = false)")
        session.execute("INSERT INTO acme.foodlogstats_2021 SELECT generate_series(1, 3000)")
        session.execute("DELETE FROM acme.foodlogstats_2021 WHERE id > 1000")
    return acme


def names(warehouse: Warehouse) -> set[str]:
    """The materialized views of acme."""
    return {
        name
        for (name,) in warehouse.rows("SELECT matviewname::text FROM pg_matviews WHERE schemaname = 'acme'")
    }


def test_views_older_than_six_months_are_found(published: Warehouse) -> None:
    for database in either(published):
        (found,) = database.rows(FIND.encode())  # type: ignore[arg-type]
        assert found[:2] == ("acme", "foodlogstats_2023_01_31")
        assert found[2].endswith("kB")


@AS_EITHER
def test_old_views_that_no_view_reads_are_dropped(aged: Warehouse, role: str, recent: date) -> None:
    with acting(aged, role).connect() as session:
        session.execute(DROP.encode())
    assert names(aged) == {"summary", f"foodlogstats_{recent:%Y_%m_%d}"}


def test_old_views_that_readers_see_are_not_dropped_by_accident(published: Warehouse) -> None:
    with pytest.raises(psycopg.errors.DependentObjectsStillExist), published.connect() as session:
        session.execute(DROP.encode())
    assert published.reader.value("SELECT count(*) FROM public.foodlogstats") == 6


@AS_EITHER
def test_with_cascade_old_views_go_and_both_views_come_back_for_readers(
    published: Warehouse, role: str, recent: date
) -> None:
    database = acting(published, role)
    with database.connect() as session:
        session.execute(DROP_WITH_VIEWS.encode())
    assert names(published) == {"summary", f"foodlogstats_{recent:%Y_%m_%d}"}
    database.run("SELECT _wh.update_tenant_union_view_by_template('foodlogstats', 'acme', 'acme')")
    database.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    assert published.reader.value("SELECT count(*) FROM acme.foodlogstats") == 3
    assert published.reader.value("SELECT count(*) FROM public.foodlogstats") == 3
    assert published.rows(
        "SELECT DISTINCT viewowner::text FROM pg_views WHERE viewname = 'foodlogstats'"
    ) == [("whadmin",)]


@AS_EITHER
def test_the_statistics_of_the_whole_warehouse_are_updated(aged: Warehouse, role: str) -> None:
    acting(aged, role).run("ANALYZE")
    assert aged.rows(
        "SELECT count(*), count(last_analyze) FROM pg_stat_user_tables WHERE schemaname IN ('acme', '_wh')"
        " AND relname IN ('summary', 'tenant_connections', 'foodlogstats_2023_01_31')"
    ) == [(3, 3)]


@AS_EITHER
def test_the_statistics_of_one_table_are_updated(aged: Warehouse, role: str) -> None:
    acting(aged, role).run("ANALYZE acme.foodlogstats_2023_01_31")
    assert aged.rows(
        "SELECT relname::text FROM pg_stat_user_tables WHERE schemaname = 'acme' AND last_analyze IS NOT NULL"
    ) == [("foodlogstats_2023_01_31",)]


def test_tables_that_need_vacuuming_are_found(yearly: Warehouse) -> None:
    """The column is relname; the manual says tablename."""
    wait_until(lambda: len(yearly.rows(NEED_VACUUM)) == 1)
    for database in either(yearly):
        assert database.rows(NEED_VACUUM) == [("acme", "foodlogstats_2021", 2000, 1000, 200)]


@AS_EITHER
def test_a_table_is_vacuumed_by_hand(yearly: Warehouse, role: str) -> None:
    wait_until(lambda: len(yearly.rows(NEED_VACUUM)) == 1)
    acting(yearly, role).run("VACUUM ANALYZE acme.foodlogstats_2021")
    wait_until(lambda: yearly.rows(NEED_VACUUM) == [])
    assert yearly.value("SELECT count(*) FROM acme.foodlogstats_2021") == 1000
