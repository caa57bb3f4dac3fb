"""A window of days: pulled in order, a bad one named, the good ones kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, LiteralString

import psycopg
import pytest

from tests.support.databases import Source, Warehouse
from tests.support.samples.small_template import define, make_ticks, mend, spoil

pytestmark = pytest.mark.any_server

FIRST = date(2024, 3, 8)
BAD = date(2024, 3, 9)
LAST = date(2024, 3, 10)


@pytest.fixture
def ticking(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse with the template `ticks`, whose source has two rows on each of three days."""
    make_ticks(source, FIRST, 3)
    define(acme)
    return acme


def pull(
    warehouse: Warehouse, first: date | datetime | str | None, last: date | datetime | str | None
) -> Any:
    return warehouse.value(
        "SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', %s, %s)", (first, last)
    )


def status_by_day(result: dict[str, Any]) -> dict[str, str]:
    return {entry["date"]: entry["status"] for entry in result["date_results"]}


def test_a_window_holds_both_of_its_ends_and_counts_what_it_did(ticking: Warehouse) -> None:
    result = pull(ticking, FIRST, LAST)
    assert result.pop("duration_seconds") >= 0
    days = result.pop("date_results")
    assert result == {
        "success": True,
        "template": "ticks",
        "schema": "acme",
        "start_date": "2024-03-08",
        "end_date": "2024-03-10",
        "processed_mvs": 3,
        "created": 3,
        "refreshed": 0,
        "skipped": 0,
        "failed": 0,
        "total_records": 6,
    }
    assert all(day.pop("seconds") >= 0 for day in days)
    assert days == [
        {"date": f"2024-03-{n:02}", "status": "loaded", "action": "created", "rows": 2} for n in (8, 9, 10)
    ]


def test_a_window_over_slices_that_are_there_refreshes_them(ticking: Warehouse, source: Source) -> None:
    pull(ticking, FIRST, BAD)
    source.run("DELETE FROM ticks WHERE at = '2024-03-08 00:00+00'")
    result = pull(ticking, FIRST, LAST)
    assert (result["created"], result["refreshed"], result["total_records"]) == (1, 2, 5)
    assert ticking.value("SELECT count(*) FROM acme.ticks") == 5


def test_one_bad_day_undoes_none_of_the_good_ones_and_is_named(ticking: Warehouse, source: Source) -> None:
    spoil(source, BAD)
    result = pull(ticking, FIRST, LAST)
    assert (result["success"], result["processed_mvs"], result["failed"]) == (False, 2, 1)
    assert status_by_day(result) == {"2024-03-08": "loaded", "2024-03-09": "failed", "2024-03-10": "loaded"}
    failed = result["date_results"][1]
    assert failed["error"] == 'acme.ticks 2024-03-09: invalid input syntax for type integer: "broken"'
    assert failed["sqlstate"] == "22P02"
    assert ticking.rows("SELECT DISTINCT (at AT TIME ZONE 'UTC')::date FROM acme.ticks ORDER BY 1") == [
        (FIRST,),
        (LAST,),
    ]


def test_a_failed_day_is_remembered_until_it_is_loaded(ticking: Warehouse, source: Source) -> None:
    remembered: LiteralString = (
        "SELECT status, row_count, error ~ 'broken', failed_at IS NOT NULL FROM _wh.slices"
        " WHERE slice_date = '2024-03-09'"
    )
    spoil(source, BAD)
    pull(ticking, FIRST, LAST)
    assert ticking.rows(remembered) == [("failed", None, True, True)]
    mend(source)
    pull(ticking, BAD, BAD)
    assert ticking.rows(remembered) == [("loaded", 2, None, False)]


def test_a_day_that_fails_later_keeps_the_rows_of_its_earlier_load(
    ticking: Warehouse, source: Source
) -> None:
    pull(ticking, FIRST, LAST)
    spoil(source, BAD)
    assert pull(ticking, FIRST, LAST)["failed"] == 1
    assert ticking.value("SELECT count(*) FROM acme.ticks") == 6
    assert ticking.rows(
        "SELECT status, row_count, loaded_at IS NOT NULL FROM _wh.slices WHERE slice_date = '2024-03-09'"
    ) == [("failed", 2, True)]


def test_a_day_that_loses_the_session_at_the_source_does_not_take_the_next_ones_with_it(
    ticking: Warehouse, source: Source
) -> None:
    spoil(source, BAD, "lost")
    result = pull(ticking, FIRST, LAST)
    assert status_by_day(result) == {"2024-03-08": "loaded", "2024-03-09": "failed", "2024-03-10": "loaded"}
    assert "terminat" in result["date_results"][1]["error"]


def test_a_window_of_which_no_day_works_raises_with_the_first_reason(
    ticking: Warehouse, source: Source
) -> None:
    for day in (FIRST, BAD, LAST):
        spoil(source, day)
    with pytest.raises(
        psycopg.errors.InvalidTextRepresentation,
        match=r"no day of the window could be loaded; the first: acme.ticks 2024-03-08: .*broken",
    ) as caught:
        pull(ticking, FIRST, LAST)
    assert "2024-03-10" in str(caught.value.diag.message_detail)
    assert ticking.value("SELECT count(*) FROM pg_matviews WHERE schemaname = 'acme'") == 0


