"""Manual, "Re-enabling a Tenant": how far behind it is, its jobs at work again, what it missed pulled."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.contract.roles import AS_EITHER, AS_EITHER_BY_CRON, AS_EITHER_ON_EACH_STORAGE, acting
from tests.support.databases import Source, Warehouse
from tests.support.jobs import schedule

DAY = date(2022, 2, 26)


@pytest.fixture
def cron(cron: Warehouse) -> Warehouse:
    """A warehouse with two disabled jobs of one tenant."""
    for name in ("brook_2week_refresh", "foodlogstats_update_brook"):
        schedule(cron, name)
    cron.run("UPDATE cron.job SET active = false")
    return cron


@pytest.fixture
def behind(acme: Warehouse, source: Source) -> Warehouse:
    """Two days are loaded and shown; the source has a week of them."""
    source.fill(DAY, 7)
    acme.load(DAY, date(2022, 2, 27))
    acme.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    return acme


@AS_EITHER
def test_the_last_slice_shows_how_far_behind_the_tenant_is(behind: Warehouse, role: str) -> None:
    assert (
        acting(behind, role).value(
            "SELECT MAX(matviewname) as last_mv FROM pg_matviews"
            " WHERE schemaname = 'acme' AND matviewname LIKE 'foodlogstats_%'"
        )
        == "foodlogstats_2022_02_27"
    )


@AS_EITHER
def test_the_connection_is_still_there(behind: Warehouse, source: Source, role: str) -> None:
    ((name, host, *_),) = acting(behind, role).rows(
        "SELECT * FROM _wh.tenant_connections WHERE tenant_name = 'acme'"
    )
    assert (name, host) == ("acme", "127.0.0.1")


@AS_EITHER
def test_the_connection_still_works(behind: Warehouse, role: str) -> None:
    assert acting(behind, role).rows(
        "SELECT * FROM dblink(_wh.get_tenant_connection_string('acme'), 'SELECT 1 as test') AS t(test integer)"
    ) == [(1,)]


@AS_EITHER_BY_CRON
def test_jobs_are_checked_again_one_by_one(cron: Warehouse, role: str) -> None:
    with acting(cron, role).connect() as session:
        for (jobid,) in session.execute("SELECT jobid FROM cron.job WHERE NOT active").fetchall():
            session.execute("UPDATE cron.job SET active = true WHERE jobid = %s", (jobid,))
    assert cron.rows("SELECT active FROM cron.job WHERE jobname LIKE '%brook%'") == [(True,), (True,)]


@AS_EITHER_ON_EACH_STORAGE
def test_missing_days_are_pulled_up_to_yesterday(behind: Warehouse, source: Source, role: str) -> None:
    """A date and a timestamp in one call."""
    today: date = behind.value("SELECT _wh.current_date_utc()")
    start = today - timedelta(days=5)
    source.fill(start, 6, 2)
    result = acting(behind, role).value(
        "SELECT _wh.update_mv_window_by_template('foodlogstats', 'acme', 'acme',"
        f" '{start}'::date, _wh.current_date_utc() - INTERVAL '1 day')"
    )
    assert (result["success"], result["processed_mvs"], result["total_records"]) == (True, 5, 10)
    assert result["end_date"] == str(today - timedelta(days=1))
    assert behind.value("SELECT _wh.does_mv_exist('acme', %s)", (f"foodlogstats_{today:%Y_%m_%d}",)) is False


@AS_EITHER
def test_a_large_gap_is_pulled_in_chunks(behind: Warehouse, role: str) -> None:
    database = acting(behind, role)
    chunks = [
        database.value(
            "SELECT _wh.update_mv_window_by_template('foodlogstats', 'acme', 'acme',"
            f" '{first}'::date, '{last}'::date)"
        )
        for first, last in (("2022-02-26", "2022-02-28"), ("2022-03-01", "2022-03-04"))
    ]
    assert [(chunk["refreshed"], chunk["created"]) for chunk in chunks] == [(2, 1), (0, 4)]
    assert behind.rows("SELECT DISTINCT matviewowner::text FROM pg_matviews") == [("whadmin",)]


@AS_EITHER_ON_EACH_STORAGE
def test_the_check_names_the_days_that_are_missing(behind: Warehouse, role: str) -> None:
    behind.load(date(2022, 3, 1), date(2022, 3, 2))
    result = acting(behind, role).value(
        "SELECT _wh.check_views_by_template_for_year('foodlogstats', 'acme', 2022)"
    )
    assert result["success"] is False
    assert result["missing_ranges"] == [
        {"from": "2022-01-01", "to": "2022-02-25", "days": 56},
        {"from": "2022-02-28", "to": "2022-02-28", "days": 1},
        {"from": "2022-03-03", "to": "2022-12-31", "days": 304},
    ]


@AS_EITHER_ON_EACH_STORAGE
def test_the_union_view_has_what_was_missed(behind: Warehouse, role: str) -> None:
    behind.load(date(2022, 2, 28), date(2022, 3, 4))
    assert (
        acting(behind, role).value(
            "SELECT COUNT(*) FROM acme.foodlogstats WHERE logged_time >= '2022-02-28'::date"
        )
        == 15
    )


@AS_EITHER_ON_EACH_STORAGE
def test_the_public_view_has_what_was_missed(behind: Warehouse, role: str) -> None:
    behind.load(date(2022, 2, 28), date(2022, 3, 4))
    assert acting(behind, role).value("SELECT _wh.update_public_view_by_template('foodlogstats')") is True
    assert behind.reader.value("SELECT count(*) FROM public.foodlogstats") == 21


@AS_EITHER_BY_CRON
def test_the_first_runs_are_watched(cron: Warehouse, role: str) -> None:
    cron.admin.run(
        "INSERT INTO cron.job_run_details (jobid, runid, username, status, return_message, start_time, end_time)"
        " SELECT jobid, 900000 + jobid, 'whadmin', 'failed', 'no route', now() - interval '1 hour', now()"
        " FROM cron.job WHERE jobname = 'brook_2week_refresh'"
    )
    assert acting(cron, role).rows(
        "SELECT j.jobname::text, r.status, r.end_time > r.start_time, r.return_message FROM cron.job j"
        " JOIN cron.job_run_details r ON j.jobid = r.jobid"
        " WHERE j.jobname LIKE '%brook%' AND r.start_time > NOW() - INTERVAL '24 hours' ORDER BY r.start_time DESC"
    ) == [("brook_2week_refresh", "failed", True, "no route")]
