"""Manual, "Managing Cron Jobs": with pg_cron, and with Tenantry's own schema cron in its place."""

from __future__ import annotations

from tests.contract.roles import AS_EITHER_BY_CRON, acting, either
from tests.support.databases import Source, Warehouse
from tests.support.jobs import jobs, schedule

DAILY = """
SELECT cron.schedule(
    'daily-harbour-update',
    '15 3 * * *',
    $$SELECT _wh.update_foodlogstats('acme', 'acme', CURRENT_DATE);$$,
    'kitchen_warehouse',
    'whadmin'
)"""

HOURLY = """
SELECT cron.schedule(
    'hourly-harbour-refresh',
    '7 * * * *',
    $$SELECT _wh.update_foodlogstats('acme', 'acme', CURRENT_DATE);$$,
    'kitchen_warehouse',
    'whadmin'
)"""

COMMAND = "SELECT _wh.update_foodlogstats('acme', 'acme', CURRENT_DATE);"


def test_all_jobs_are_listed(cron: Warehouse) -> None:
    first = schedule(cron, "one")
    second = schedule(cron, "two", "@daily", "SELECT 2")
    cron.run("UPDATE cron.job SET active = false WHERE jobname = 'two'")
    for database in either(cron):
        assert database.rows(
            "SELECT jobid, schedule, command, jobname::text, active, database, username FROM cron.job ORDER BY jobid"
        ) == [
            (first, "12 * * * *", jobs(cron)[0][2], "one", True, cron.name, "whadmin"),
            (second, "@daily", "SELECT 2", "two", False, cron.name, "whadmin"),
        ]


def test_the_runs_of_the_last_day_are_listed_newest_first(cron: Warehouse) -> None:
    jobid = schedule(cron, "harbour", command="SELECT 1")
    for run, hours, status in ((900_001, 30, "succeeded"), (900_002, 3, "failed"), (900_003, 1, "succeeded")):
        cron.admin.run(
            "INSERT INTO cron.job_run_details (jobid, runid, username, status, return_message, start_time, end_time)"
            " VALUES (%s, %s, 'whadmin', %s, 'said', now() - %s * interval '1 hour', now())",
            (jobid, run, status, hours),
        )
    for database in either(cron):
        assert database.rows(
            "SELECT j.jobname::text, j.command, r.status, r.end_time >= r.start_time, r.return_message FROM cron.job j"
            " LEFT JOIN cron.job_run_details r ON j.jobid = r.jobid"
            " WHERE r.start_time > NOW() - INTERVAL '24 hours' ORDER BY r.start_time DESC"
        ) == [
            ("harbour", "SELECT 1", "succeeded", True, "said"),
            ("harbour", "SELECT 1", "failed", True, "said"),
        ]


@AS_EITHER_BY_CRON
def test_a_daily_job_is_added_with_five_arguments(cron: Warehouse, role: str) -> None:
    with acting(cron, role).connect() as session:
        session.execute(DAILY.encode())
    assert jobs(cron) == [("daily-harbour-update", "15 3 * * *", COMMAND, True, "whadmin")]
    assert cron.value("SELECT database FROM cron.job") == cron.name


@AS_EITHER_BY_CRON
def test_an_hourly_job_is_added_with_five_arguments(cron: Warehouse, role: str) -> None:
    with acting(cron, role).connect() as session:
        session.execute(HOURLY.encode())
    assert jobs(cron) == [("hourly-harbour-refresh", "7 * * * *", COMMAND, True, "whadmin")]


def test_what_the_jobs_run_pulls_the_current_day(acme: Warehouse, source: Source) -> None:
    source.run(
        "INSERT INTO phood_foodlogsum (id, location_id, inventory_item_id, pan_id, quantity, logged_time)"
        " VALUES (1, 1, 1, 1, 5, now()), (2, 1, 1, 1, 5, now() + interval '1 day')"
    )
    with acme.connect() as session:
        session.execute(HOURLY.encode())
        for _ in range(2):
            for (command,) in session.execute("SELECT command FROM cron.job").fetchall():
                session.execute(command.encode())
    assert acme.reader.value("SELECT count(*) FROM acme.foodlogstats") == 1


@AS_EITHER_BY_CRON
def test_a_job_is_disabled(cron: Warehouse, role: str) -> None:
    schedule(cron, "daily-harbour-update")
    schedule(cron, "other")
    acting(cron, role).run("UPDATE cron.job SET active = false WHERE jobname = 'daily-harbour-update'")
    assert [(row[0], row[3]) for row in jobs(cron)] == [("daily-harbour-update", False), ("other", True)]


@AS_EITHER_BY_CRON
def test_a_job_is_enabled_again(cron: Warehouse, role: str) -> None:
    schedule(cron, "daily-harbour-update")
    cron.run("UPDATE cron.job SET active = false")
    acting(cron, role).run("UPDATE cron.job SET active = true WHERE jobname = 'daily-harbour-update'")
    assert [(row[0], row[3]) for row in jobs(cron)] == [("daily-harbour-update", True)]


def test_a_job_is_removed_by_whadmin(cron: Warehouse) -> None:
    schedule(cron, "daily-harbour-update")
    schedule(cron, "other")
    assert cron.value("SELECT cron.unschedule('daily-harbour-update')") is True
    assert [row[0] for row in jobs(cron)] == ["other"]


def test_a_job_is_removed_by_the_administrator(warehouse: Warehouse) -> None:
    """In Tenantry's own schema: pg_cron looks among the caller's own jobs."""
    schedule(warehouse, "daily-harbour-update")
    assert warehouse.admin.value("SELECT cron.unschedule('daily-harbour-update')") is True
    assert jobs(warehouse) == []