def test_a_window_that_ends_before_it_begins_is_refused(ticking: Warehouse) -> None:
    with pytest.raises(
        psycopg.errors.InvalidParameterValue,
        match="the first day of the window, 2024-03-10, is after its last day, 2024-03-08",
    ):
        pull(ticking, LAST, FIRST)
    assert ticking.value("SELECT count(*) FROM _wh.slices") == 0


@pytest.mark.parametrize(
    "first, last",
    [(None, LAST), (FIRST, None), (None, None), ("-infinity", "2024-03-10"), ("2024-03-08", "infinity")],
)
def test_a_window_without_two_days_is_refused(ticking: Warehouse, first: Any, last: Any) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="a window needs two days"):
        pull(ticking, first, last)
    assert ticking.value("SELECT count(*) FROM _wh.slices") == 0


def test_days_that_have_not_begun_are_skipped(ticking: Warehouse, today: date) -> None:
    result = pull(ticking, today - timedelta(days=1), today + timedelta(days=2))
    assert (result["success"], result["skipped"], result["processed_mvs"]) == (True, 2, 2)
    assert list(status_by_day(result).values()) == ["loaded", "loaded", "skipped", "skipped"]


def test_a_window_that_has_not_begun_is_refused(ticking: Warehouse, today: date) -> None:
    tomorrow = today + timedelta(days=1)
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=f"{tomorrow} has not begun"):
        pull(ticking, tomorrow, tomorrow)


@pytest.mark.parametrize(
    "days",
    [
        "'2024-03-08', '2024-03-10'",
        "DATE '2024-03-08', DATE '2024-03-10'",
        "TIMESTAMP '2024-03-08 00:00', TIMESTAMP '2024-03-10 23:59:59'",
        "'2024-03-08'::date, DATE '2024-03-11' - INTERVAL '1 day'",
        "DATE '2024-03-11' - INTERVAL '3 days', '2024-03-10'",
        "start_date => DATE '2024-03-08', end_date => TIMESTAMP '2024-03-10'",
        "end_date => '2024-03-10', start_date => '2024-03-08'",
    ],
)
def test_days_may_be_written_in_every_way_of_the_manual(ticking: Warehouse, days: LiteralString) -> None:
    result = ticking.value(f"SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', {days})")
    assert list(status_by_day(result)) == ["2024-03-08", "2024-03-09", "2024-03-10"]


def test_all_arguments_may_be_named(ticking: Warehouse) -> None:
    result = ticking.value(
        "SELECT _wh.update_mv_window_by_template(template_name => 'ticks', tenant_connection_name => 'acme',"
        " target_schema => 'acme', start_date => '2024-03-08', end_date => '2024-03-08')"
    )
    assert (result["processed_mvs"], result["total_records"]) == (1, 2)


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        ", _wh.current_date_utc()",
        ", target_date => _wh.current_date_utc() - INTERVAL '0 days'",
        ", (now() AT TIME ZONE 'UTC')::date, true, true",
        ", update_union_view => true, allow_refresh_yesterday => false",
    ],
)
def test_today_may_be_pulled_in_every_way_of_the_manual(
    acme: Warehouse, source: Source, arguments: LiteralString, today: date
) -> None:
    make_ticks(source, today, 1)
    define(acme)
    assert acme.value(f"SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme'{arguments})") is True
    assert acme.value("SELECT count(*) FROM acme.ticks") == 2


def test_an_unknown_name_is_refused_with_the_known_ones(ticking: Warehouse) -> None:
    for arguments, message, known in (
        (("tocks", "acme", "acme"), 'template "tocks" does not exist', "foodlogstats, ticks"),
        (("ticks", "acne", "acme"), 'connection "acne" does not exist', "acme"),
        (("ticks", "acme", "acne"), 'schema "acne" does not exist', "CREATE SCHEMA acne"),
    ):
        with pytest.raises(psycopg.Error, match=message) as caught:
            ticking.run(
                "SELECT _wh.update_mv_window_by_template(%s, %s, %s, '2024-03-08', '2024-03-10')", arguments
            )
        assert known in str(caught.value.diag.message_hint)
    assert ticking.value("SELECT count(*) FROM _wh.feeds") == 0


def test_yesterday_is_completed_once_by_the_first_pull_of_today(
    acme: Warehouse, source: Source, today: date
) -> None:
    yesterday = today - timedelta(days=1)
    make_ticks(source, yesterday, 2)
    define(acme)
    acme.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)", (yesterday,))
    source.run(
        "INSERT INTO ticks VALUES (1, %s, 7)",
        (datetime.combine(today, datetime.min.time(), UTC) - timedelta(seconds=1),),
    )
    acme.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme')")
    assert acme.value("SELECT count(*) FROM acme.ticks") == 4, "loaded after its end: left alone"

    acme.run(
        "UPDATE _wh.slices SET loaded_at = loaded_at - interval '1 day' WHERE slice_date = %s", (yesterday,)
    )
    acme.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', allow_refresh_yesterday => false)")
    assert acme.value("SELECT count(*) FROM acme.ticks") == 4, "told not to"
    acme.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme')")
    assert acme.value("SELECT count(*) FROM acme.ticks") == 5
