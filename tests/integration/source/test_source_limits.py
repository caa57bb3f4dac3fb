"""Deadlines and budgets of what a source sends: they are ours, whatever the source does."""

from __future__ import annotations

import resource
from datetime import date
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tenantry.core.days import Span
from tenantry.core.model import Feed
from tenantry.db.connect import session
from tenantry.flow.slice.feed import open_feed
from tenantry.loader import planning, run
from tenantry.loader.events import Silent
from tenantry.loader.result import FeedResult
from tests.support.databases import Source, Warehouse
from tests.support.samples.small_template import define, make_ticks

DAY = date(2024, 3, 10)
NEXT = date(2024, 3, 11)
TEXTS: LiteralString = "SELECT id, at, value FROM ticks WHERE at >= '{START_TIME}'::timestamptz AND at < '{END_TIME}'::timestamptz"


@pytest.fixture
def feed(acme: Warehouse, source: Source) -> Feed:
    """Ticks with values of text, in partition storage; the source has two days of two rows."""
    make_ticks(source, DAY, 2)
    define(acme, query=TEXTS, columns="id int, at timestamptz, value text")
    acme.run("UPDATE _wh.mv_templates SET storage = 'partition'")
    with session(acme.conninfo) as opened:
        return open_feed(opened, "ticks", "acme", "acme")


def allow(warehouse: Warehouse, **options: str) -> None:
    warehouse.run("UPDATE _wh.tenant_connections SET options = %s", (Jsonb(options),))


def load(warehouse: Warehouse, feed: Feed, *, changed: bool = False) -> FeedResult:
    span = Span(DAY, NEXT)
    plans = (
        planning.plan_changed([feed], span) if changed else planning.plan(warehouse.conninfo, [feed], span)
    )
    return run.run(warehouse.conninfo, plans, run.Limits(1), Silent()).feeds[0]


def reasons(result: FeedResult) -> list[tuple[date, str]]:
    return [(failed.day, failed.error) for failed in result.failures]


def slow(source: Source, seconds: float) -> None:
    """Each row of the second day takes so long, and no timeout of the source's session counts."""
    source.run(
        "CREATE FUNCTION slow(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep("
        + str(seconds)
        + "); RETURN $1; END $$"
    )
    source.run(
        "ALTER TABLE ticks RENAME TO kept; CREATE VIEW ticks AS SELECT id, at,"
        " CASE WHEN at < '2024-03-11 00:00Z' THEN value ELSE slow(value) END AS value FROM kept;"
        " GRANT SELECT ON ticks TO source_reader"
    )
    source.run("INSERT INTO kept SELECT g, '2024-03-11 01:00Z', 0 FROM generate_series(1, 3000) g")


@pytest.mark.parametrize("changed", [False, True])
def test_a_source_that_sends_on_and_on_is_ended_and_other_days_are_loaded(
    acme: Warehouse, source: Source, feed: Feed, changed: bool
) -> None:
    slow(source, 0.2)
    # As of a source that heeds no timeout: it is told of none.
    allow(acme, deadline="3s", statement_timeout="0")
    result = load(acme, feed, changed=changed)
    assert result.loaded == 1
    assert reasons(result) == [(NEXT, "acme.ticks 2024-03-11: the source did not finish within 3 s")]
    # It has been told to stop, too.
    assert (
        source.value(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = 'source_reader' AND state = 'active'"
            " AND query LIKE '%ticks%' AND datname = current_database()"
        )
        <= 1
    )


def test_more_bytes_than_a_connection_allows_are_not_taken(
    acme: Warehouse, source: Source, feed: Feed
) -> None:
    source.run("UPDATE ticks SET value = repeat('x', 300000) WHERE at >= '2024-03-11 00:00Z'")
    allow(acme, max_bytes="400kB")
    result = load(acme, feed)
    assert result.loaded == 1
    assert reasons(result) == [(NEXT, "acme.ticks 2024-03-11: the source sends more than 409,600 bytes")]
    allow(acme, max_bytes="4MB")
    assert load(acme, feed).complete


def test_a_row_that_is_too_large_is_refused_before_it_is_sent(
    acme: Warehouse, source: Source, feed: Feed
) -> None:
    source.run("UPDATE ticks SET value = repeat('x', 40000000) WHERE id = (SELECT max(id) FROM ticks)")
    allow(acme, max_row_bytes="4MB")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = load(acme, feed)
    assert result.loaded == 1
    assert reasons(result) == [
        (
            NEXT,
            "acme.ticks 2024-03-11: a row of 40000000 bytes is larger than the 4,194,304 bytes that are allowed",
        )
    ]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 24 * 1024


@pytest.mark.parametrize(
    "column, value",
    [
        ("json", "to_json(repeat('x', 20000))"),
        ("bytea", "convert_to(repeat('x', 20000), 'UTF8')"),
        ("text[]", "ARRAY[repeat('x', 20000)]"),
    ],
)
def test_rows_are_measured_by_columns_of_any_type(
    acme: Warehouse, source: Source, feed: Feed, column: LiteralString, value: LiteralString
) -> None:
    source.run(
        f"ALTER TABLE ticks ALTER value TYPE {column} USING {value}; ALTER TABLE ticks ALTER value SET STORAGE external"
    )
    define(acme, query=TEXTS, columns=f"id int, at timestamptz, value {column}")
    allow(acme, max_row_bytes="8kB")
    assert [
        "is larger than the 8,192 bytes that are allowed" in error for _, error in reasons(load(acme, feed))
    ] == [True, True]
    allow(acme, max_row_bytes="80kB")
    assert load(acme, feed).complete


@pytest.mark.parametrize("options", [{"deadline": "soon"}, {"max_bytes": "lots"}, {"max_row_bytes": "-"}])
def test_limits_that_cannot_be_read_are_refused_with_the_connection(
    acme: Warehouse, options: dict[str, Any]
) -> None:
    with pytest.raises(
        psycopg.errors.InvalidParameterValue, match=f"option {next(iter(options))} cannot be read"
    ):
        allow(acme, **options)
