"""Jobs that another role made under pg_cron, which hides them from whadmin; and the records of runs, which it keeps for ever."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from tests.support.databases import Source, Warehouse
from tests.support.jobs import either_cron, jobs, schedule
from tests.support.program import run, succeed
from tests.support.samples.healthy import findings, mend

HOURLY = "SELECT _wh.update_mv_by_template('foodlogstats', 'acme', 'acme');"
DAY = date(2024, 3, 10)


@pytest.fixture(params=["own", pytest.param("pg_cron", marks=pytest.mark.system)])
def cron(request: pytest.FixtureRequest) -> Iterator[Warehouse]:
    """A warehouse with a tenant `acme` and without jobs, with either schema cron."""
    for warehouse in either_cron(request):
        source: Source = request.getfixturevalue("source")
        warehouse.connect_to(source)
        warehouse.make_schema()
        warehouse.run("SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'acme')")
        yield warehouse
        warehouse.admin.run("DROP SCHEMA acme CASCADE")
        warehouse.run("DELETE FROM _wh.feeds")
        warehouse.run("DELETE FROM _wh.tenants")
        warehouse.run("DELETE FROM _wh.tenant_connections")


@pytest.fixture
def served(cron: Warehouse) -> Warehouse:
    """One where pg_cron keeps the jobs."""
    if not cron.value("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron')"):
        pytest.skip("whadmin sees all jobs of a schema cron of Tenantry's own")
    return cron


def test_an_administrator_sees_keeps_and_changes_the_jobs_that_he_made_himself(served: Warehouse) -> None:
    jobid = schedule(served.admin, "by postgres", "10 * * * *", HOURLY)
    assert jobs(served) == []
    (shown,) = succeed(served.admin, "schedule", "show", "--json").json["jobs"]
    assert (shown["jobid"], shown["role"], shown["kind"]) == (jobid, "postgres", "hourly")
    made = succeed(served.admin, "schedule", "install", "--all", "--json").json["jobs"]
    assert [job["job"] for job in made] == ["acme_2week_refresh", "yearly_combination_acme"]
    assert not [f for f in findings(served, "jobs") if "no job" in f.reason]
    assert succeed(served.admin, "schedule", "disable", "--job", "by postgres", "--json").json["changed"] == [
        "by postgres"
    ]
    assert served.admin.value("SELECT active FROM cron.job WHERE jobid = %s", (jobid,)) is False
    served.admin.run(
        "INSERT INTO cron.job_run_details (jobid, runid, database, username, command, status, start_time, end_time)"
        " VALUES (%s, 1, 'postgres', 'postgres', 'SELECT 1', 'failed', now(), now())", (jobid,),
    )  # fmt: skip
    (past,) = succeed(served.admin, "schedule", "history", "--json").json["runs"]
    assert (past["jobid"], past["job"], past["status"]) == (jobid, "by postgres", "failed")
    succeed(served.admin, "schedule", "remove", "--job", jobid, "--yes")
    assert served.admin.value("SELECT count(*) FROM cron.job WHERE jobid = %s", (jobid,)) == 0
    assert succeed(served.admin, "schedule", "show", "--json").json["hidden_from"] is None


def test_whoever_cannot_see_the_jobs_of_others_hears_of_that(served: Warehouse) -> None:
    schedule(served.admin, "by postgres", "10 * * * *", HOURLY)
    line = 'jobs of other roles are not shown: pg_cron hides them from "whadmin"'
    shown = succeed(served, "schedule", "show", "--json")
    assert (shown.json["jobs"], shown.json["hidden_from"]) == ([], "whadmin")
    assert line in succeed(served, "schedule", "show").err
    assert line in succeed(served, "schedule", "install", "--all", "--dry-run").err
    doctor = run(served, "doctor", "--only", "jobs")
    assert 'pg_cron hides them from "whadmin"' in doctor.out + doctor.err
    assert line not in succeed(served.admin, "schedule", "show").err


def test_two_jobs_that_do_the_same_are_told_and_one_is_removed_by_its_number(cron: Warehouse) -> None:
    first = schedule(cron, "hourly", "12 * * * *", HOURLY)
    second = schedule(cron.admin, "hourly", "13 * * * *", HOURLY.removesuffix(";"))
    if first == second:
        second = schedule(cron.admin, "another", "13 * * * *", HOURLY.removesuffix(";"))
    else:
        named = run(cron.admin, "schedule", "disable", "--job", "hourly")
        assert named.errors == [
            f'several jobs are called "hourly": {first} (of whadmin) and {second} (of postgres)'
        ]
    (doubled,) = (f for f in findings(cron, "jobs") if "does the same" in f.reason)
    assert doubled.subject.startswith(f"job {second} ")
    assert doubled.command == f"tenantry schedule remove --job {second} --yes"
    succeed(cron.admin, *doubled.command.split()[1:])
    assert [f for f in findings(cron, "jobs") if "does the same" in f.reason] == []
    assert len(jobs(cron)) == 1


@pytest.mark.parametrize("way", ["window", "night job"])
def test_a_window_forgets_the_runs_of_its_warehouse_after_ninety_days(
    cron: Warehouse, source: Source, way: str
) -> None:
    source.fill(DAY, 1)
    cron.admin.run(
        "INSERT INTO cron.job_run_details (jobid, runid, database, username, command, status, start_time, end_time)"
        " SELECT n, n, 'postgres', CASE n %% 3 WHEN 0 THEN 'postgres' ELSE 'whadmin' END, CASE n WHEN 3 THEN 'VACUUM' ELSE %s END,"
        " 'succeeded', t, CASE WHEN n <> 1 THEN t END FROM generate_series(1, 8) n, LATERAL (SELECT now() - interval '1 day' * (100 - 3 * n)) x(t)",
        (HOURLY,),
    )
    if way == "window":
        cron.load(DAY, DAY)
    else:
        cron.run("CALL _wh.refresh_window('foodlogstats', 'acme', 'acme', 1)")
    left = [row[0] for row in cron.admin.rows("SELECT runid FROM cron.job_run_details ORDER BY runid")]
    # The oldest three, of which one is another's.
    assert left == [3, 4, 5, 6, 7, 8]


def test_doctor_tells_of_runs_that_nobody_forgets(cron: Warehouse) -> None:
    assert [f for f in findings(cron, "jobs") if f.subject == "cron.job_run_details"] == []
    cron.admin.run(
        "INSERT INTO cron.job_run_details (jobid, runid, database, username, command, status, start_time, end_time)"
        " VALUES (1, 1, 'postgres', 'whadmin', 'SELECT 1', 'succeeded', now() - interval '98 days', now() - interval '98 days')"
    )
    (told,) = (f for f in findings(cron, "jobs") if f.subject == "cron.job_run_details")
    assert "become slow" in told.reason
    assert told.command is not None
    mend(cron, told)
    assert [f for f in findings(cron, "jobs") if f.subject == "cron.job_run_details"] == []
