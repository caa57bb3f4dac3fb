"""A source that cancels the query of one day: that day fails, and no other; what an operator cancels here ends the call."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import LiteralString

import psycopg
import pytest

from tests.support.databases import Source, Warehouse
from tests.support.program import run
from tests.support.samples.small_template import QUERY, define, make_ticks, spoil
from tests.support.waiting import wait_until

FIRST = date(2024, 3, 8)
BAD = date(2024, 3, 10)
LAST = date(2024, 3, 12)
CANCELLED: LiteralString = QUERY.replace(
    "length(pg_sleep(0.3)::text)", "pg_cancel_backend(pg_backend_pid())::int + length(pg_sleep(60)::text)"
)
"""For the source to cancel the query of a day whose rows are `slow`, as its administrator would, or a time that is up."""

WINDOW: LiteralString = "SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', %s, %s)"
OWN: LiteralString = "SELECT _wh.update_mv_window('acme', 'acme', %s, %s, '_wh.update_ticks')"


@pytest.fixture(params=["matview", "partition"])
def impatient(acme: Warehouse, source: Source, request: pytest.FixtureRequest) -> Warehouse:
    """A warehouse whose source has five days, and cancels the query of the third."""
    make_ticks(source, FIRST, 5)
    spoil(source, BAD, "slow")
    define(acme, query=CANCELLED)
    acme.run("UPDATE _wh.mv_templates SET storage = %s", (request.param,))
    return acme


def states(warehouse: Warehouse) -> dict[date, str]:
    return dict(warehouse.rows("SELECT slice_date, status FROM _wh.slices"))


def expected() -> dict[date, str]:
    days = [FIRST + timedelta(days=n) for n in range(5)]
    return {day: "failed" if day == BAD else "loaded" for day in days}


def why(warehouse: Warehouse) -> str:
    reason: str = warehouse.value("SELECT error FROM _wh.slices WHERE slice_date = %s", (BAD,))
    return reason


def test_a_window_keeps_its_good_days_and_records_the_one_that_the_source_cancelled(
    impatient: Warehouse,
) -> None:
    result = impatient.value(WINDOW, (FIRST, LAST))
    assert (result["processed_mvs"], result["failed"]) == (4, 1)
    assert states(impatient) == expected()
    assert why(impatient).startswith("acme.ticks 2024-03-10: the source cancelled the query: ")
    assert impatient.reader.value("SELECT count(*) FROM acme.ticks") == 8


def test_the_nightly_job_goes_on_after_the_day_and_fails_at_its_end(acme: Warehouse, source: Source) -> None:
    today = datetime.now(UTC).date()
    make_ticks(source, today - timedelta(days=6), 6)
    spoil(source, today - timedelta(days=3), "slow")
    define(acme, query=CANCELLED)
    for only_changed in (False, True):
        with pytest.raises(psycopg.Error, match="1 of 4 days failed, the others are kept") as raised:
            acme.run("CALL _wh.refresh_window('ticks', 'acme', 'acme', 4, %s)", (only_changed,))
        assert not isinstance(raised.value, psycopg.errors.QueryCanceled)
        found = states(acme)
        assert sorted(found.values()) == ["failed", "loaded", "loaded", "loaded"]
        assert found[today - timedelta(days=3)] == "failed"


def test_a_single_day_says_that_the_source_cancelled_it(impatient: Warehouse) -> None:
    with pytest.raises(psycopg.errors.QueryCanceled, match="the source cancelled the query") as raised:
        impatient.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)", (BAD,))
    assert "statement_timeout" in (raised.value.diag.message_hint or "")


def test_the_loader_says_that_the_source_cancelled_it(impatient: Warehouse) -> None:
    """Both when it streams, and through dblink."""
    impatient.run("SELECT _wh_internal.open_feed('ticks', 'acme', 'acme')")
    outcome = run(impatient, "backfill", "ticks", "--all", "--from", FIRST, "--to", LAST)
    assert outcome.code == 1
    assert states(impatient) == expected()
    assert "the source cancelled the query" in why(impatient)
    assert "the source cancelled the query" in outcome.out + outcome.err


def test_a_function_of_the_operators_own_fails_for_that_day_only(impatient: Warehouse) -> None:
    with impatient.admin.connect() as session:
        session.execute(
            "CREATE FUNCTION _wh.update_ticks(connection text, schema text, day date) RETURNS jsonb LANGUAGE plpgsql AS $$"
            " DECLARE n bigint; BEGIN"
            " SELECT count(*) INTO n FROM public.dblink(_wh.get_tenant_connection_string(connection),"
            " format('SELECT CASE %L WHEN ''2024-03-10'' THEN pg_cancel_backend(pg_backend_pid())::text || pg_sleep(60) END', day))"
            " AS t(x text);"
            " RETURN jsonb_build_object('rows', n); END $$"
        )
    result = impatient.value(OWN, (FIRST, LAST))
    assert (result["processed_mvs"], result["failed"]) == (4, 1)


CALLS: dict[str, LiteralString] = {
    "window": "SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', %(first)s, %(last)s)",
    "nightly": "CALL _wh.refresh_window('ticks', 'acme', 'acme', (%(yesterday)s::date - %(first)s::date) + 1)",
    "day": "SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %(first)s)",
}


@pytest.mark.parametrize("call", CALLS)
def test_the_operators_own_cancel_ends_the_call(acme: Warehouse, source: Source, call: str) -> None:
    """Also if the source, for which dblink waits even then, ends with a timeout of its own."""
    today = datetime.now(UTC).date()
    days = {
        "first": today - timedelta(days=3),
        "last": today - timedelta(days=1),
        "yesterday": today - timedelta(days=1),
    }
    make_ticks(source, days["first"], 3)
    spoil(source, days["first"], "slow")
    define(acme, query=QUERY.replace("pg_sleep(0.3)", "pg_sleep(60)"))
    acme.run("""UPDATE _wh.tenant_connections SET options = '{"statement_timeout": "5s"}'""")
    raised: list[psycopg.Error] = []
    with acme.connect() as session:

        def work() -> None:
            try:
                session.execute(CALLS[call], days)
            except psycopg.Error as error:
                raised.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        wait_until(lambda: sleeping(source) > 0)
        acme.admin.run("SELECT pg_cancel_backend(%s)", (session.info.backend_pid,))
        thread.join(120)
        assert isinstance(raised[0], psycopg.errors.QueryCanceled)
        session.execute("SET statement_timeout = '500ms'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            session.execute(CALLS[call], days)
    assert states(acme) == {}


def sleeping(source: Source) -> int:
    count: int = source.value(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
    )
    return count
