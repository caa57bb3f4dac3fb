"""Manual, "Monitoring and Health Checks": sizes, connections, slow queries, freshness."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import psycopg
import pytest

from tenantry.embedded import Server
from tests.contract.roles import either
from tests.support.databases import Database, Source, Warehouse

DAY = date(2023, 2, 27)


@pytest.fixture
def filled(acme: Warehouse, source: Source) -> Warehouse:
    """Three days over the end of a February, and a yearly table."""
    source.fill(DAY, 3)
    acme.load(DAY, date(2023, 3, 1))
    acme.run("CREATE TABLE acme.foodlogstats_2019 AS SELECT * FROM acme.foodlogstats")
    return acme


def test_the_size_of_the_warehouse_is_told(warehouse: Warehouse) -> None:
    for database in either(warehouse):
        size = database.value(
            "SELECT pg_size_pretty(pg_database_size(%s)) AS warehouse_size", (warehouse.name,)
        )
        assert re.fullmatch(r"\d+ (kB|MB)", size)


def test_the_size_of_each_schema_is_told_largest_first(filled: Warehouse) -> None:
    for database in either(filled):
        sizes = database.rows(
            "SELECT schemaname::text, pg_size_pretty(SUM(pg_total_relation_size(schemaname||'.'||tablename))) AS schema_size,"
            " SUM(pg_total_relation_size(schemaname||'.'||tablename))"
            " FROM pg_tables WHERE schemaname NOT IN ('information_schema', 'pg_catalog', 'pg_toast') GROUP BY schemaname"
            " ORDER BY SUM(pg_total_relation_size(schemaname||'.'||tablename)) DESC"
        )
        assert {row[0] for row in sizes} >= {"_wh", "cron", "acme"}
        assert [row[2] for row in sizes] == sorted((row[2] for row in sizes), reverse=True)
        assert all(re.fullmatch(r"\d+ (bytes|kB)", row[1]) for row in sizes)


def test_active_connections_are_counted_beside_the_most_there_may_be(warehouse: Warehouse) -> None:
    """With the GROUP BY that the manual's statement lacks."""
    for database in either(warehouse):
        ((active, most),) = database.rows(
            "SELECT count(*) AS active_connections, max_conn.setting AS max_connections FROM pg_stat_activity,"
            " (SELECT setting FROM pg_settings WHERE name = 'max_connections') max_conn"
            " WHERE state = 'active' GROUP BY max_conn.setting"
        )
        assert active >= 1
        assert most == "100"


def test_slow_queries_are_listed_slowest_first(make_server: Callable[..., Server]) -> None:
    """With the columns' names since PostgreSQL 13."""
    server = make_server(shared_preload_libraries="pg_stat_statements")
    server.start()
    with psycopg.connect(Database(server, "postgres", "postgres").conninfo, autocommit=True) as session:
        session.execute("CREATE EXTENSION pg_stat_statements")
        # On a busy machine, what has run so far may be slow, too.
        session.execute("SELECT pg_stat_statements_reset()")
        session.execute("SELECT pg_sleep(0)")
        session.execute("SELECT pg_sleep(1.005) AS slow")
        session.execute("SELECT pg_sleep(1.1) AS slow, 1 AS slower")
        slow = session.execute(
            "SELECT query, calls, total_exec_time, mean_exec_time, rows FROM pg_stat_statements"
            " WHERE mean_exec_time > 1000 ORDER BY mean_exec_time DESC LIMIT 10"
        ).fetchall()
    assert [(query, calls, rows) for query, calls, _, _, rows in slow] == [
        ("SELECT pg_sleep($1) AS slow, $2 AS slower", 1, 1),
        ("SELECT pg_sleep($1) AS slow", 1, 1),
    ]
    assert slow[0][2] == slow[0][3] > 1100


def test_the_newest_day_of_each_tenant_comes_first(filled: Warehouse, source: Source) -> None:
    """By the regular expression of the manual's maintenance part: its LIKE pattern here asks for eleven underscores."""
    filled.make_schema("brook")
    filled.load(DAY, DAY, schema="brook")
    filled.run("CREATE MATERIALIZED VIEW acme.summary AS SELECT 1 AS one")
    for database in either(filled):
        assert database.rows(
            r"SELECT schemaname::text, matviewname::text, regexp_replace(matviewname, '.*_(\d{4}_\d{2}_\d{2})$', '\1') AS date_part"
            r" FROM pg_matviews WHERE matviewname ~ '_\d{4}_\d{2}_\d{2}$' ORDER BY schemaname, date_part DESC"
        ) == [
            ("acme", "foodlogstats_2023_03_01", "2023_03_01"),
            ("acme", "foodlogstats_2023_02_28", "2023_02_28"),
            ("acme", "foodlogstats_2023_02_27", "2023_02_27"),
            ("brook", "foodlogstats_2023_02_27", "2023_02_27"),
        ]
