"""What is stored decides: doubled rows, days without a record, and rows that two loads want at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import LiteralString

import psycopg
import pytest

from tenantry.core.days import Span
from tenantry.db.connect import session
from tenantry.flow.slice.feed import open_feed
from tenantry.loader import planning, run
from tenantry.loader.events import Silent
from tenantry.loader.result import FeedResult
from tests.support.databases import Source, Warehouse
from tests.support.loading import Pull, by_loader, by_sql
from tests.support.program import running
from tests.support.samples.small_template import define, make_ticks, spoil
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

DAY = date(2024, 3, 10)
NEXT = date(2024, 3, 11)
PLAIN: LiteralString = (
    "SELECT id, at, value::int AS value FROM ticks"
    " WHERE at >= '{START_TIME}'::timestamptz AND at < '{END_TIME}'::timestamptz"
)


@pytest.fixture
def acme(acme: Warehouse, source: Source) -> Warehouse:
    """A template of ticks in partition storage, of which the source has three days of two rows; nothing is loaded."""
    make_ticks(source, DAY, 3)
    define(acme, query=PLAIN)
    acme.run("UPDATE _wh.mv_templates SET storage = 'partition' WHERE template_name = 'ticks'")
    return acme


@pytest.fixture(params=[by_loader, by_sql])
def pull(request: pytest.FixtureRequest) -> Pull:
    way: Pull = request.param
    return way


def changed(warehouse: Warehouse) -> FeedResult:
    """Refresh both days by their digests."""
    with session(warehouse.conninfo) as opened:
        feed = open_feed(opened, "ticks", "acme", "acme")
    plans = planning.plan_changed([feed], Span(DAY, NEXT))
    (result,) = run.run(warehouse.conninfo, plans, run.Limits(), Silent()).feeds
    return result


def same(warehouse: Warehouse, source: Source) -> None:
    """The rows of both days are the source's."""
    days: LiteralString = " WHERE at >= '2024-03-10 00:00Z' AND at < '2024-03-12 00:00Z' ORDER BY id, at"
    assert warehouse.rows("SELECT id, at, value FROM acme.ticks" + days) == source.rows(
        "SELECT id, at, value::int FROM ticks" + days
    )


def waits(warehouse: Warehouse) -> bool:
    found = warehouse.value(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        " AND wait_event IN ('transactionid', 'tuple')"
    )
    return bool(found)


def test_a_row_that_two_loads_want_is_found_again_in_the_day_that_lost_it(
    acme: Warehouse, source: Source
) -> None:
    assert changed(acme).loaded == 2
    # The question about the second day is asked while the new row is in it; then the row moves to the first.
    source.run("INSERT INTO ticks VALUES (1, '2024-03-11 06:00Z', 7)")
    with acme.connect() as first, acme.connect() as second, ThreadPoolExecutor(1) as pool:
        for opened in (first, second):
            opened.execute("BEGIN; SELECT _wh_internal.hold_source('acme')")
        asked: LiteralString = (
            "SELECT _wh_internal.source_digests(f, %s, %s), clock_timestamp() FROM _wh.feeds f"
        )
        old, when = second.execute(asked, (DAY, NEXT)).fetchall()[0]
        source.run("UPDATE ticks SET at = '2024-03-10 06:00Z' WHERE id = 1")
        new, then = first.execute(asked, (DAY, NEXT)).fetchall()[0]
        load: LiteralString = (
            "SELECT _wh_internal.load_slice(f, %s, digest => %s, asked => %s) FROM _wh.feeds f"
        )
        first.execute(load, (DAY, new[str(DAY)], then))
        late = pool.submit(second.execute, load, (NEXT, old[str(NEXT)], when))
        wait_until(lambda: waits(acme))
        first.execute("COMMIT")
        late.result(120)
        second.execute("COMMIT")
    assert changed(acme).complete
    same(acme, source)


def test_a_day_that_another_load_takes_a_row_from_does_not_keep_its_digest(
    acme: Warehouse, source: Source
) -> None:
    """The other way round: the newer load is first to ask, and last to write the day's record."""
    source.run("INSERT INTO ticks VALUES (1, '2024-03-11 06:00Z', 7)")
    assert changed(acme).loaded == 2
    source.run("UPDATE ticks SET at = '2024-03-10 06:00Z' WHERE id = 1")
    with acme.connect() as first, acme.connect() as second, ThreadPoolExecutor(1) as pool:
        for opened in (first, second):
            opened.execute("BEGIN; SELECT _wh_internal.hold_source('acme')")
        asked: LiteralString = (
            "SELECT _wh_internal.source_digests(f, %s, %s), clock_timestamp() FROM _wh.feeds f"
        )
        moved, when = first.execute(asked, (DAY, NEXT)).fetchall()[0]
        source.run("UPDATE ticks SET at = '2024-03-11 06:00Z' WHERE id = 1")
        back, then = second.execute(asked, (DAY, NEXT)).fetchall()[0]
        load: LiteralString = (
            "SELECT _wh_internal.load_slice(f, %s, digest => %s, asked => %s) FROM _wh.feeds f"
        )
        first.execute(load, (DAY, moved[str(DAY)], when))
        late = pool.submit(second.execute, load, (NEXT, back[str(NEXT)], then))
        wait_until(lambda: waits(acme))
        first.execute("COMMIT")
        late.result(120)
        second.execute("COMMIT")
    assert changed(acme).complete
    same(acme, source)


