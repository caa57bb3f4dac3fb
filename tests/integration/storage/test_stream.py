"""Loading partition storage by streaming: COPY to COPY, a month at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import psycopg
import pytest

from tenantry.core.days import Span
from tenantry.core.model import Feed
from tenantry.db.connect import session
from tenantry.flow.slice.feed import open_feed
from tenantry.loader import planning
from tenantry.loader import run as backfill
from tenantry.loader.events import Silent
from tenantry.loader.result import FeedResult
from tests.support.databases import Source, Warehouse

pytestmark = pytest.mark.any_server

FIRST = date(2024, 1, 15)
SPAN = Span(FIRST, date(2024, 3, 14))


@pytest.fixture
def feed(acme: Warehouse) -> Feed:
    """A feed of foodlogstats in partition storage, with nothing loaded."""
    acme.run("UPDATE _wh.mv_templates SET storage = 'partition'")
    with session(acme.conninfo) as opened:
        return open_feed(opened, "foodlogstats", "acme", "acme")


def load(warehouse: Warehouse, feed: Feed, span: Span = SPAN, *, reload: bool = False) -> FeedResult:
    plans = planning.plan(warehouse.conninfo, [feed], span, reload=reload)
    return backfill.run(warehouse.conninfo, plans, backfill.Limits(), Silent()).feeds[0]


def source_ids(source: Source) -> list[int]:
    return [row[0] for row in source.rows("SELECT id FROM phood_foodlogsum ORDER BY id")]


def test_a_backfill_brings_every_row_and_counts_each_day(acme: Warehouse, source: Source, feed: Feed) -> None:
    source.fill(FIRST, len(SPAN))
    result = load(acme, feed)
    assert (result.loaded, result.rows, result.complete) == (60, 180, True)
    assert [row[0] for row in acme.rows("SELECT id FROM acme.foodlogstats ORDER BY id")] == source_ids(source)
    assert acme.rows("SELECT DISTINCT row_count, count(*) FROM _wh.slices GROUP BY 1") == [(3, 60)]
    assert acme.value("SELECT count(*) FROM pg_indexes WHERE tablename = 'acme.foodlogstats_2024'") == 4


def test_only_what_is_missing_is_loaded(acme: Warehouse, source: Source, feed: Feed) -> None:
    source.fill(FIRST, len(SPAN))
    load(acme, feed, Span(date(2024, 2, 1), date(2024, 2, 10)))
    result = load(acme, feed)
    assert (result.loaded, result.present) == (50, 10)
    assert acme.value("SELECT count(*) FROM acme.foodlogstats") == 180


def test_days_that_are_there_are_merged(acme: Warehouse, source: Source, feed: Feed) -> None:
    source.fill(FIRST, len(SPAN))
    load(acme, feed)
    source.run("DELETE FROM phood_foodlogsum WHERE id % 2 = 0")
    source.log([(1, "2024-02-10 12:00:00+00")])
    result = load(acme, feed, reload=True)
    assert result.complete
    assert [row[0] for row in acme.rows("SELECT id FROM acme.foodlogstats ORDER BY id")] == source_ids(source)


def test_a_bad_day_of_thirty_does_not_take_the_others_with_it(
    acme: Warehouse, source: Source, feed: Feed
) -> None:
    source.fill(date(2024, 4, 1), 30)
    acme.run(
        "UPDATE _wh.mv_templates SET query_template = replace(query_template, 'f.flags',"
        " '(1 / (CASE WHEN f.logged_time::date = ''2024-04-17'' THEN 0 ELSE 1 END))::text')"
    )
    result = load(acme, feed, Span(date(2024, 4, 1), date(2024, 4, 30)))
    assert result.loaded == 29
    assert [(item.day, "division by zero" in item.error) for item in result.failures] == [
        (date(2024, 4, 17), True)
    ]


def test_rows_outside_their_days_are_refused_and_named(acme: Warehouse, source: Source, feed: Feed) -> None:
    source.log([(1, "2024-01-15 12:00:00+00"), (2, "2025-01-01 12:00:00+00")])
    acme.run("UPDATE _wh.mv_templates SET query_template = replace(query_template, '{END_TIME}', 'infinity')")
    result = load(acme, feed, Span(FIRST, FIRST))
    assert len(result.failures) == 1
    assert "1 of 2 rows are outside their days" in result.failures[0].error
    assert '"id": 2' in result.failures[0].error
    assert acme.value("SELECT count(*) FROM acme.foodlogstats") == 0


def test_a_source_that_only_the_warehouse_reaches_is_pulled_through_it(
    acme: Warehouse, source: Source, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.fill(FIRST, 5)
    # The server has no TLS: so this machine is not let in, and the warehouse, which is not told this, is.
    monkeypatch.setenv("PGSSLMODE", "require")
    result = load(acme, feed, Span(FIRST, date(2024, 1, 19)))
    assert (result.loaded, result.complete) == (5, True)


def test_a_fraction_never_becomes_an_integer_unnoticed(acme: Warehouse, source: Source, feed: Feed) -> None:
    source.log([(1, "2024-01-15 12:00:00+00")])
    source.run(
        "ALTER TABLE phood_foodlogsum ALTER action_taken_id TYPE numeric; UPDATE phood_foodlogsum SET action_taken_id = 1.5"
    )
    result = load(acme, feed, Span(FIRST, FIRST))
    assert "invalid input syntax for type integer" in result.failures[0].error


def test_two_backfills_at_once_load_each_day_once(acme: Warehouse, source: Source, feed: Feed) -> None:
    source.fill(FIRST, len(SPAN))
    plans = planning.plan(acme.conninfo, [feed], SPAN)
    with ThreadPoolExecutor(2) as pool:
        runs = [
            pool.submit(backfill.run, acme.conninfo, plans, backfill.Limits(), Silent()) for _ in range(2)
        ]
    assert [run.result().complete for run in runs] == [True, True]
    assert acme.value("SELECT count(*) FROM acme.foodlogstats") == 180
    assert acme.value("SELECT count(*) FROM pg_indexes WHERE tablename = 'acme.foodlogstats_2024'") == 4


def test_a_load_leaves_no_staging_table(acme: Warehouse, source: Source, feed: Feed) -> None:
    source.fill(FIRST, 3)
    load(acme, feed, Span(FIRST, date(2024, 1, 17)))
    load(acme, feed, Span(FIRST, date(2024, 1, 17)), reload=True)
    assert acme.rows("SELECT relname FROM pg_class WHERE relname ~ '^tenantry_[^f]'") == []


def test_partitions_that_a_killed_load_left_bare_are_indexed_by_the_next(
    acme: Warehouse, source: Source, feed: Feed
) -> None:
    source.fill(FIRST, 2)
    with psycopg.connect(acme.conninfo, autocommit=True) as opened:
        opened.execute("SELECT _wh_internal.stream_prepare(f, '2024-01-15', true) FROM _wh.feeds f")
    assert acme.value("SELECT count(*) FROM pg_indexes WHERE tablename = 'acme.foodlogstats_2024'") == 0
    load(acme, feed, Span(FIRST, date(2024, 1, 16)))
    assert acme.value("SELECT count(*) FROM pg_indexes WHERE tablename = 'acme.foodlogstats_2024'") == 4


def test_types_come_through_unchanged(acme: Warehouse, make_source: Callable[[], Source]) -> None:
    source = make_source()
    source.run(
        "CREATE TYPE mood AS ENUM ('glad', 'sad'); CREATE TABLE things (id int, at timestamptz, n numeric, f float8, a text[],"
        " j jsonb, b bytea, m mood, r int4range, i interval, ip inet, u uuid, c char(5), t text, d date, big text);"
        " INSERT INTO things VALUES (1, '2024-01-15 12:00Z', 'NaN', '-Infinity', ARRAY['a,b', NULL, ''], '{\"k\": [1.10]}',"
        " '\\x00ff'::bytea, 'sad', '[1,5)', '1 mon -2 days 03:04:05.6', '10.0.0.0/8', gen_random_uuid(), 'ab', '', 'infinity',"
        " repeat('x', 2000000)), (2, '2024-01-15 13:00Z', 12345678901234567890123456789012345678.5, 'NaN', NULL, NULL, NULL, NULL,"
        " 'empty', NULL, NULL, NULL, NULL, NULL, '-infinity', NULL); GRANT SELECT ON things TO source_reader"
    )
    acme.connect_to(source, "things")
    acme.run(
        "INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions, indexes, storage, time_column) VALUES"
        " ('things', 'SELECT * FROM things WHERE at >= ''{START_TIME}'' AND at < ''{END_TIME}''', 'id int, at timestamptz, n numeric,"
        " f float8, a text[], j jsonb, b bytea, m text, r int4range, i interval, ip inet, u uuid, c char(5), t text, d date, big text',"
        " 'CREATE UNIQUE INDEX ON {SCHEMA}.{VIEW_NAME} (id)', 'partition', 'at')"
    )
    with session(acme.conninfo) as opened:
        feed = open_feed(opened, "things", "things", "acme")
    assert load(acme, feed, Span(FIRST, FIRST)).complete
    columns = "id, at, n::text, f::text, a, j::text, b, m::text, r::text, i::text, ip::text, u, c, t, d::text, md5(big)"
    query = f"SELECT {columns} FROM {{}} ORDER BY id"
    with acme.connect() as here, source.connect() as there:
        assert (
            here.execute(query.format("acme.things").encode()).fetchall()
            == there.execute(query.format("things").encode()).fetchall()
        )
