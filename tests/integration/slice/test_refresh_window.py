"""The procedure for jobs: the last days, each in a transaction of its own."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg
import pytest

from tests.support.databases import Source, Warehouse
from tests.support.program import succeed
from tests.support.samples.healthy import findings


@pytest.fixture
def yesterday(today: date) -> date:
    """The last day that has ended in UTC."""
    return today - timedelta(days=1)


def test_the_last_ended_days_are_pulled_and_shown(acme: Warehouse, source: Source, yesterday: date) -> None:
    source.fill(yesterday - timedelta(days=5), 8)
    acme.run("CALL _wh.refresh_window('foodlogstats', 'acme', 'acme', 3)")
    assert acme.rows("SELECT slice_date FROM _wh.slices ORDER BY 1") == [
        (yesterday - timedelta(days=n),) for n in (2, 1, 0)
    ]
    assert acme.value("SELECT count(*) FROM acme.foodlogstats") == 9


@pytest.mark.parametrize("bad", [0, 1, 2])
def test_a_bad_day_fails_the_call_and_keeps_and_shows_the_good_ones(
    acme: Warehouse, source: Source, yesterday: date, bad: int
) -> None:
    source.fill(yesterday - timedelta(days=2), 3)
    day = yesterday - timedelta(days=bad)
    acme.run(
        "UPDATE _wh.mv_templates SET query_template = replace(query_template, 'f.flags',"
        " '(1 / (f.logged_time::date - ''' || %s::date || ''')::int)::text AS flags')",
        (day,),
    )
    with pytest.raises(psycopg.Error, match=r"1 of 3 days failed, the others are kept.*division by zero"):
        acme.run("CALL _wh.refresh_window('foodlogstats', 'acme', 'acme', 3)")
    assert acme.value("SELECT count(*) FROM acme.foodlogstats") == 6
    assert acme.rows("SELECT slice_date FROM _wh.slices WHERE status = 'failed'") == [(day,)]


@pytest.mark.parametrize("days", ["0", "-1"])
def test_a_window_without_days_is_refused(acme: Warehouse, days: str) -> None:
    with pytest.raises(psycopg.Error, match="a window has at least one day"):
        acme.run(f"CALL _wh.refresh_window('foodlogstats', 'acme', 'acme', {days})".encode())  # type: ignore[arg-type]


def test_a_window_without_a_number_looks_as_far_back_as_the_template_says(
    acme: Warehouse, source: Source, yesterday: date
) -> None:
    source.fill(yesterday - timedelta(days=20), 21)
    nightly = "CALL _wh.refresh_window('foodlogstats', 'acme', 'acme', only_changed => true)"
    loaded = "SELECT count(*) FROM _wh.slices WHERE status = 'loaded'"
    acme.run(nightly)
    assert acme.value(loaded) == 14
    acme.run("UPDATE _wh.mv_templates SET lookback = 16 WHERE template_name = 'foodlogstats'")
    acme.run(nightly)
    assert acme.value(loaded) == 16
    acme.run("UPDATE _wh.mv_templates SET lookback = 18 WHERE template_name = 'foodlogstats'")
    done = succeed(acme, "refresh", "foodlogstats", "--tenant", "acme", "--lookback", "--json").json
    (feed,) = done["load"]["feeds"]
    assert feed["loaded"] + feed["unchanged"] == 18
    # A job that names a number is told of.
    acme.run(
        "SELECT cron.schedule('n', '1 8 * * *', 'CALL _wh.refresh_window(''foodlogstats'', ''acme'', ''acme'', 14)')"
    )
    (found,) = [f for f in findings(acme, "jobs") if f.subject == "n"]
    assert found.reason == "it looks 14 days back, but the template's lookback is 18"
