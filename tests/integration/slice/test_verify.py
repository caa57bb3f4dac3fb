"""`tenantry verify`: it names each planted difference, and nothing else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any, LiteralString

import pytest

from tenantry.core.days import Span, today_utc
from tenantry.core.model import Feed
from tenantry.db.connect import session
from tenantry.flow.slice.feed import find_feed
from tenantry.loader import verify
from tenantry.loader.sides import Sides
from tests.support.citus.cluster import stand_in
from tests.support.databases import Source, Warehouse
from tests.support.loading import by_loader, by_sql
from tests.support.program import run, succeed
from tests.support.samples.small_template import define
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

FIRST = date(2024, 1, 1)
DAYS = 40

QUERY = (
    "SELECT id, at, amount, ratio, item, note, code, raw, data, flag, plain FROM events"
    " WHERE at >= '{START_TIME}' AND at < '{END_TIME}'"
)
COLUMNS = (
    "id bigint, at timestamptz, amount numeric, ratio float8, item text, note varchar(40), code char(6), raw bytea,"
    " data jsonb, flag boolean, plain timestamp"
)
INDEXES = "CREATE UNIQUE INDEX {VIEW_NAME}_id ON {SCHEMA}.{VIEW_NAME} (id)"


def keep_in(warehouse: Warehouse, storage: LiteralString) -> None:
    """Let all templates be kept in this storage."""
    if storage == "distributed":
        stand_in(warehouse)
    warehouse.run("UPDATE _wh.mv_templates SET storage = %s", (storage,))


@pytest.fixture(params=["matview", "partition", "shared", "distributed"])
def filled(request: pytest.FixtureRequest, acme: Warehouse, source: Source) -> Warehouse:
    """40 days of six rows, loaded."""
    source.run(
        "CREATE TABLE events (id bigint PRIMARY KEY, at timestamptz, amount numeric, ratio float8, item text, note varchar(40),"
        " code char(6), raw bytea, data jsonb, flag boolean, plain timestamp); GRANT SELECT ON events TO source_reader"
    )
    source.run(
        "INSERT INTO events SELECT n, timestamptz '2024-01-01 00:00Z' + n * interval '4 hours', 1.0, 0.5, 'apple', 'pear', 'ab',"
        " '\\x01', '{\"a\": 1}', true, timestamp '2024-01-01' + n * interval '4 hours' FROM generate_series(0, 239) n"
    )
    define(acme, "events", query=QUERY, columns=COLUMNS, indexes=INDEXES)
    keep_in(acme, request.param)
    by_loader(acme, FIRST, FIRST + timedelta(days=DAYS - 1), template="events")
    return acme


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


PLANTED: dict[str, tuple[LiteralString, int, set[str]]] = {
    # At the source: the row with six times the day's number as its id, and the columns that differ then.
    "a number": ("UPDATE events SET amount = 2 WHERE id = 0", 0, {"amount"}),
    "the scale of a number": ("UPDATE events SET amount = 1.00 WHERE id = 6", 1, {"amount"}),
    "a negative zero": ("UPDATE events SET ratio = '-0' WHERE id = 12", 2, {"ratio"}),
    "not a number": ("UPDATE events SET ratio = 'NaN' WHERE id = 18", 3, {"ratio"}),
    "an empty text": ("UPDATE events SET item = '' WHERE id = 24", 4, {"item"}),
    "a NULL": ("UPDATE events SET item = NULL WHERE id = 30", 5, {"item"}),
    "swapped columns": ("UPDATE events SET item = note, note = item WHERE id = 36", 6, {"item", "note"}),
    "bytes": ("UPDATE events SET raw = '\\x00' WHERE id = 42", 7, {"raw"}),
    "a document": ("UPDATE events SET data = '{\"a\": 1.0}' WHERE id = 48", 8, {"data"}),
    "a flag": ("UPDATE events SET flag = false WHERE id = 54", 9, {"flag"}),
    "another zone": ("UPDATE events SET plain = plain - interval '5 hours' WHERE id = 60", 10, {"plain"}),
    "a trailing blank": ("UPDATE events SET item = 'apple ' WHERE id = 66", 11, {"item"}),
    "a long text": ("UPDATE events SET item = repeat('x', 10000000) WHERE id = 72", 12, {"item"}),
    "the first moment of a day": (
        "UPDATE events SET note = 'x' WHERE at = '2024-01-14 00:00Z'",
        13,
        {"note"},
    ),
    "the last moment of a day": (
        "UPDATE events SET at = '2024-01-15 23:59:59.999999Z' WHERE id = 89",
        14,
        {"at"},
    ),
    "a row that is gone": ("DELETE FROM events WHERE id = 90", 15, set()),
    "a row that came": ("INSERT INTO events VALUES (1000, '2024-01-17 01:00Z')", 16, set()),
    "a day that is empty": ("DELETE FROM events WHERE at >= '2024-01-18' AND at < '2024-01-19'", 17, set()),
}


def differing(found: Any) -> dict[str, set[str]]:
    return {
        item["day"]: {column for row in item["rows"] for column in row["columns"]}
        for tenant in found["feeds"]
        for item in tenant["different"]
    }


def test_each_planted_difference_is_named_with_its_columns_and_nothing_else(
    filled: Warehouse, source: Source
) -> None:
    clean = succeed(
        filled, "verify", "events", "--all", "--from", FIRST, "--to", day(DAYS - 1), "--json"
    ).json
    assert clean["agrees"]
    assert (clean["feeds"][0]["days"], clean["feeds"][0]["rows"]) == (DAYS, 240)
    for statement, _, _ in PLANTED.values():
        source.run("SET TIME ZONE 'UTC'; " + statement)
    outcome = run(filled, "verify", "events", "--all", "--from", FIRST, "--to", day(DAYS - 1), "--json")
    assert outcome.code == 1
    assert differing(outcome.json) == {str(day(number)): columns for _, number, columns in PLANTED.values()}


def test_what_somebody_did_in_the_warehouse_is_named(acme: Warehouse, source: Source) -> None:
    source.run(
        "CREATE TABLE events (id bigint, at timestamptz, item text); GRANT SELECT ON events TO source_reader;"
        "INSERT INTO events SELECT n, timestamptz '2024-01-01 00:00Z' + n * interval '4 hours', 'x' FROM generate_series(0, 59) n"
    )
    query = "SELECT id, at, item FROM events WHERE at >= '{START_TIME}' AND at < '{END_TIME}'"
    define(acme, "events", query=query, columns="id bigint, at timestamptz, item text", indexes=None)
    acme.run("UPDATE _wh.mv_templates SET storage = 'partition'")
    by_sql(acme, FIRST, day(9), template="events")
    acme.run("UPDATE acme.events SET item = 'y' WHERE id = 0")
    acme.run("INSERT INTO acme.events (id, at, item) SELECT id, at, item FROM acme.events WHERE id = 6")
    acme.run("DELETE FROM acme.events WHERE at >= '2024-01-03' AND at < '2024-01-04'")
    outcome = run(acme, "verify", "events", "--tenant", "acme", "--to", day(9), "--json")
    assert outcome.code == 1
    found = {item["day"]: item["differing_rows"] for item in outcome.json["feeds"][0]["different"]}
    assert found == {"2024-01-01": 2, "2024-01-02": 1, "2024-01-03": 6}


def test_a_day_that_was_fixed_agrees(filled: Warehouse, source: Source) -> None:
    source.run("UPDATE events SET item = 'late' WHERE id IN (0, 100)")
    words = ("verify", "events", "--all", "--from", FIRST, "--to", day(DAYS - 1))
    assert run(filled, *words).code == 1
    succeed(filled, *words, "--fix")
    succeed(filled, *words)


def test_whether_the_source_has_changed_since_the_load_is_said(filled: Warehouse, source: Source) -> None:
    yesterday = today_utc() - timedelta(days=1)
    source.run(
        "INSERT INTO events (id, at, item) SELECT 2000 + n, %s::date + n * interval '1 hour', 'x' FROM generate_series(1, 3) n",
        (yesterday,),
    )
    succeed(filled, "refresh", "events", "--all", "--days", 2)
    source.run("UPDATE events SET item = 'y' WHERE id = 2001")
    words = ("verify", "events", "--all", "--from", yesterday, "--json")
    assert run(filled, *words).json["feeds"][0]["different"][0]["fault"] is False
    source.run("UPDATE events SET item = 'x' WHERE id = 2001")
    assert succeed(filled, *words).json["agrees"]


def test_a_source_that_does_not_answer_is_not_agreement(filled: Warehouse, source: Source) -> None:
    source.run("REVOKE SELECT ON events FROM source_reader")
    outcome = run(filled, "verify", "events", "--all", "--from", FIRST, "--to", day(2), "--json")
    assert outcome.code == 1
    assert [item["day"] for item in outcome.json["feeds"][0]["not_compared"]] == [
        str(day(n)) for n in range(3)
    ]
    assert "permission denied" in outcome.json["feeds"][0]["not_compared"][0]["error"]
    alone = run(filled, "verify", "events", "--all", "--from", FIRST, "--to", FIRST, "--json")
    assert [(item["days"], item["rows"]) for item in alone.json["feeds"]] == [(0, 0)]


def test_a_session_that_the_source_ends_between_two_months_is_opened_again(
    filled: Warehouse, source: Source
) -> None:
    feed = Feed("acme", "events", "acme", str(filled.value("SELECT storage FROM _wh.feeds")))
    with Sides(filled.conninfo) as sides:
        given, stored = sides.digests(feed, Span(FIRST, day(0)))
        assert given == stored
        ended = source.value(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'source_reader'"
        )
        assert ended == 1
        given, stored = sides.digests(feed, Span(day(1), day(1)))
        assert given == stored
        assert list(given) == [day(1)]


@pytest.fixture(params=["matview", "partition", "shared", "distributed"])
def odd(request: pytest.FixtureRequest, acme: Warehouse, source: Source) -> Warehouse:
    """A folded year and ten days after it, four rows a day, without an index; the tenant is disabled."""
    source.run(
        "CREATE TABLE events (id bigint, at timestamptz, item text, code char(6)); GRANT SELECT ON events TO source_reader"
    )
    source.run(
        "INSERT INTO events SELECT n, timestamptz '2023-01-01 00:00Z' + n * interval '6 hours', 'x', 'ab'"
        " FROM generate_series(0, 375 * 4 - 1) n"
    )
    query = "SELECT id, at, item, code FROM events WHERE at >= '{START_TIME}' AND at < '{END_TIME}'"
    columns = "id bigint, at timestamptz, item text, code text"
    define(acme, "events", query=query, columns=columns, indexes=None)
    keep_in(acme, request.param)
    acme.run("INSERT INTO _wh.tenants VALUES ('acme', 'acme')")
    by_loader(acme, date(2023, 1, 1), date(2024, 1, 10), template="events")
    acme.run("SELECT _wh.create_combined_table_from_template_by_year('events', 'acme', 2023)")
    succeed(acme, "tenant", "disable", "acme", "--reason", "rests")
    return acme


def test_differences_in_odd_places_are_named_with_the_number_of_rows_and_nothing_else(
    odd: Warehouse, source: Source, request: pytest.FixtureRequest
) -> None:
    words = ("verify", "events", "--tenant", "acme", "--to", "2024-01-10", "--json")
    clean = succeed(odd, *words).json
    assert (clean["feeds"][0]["days"], clean["feeds"][0]["rows"]) == (375, 1500)
    source.run("UPDATE events SET item = 'y' WHERE at = '2023-05-05 06:00Z'")
    odd.run("UPDATE acme.events_2023 SET item = 'z' WHERE at = '2023-06-06 06:00Z'")
    odd.run("UPDATE acme.events_2023 SET code = rtrim(code) WHERE at = '2023-07-07 06:00Z'")
    source.run("INSERT INTO events SELECT * FROM events WHERE at = '2024-01-01 00:00Z'")
    source.run("UPDATE events SET at = at + interval '1 day' WHERE at = '2024-01-03 12:00Z'")
    source.run(
        "UPDATE events SET at = at - interval '5 hours' WHERE at >= '2024-01-06 00:00Z' AND at < '2024-01-07 00:00Z'"
    )
    storage = odd.value("SELECT storage FROM _wh.feeds")
    if storage == "matview":
        odd.run("REFRESH MATERIALIZED VIEW acme.events_2024_01_09 WITH NO DATA")
    else:
        odd.run("DELETE FROM acme.events WHERE at >= '2024-01-09 00:00Z' AND at < '2024-01-10 00:00Z'")
    outcome = run(odd, *words)
    assert outcome.code == 1
    (found,) = outcome.json["feeds"]
    assert found["not_compared"] == []
    assert {item["day"]: item["differing_rows"] for item in found["different"]} == {
        "2023-05-05": 2,
        "2023-06-06": 2,
        "2023-07-07": 2,
        "2024-01-01": 1,
        "2024-01-03": 1,
        "2024-01-04": 1,
        "2024-01-05": 1,
        "2024-01-06": 7,
        "2024-01-09": 4,
    }


@pytest.mark.parametrize("filled", ["partition"], indirect=True)
def test_a_source_is_asked_for_as_many_months_at_once_as_there_are_sessions(
    filled: Warehouse, source: Source
) -> None:
    waiting: LiteralString = (
        "SELECT count(*) FROM pg_stat_activity WHERE usename = 'source_reader' AND wait_event_type = 'Lock'"
    )
    with session(filled.conninfo) as opened:
        feed = find_feed(opened, "events", "acme")
    with ThreadPoolExecutor() as pool, source.connect() as busy:
        busy.execute("BEGIN; LOCK TABLE events")
        verdict = pool.submit(verify.run, filled.conninfo, {feed: [day(0), day(DAYS - 1)]}, sessions=2)
        wait_until(lambda: source.value(waiting) == 2)
        busy.execute("COMMIT")
        (found,) = verdict.result().feeds
    assert (found.agrees, found.days, found.rows) == (True, 2, 12)