def test_a_row_that_is_doubled_while_another_is_gone_is_refused(
    acme: Warehouse, source: Source, pull: Pull
) -> None:
    pull(acme, DAY, DAY, template="ticks")
    first, last = [
        row[0] for row in source.rows("SELECT id FROM ticks WHERE at < '2024-03-11 00:00Z' ORDER BY id")
    ]
    source.run("DELETE FROM ticks WHERE id = %s", (last,))
    source.run("INSERT INTO ticks SELECT * FROM ticks WHERE id = %s", (first,))
    with pytest.raises((AssertionError, psycopg.Error), match="more than one row with the same id"):
        pull(acme, DAY, DAY, template="ticks")


@pytest.mark.parametrize("storage", ["matview", "partition"])
def test_a_row_with_a_null_in_it_that_is_doubled_is_not_taken_for_one(
    acme: Warehouse, source: Source, storage: LiteralString
) -> None:
    acme.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'ticks'", (storage,))
    source.run("UPDATE ticks SET value = NULL")
    assert changed(acme).loaded == 2
    source.run("INSERT INTO ticks SELECT * FROM ticks WHERE at < '2024-03-11 00:00Z'")
    for _ in range(2):
        result = changed(acme)
        assert [failed.day for failed in result.failures] == [DAY], result
        assert result.unchanged == 1


@pytest.mark.parametrize("storage", ["matview", "partition"])
def test_rows_without_a_key_are_counted_as_they_are_stored(
    acme: Warehouse, source: Source, storage: LiteralString
) -> None:
    acme.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'ticks'", (storage,))
    source.run("UPDATE ticks SET id = NULL WHERE id % 10 = 0")
    by_loader(acme, DAY, NEXT, template="ticks")
    source.run("INSERT INTO ticks SELECT * FROM ticks WHERE id IS NULL AND at < '2024-03-11 00:00Z'")
    for pull in (by_sql, by_loader, lambda *_, **__: changed(acme)):
        pull(acme, DAY, NEXT, template="ticks")
        same(acme, source)
    assert acme.rows("SELECT row_count FROM _wh.slices ORDER BY slice_date") == [(3,), (2,)]


@pytest.mark.parametrize("indexes", [None, "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (at)"])
def test_days_whose_records_are_gone_are_not_doubled(
    acme: Warehouse, source: Source, pull: Pull, indexes: str | None
) -> None:
    define(acme, query=PLAIN, indexes=indexes)
    pull(acme, DAY, NEXT, template="ticks")
    acme.run("DELETE FROM _wh.slices")
    pull(acme, DAY, NEXT, template="ticks")
    same(acme, source)


def test_a_table_that_a_bulk_load_left_bare_is_read_once_for_the_days_that_it_has(
    acme: Warehouse, source: Source
) -> None:
    define(acme, query=PLAIN, indexes=None)
    by_loader(acme, DAY, NEXT, template="ticks")
    ask: LiteralString = (
        "SELECT _wh_internal.days_have_rows(f, t, '_wh_data.\"acme.ticks_2024\"', %(day)s, %(day)s)"
        " FROM _wh.feeds f JOIN _wh.mv_templates t USING (template_name)"
    )
    with acme.connect() as opened:
        for _ in range(2):
            assert opened.execute(ask, {"day": DAY}).fetchall() == [(True,)]
            assert opened.execute(ask, {"day": date(2024, 3, 20)}).fetchall() == [(False,)]


def test_a_backfill_doubles_no_row_of_a_day_that_another_session_finds_wanting(
    acme: Warehouse, source: Source
) -> None:
    """A load looks at a table without indexes once; then a job clears the record of a day that has lost some of its rows."""
    slow = (date(2024, 3, 2), date(2024, 3, 28))
    half = date(2024, 3, 10)
    source.run("DROP TABLE ticks")
    make_ticks(source, date(2024, 3, 1), 30)
    define(acme, indexes=None)
    acme.run("UPDATE _wh.mv_templates SET storage = 'partition'")
    by_loader(acme, date(2024, 3, 1), date(2024, 3, 30), template="ticks")
    for day in slow:
        acme.run("DELETE FROM _wh.slices WHERE slice_date = %s", (day,))
        acme.run("DELETE FROM acme.ticks WHERE (at AT TIME ZONE 'UTC')::date = %s", (day,))
        spoil(source, day, "slow")
    source.run(
        "INSERT INTO ticks SELECT id * 10 + g, at, value FROM ticks, generate_series(1, 4) g WHERE value = 'slow'"
    )
    acme.run("DELETE FROM acme.ticks WHERE at >= '2024-03-10+0' AND at < '2024-03-10 06:00+0'")
    acme.run('VACUUM FULL _wh_data."acme.ticks_2024"')
    arguments = (
        "backfill",
        "ticks",
        "--tenant",
        "acme",
        "--from",
        "2024-03-01",
        "--to",
        "2024-03-30",
        "--sessions",
        1,
    )
    with running(acme, *arguments) as process:
        wait_until(
            lambda: source.value(
                "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
            )
        )
        by_sql(acme, date(2024, 3, 20), date(2024, 3, 20), template="ticks")
        assert acme.value("SELECT loaded_at FROM _wh.slices WHERE slice_date = %s", (half,)) is None
        process.communicate(timeout=120)
    stored: LiteralString = "SELECT id, at FROM {} ORDER BY id"
    assert acme.rows(stored.replace("{}", "acme.ticks")) == source.rows(stored.replace("{}", "ticks"))
