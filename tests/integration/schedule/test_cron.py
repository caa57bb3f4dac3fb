"""The manual's statements on jobs, with pg_cron and with Tenantry's own schema cron in its place."""

from __future__ import annotations

import psycopg
import pytest

from tests.support.databases import Database, Warehouse
from tests.support.jobs import COMMAND, jobs, schedule


def test_the_three_jobs_of_a_new_tenant_are_scheduled_as_the_manual_writes_them(cron: Warehouse) -> None:
    for statement in (
        (
            "SELECT cron.schedule('foodlogstats_update_newtenant', '12 * * * *', 'SELECT _wh.update_mv_by_template("
            "''foodlogstats'', ''new_tenant_connection_name'', ''new_tenant_name'', _wh.current_date_utc());');"
        ),
        (
            "SELECT cron.schedule('newtenant_2week_refresh', '34 8 * * *', 'SELECT _wh.update_mv_window_by_template("
            "''foodlogstats'', ''new_tenant_connection_name'', ''new_tenant_name'', _wh.current_date_utc() -"
            " INTERVAL ''14 days'', _wh.current_date_utc() - INTERVAL ''1 day'');');"
        ),
        (
            "SELECT cron.schedule('yearly_combination_newtenant', '20 7 15 2 *', 'SELECT"
            " _wh.create_combined_table_from_template_by_year(''foodlogstats'', ''new_tenant_name'',"
            " EXTRACT(YEAR FROM _wh.current_date_utc() - INTERVAL ''1 year'')::integer);');"
        ),
    ):
        cron.run(statement)
    assert cron.rows(
        "SELECT jobname::text, schedule, active FROM cron.job WHERE jobname LIKE '%newtenant%' ORDER BY jobname"
    ) == [
        ("foodlogstats_update_newtenant", "12 * * * *", True),
        ("newtenant_2week_refresh", "34 8 * * *", True),
        ("yearly_combination_newtenant", "20 7 15 2 *", True),
    ]
    assert {row[4] for row in jobs(cron)} == {"whadmin"}


@pytest.mark.parametrize("role", ["whadmin", "postgres"])
def test_jobs_are_disabled_enabled_and_seen_by_either_role(cron: Warehouse, role: str) -> None:
    database = Database(cron.server, cron.name, role)
    schedule(cron, "foodlogstats_update_acme")
    schedule(cron, "other")
    database.run("UPDATE cron.job SET active = false WHERE jobname LIKE '%acme%'")
    assert [(row[0], row[3]) for row in jobs(database)] == [
        ("foodlogstats_update_acme", False),
        ("other", True),
    ]
    database.run("UPDATE cron.job SET active = true WHERE jobname = 'foodlogstats_update_acme'")
    assert all(row[3] for row in jobs(database))
    assert database.rows(
        "SELECT jobid, schedule, command, jobname, active, database, username FROM cron.job ORDER BY jobid"
    )[0][5:] == (cron.name, "whadmin")


def test_runs_are_listed_and_may_be_deleted(cron: Warehouse) -> None:
    jobid = schedule(cron, "acme_2week_refresh")
    cron.admin.run(
        "INSERT INTO cron.job_run_details (jobid, runid, username, status, return_message, start_time, end_time)"
        " VALUES (%s, 1000000, 'whadmin', 'failed', 'ERROR: no', now(), now())",
        (jobid,),
    )
    for database in (cron, cron.admin):
        assert database.rows(
            "SELECT j.jobname::text, r.status, r.return_message FROM cron.job j"
            " LEFT JOIN cron.job_run_details r ON j.jobid = r.jobid"
            " WHERE r.start_time > NOW() - INTERVAL '24 hours' ORDER BY r.start_time DESC"
        ) == [("acme_2week_refresh", "failed", "ERROR: no")]
    cron.run("DELETE FROM cron.job_run_details WHERE end_time < now() + interval '1 day'")
    assert cron.value("SELECT count(*) FROM cron.job_run_details") == 0


def test_the_same_name_replaces_the_job_and_a_disabled_one_stays_disabled(cron: Warehouse) -> None:
    first = schedule(cron, "acme")
    cron.run("UPDATE cron.job SET active = false")
    assert schedule(cron, "acme", "13 * * * *", "SELECT 2") == first
    assert jobs(cron) == [("acme", "13 * * * *", "SELECT 2", False, "whadmin")]


def test_jobs_are_unscheduled_by_name_and_by_id(cron: Warehouse) -> None:
    schedule(cron, "foodlogstats_update_tenant_name")
    by_id = schedule(cron, "other")
    assert cron.value("SELECT cron.unschedule('foodlogstats_update_tenant_name')") is True
    assert cron.admin.value("SELECT cron.unschedule(%s::bigint)", (by_id,)) is True
    assert jobs(cron) == []
    for statement in ("SELECT cron.unschedule('other')", "SELECT cron.unschedule(4711)"):
        with pytest.raises(psycopg.Error, match=r"other|4711"):
            cron.run(statement)


def test_a_job_may_go_without_a_name(cron: Warehouse) -> None:
    jobid = cron.value("SELECT cron.schedule('@hourly', 'SELECT 1')")
    assert jobs(cron) == [(None, "@hourly", "SELECT 1", True, "whadmin")]
    assert cron.value("SELECT cron.unschedule(%s::bigint)", (jobid,)) is True


@pytest.mark.parametrize("role", ["whadmin", "postgres"])
def test_five_arguments_name_a_database_and_a_role(cron: Warehouse, role: str) -> None:
    notices: list[str] = []
    with Database(cron.server, cron.name, role).connect() as session:
        session.add_notice_handler(lambda notice: notices.append(str(notice.message_primary)))
        session.execute(
            "SELECT cron.schedule('daily-tenant-a-update', '0 2 * * *',"
            " $$SELECT _wh.update_foodlogstats('tenant_a_conn', 'tenant_a', CURRENT_DATE);$$,"
            " 'phood_warehouse', 'whadmin')"
        )
        session.execute(
            "SELECT cron.schedule('hourly', '0 * * * *', 'SELECT 1', current_database(), 'whadmin')"
        )
        assert session.execute("SELECT current_user::text").fetchone() == (role,)
    assert notices == [f'database "phood_warehouse" does not exist: the job runs in "{cron.name}"']
    assert jobs(cron) == [
        ("daily-tenant-a-update", "0 2 * * *", COMMAND, True, "whadmin"),
        ("hourly", "0 * * * *", "SELECT 1", True, "whadmin"),
    ]
    assert cron.rows("SELECT DISTINCT database FROM cron.job") == [(cron.name,)]


def test_alter_job_changes_what_is_named_and_nothing_else(cron: Warehouse) -> None:
    jobid = schedule(cron, "acme")
    cron.run("SELECT cron.alter_job(%s, active := false)", (jobid,))
    assert jobs(cron) == [("acme", "12 * * * *", COMMAND, False, "whadmin")]
    cron.run("SELECT cron.alter_job(%s, '30 8 * * *', 'SELECT 1', active := true)", (jobid,))
    assert jobs(cron) == [("acme", "30 8 * * *", "SELECT 1", True, "whadmin")]
    for wrong in ("%s", "%s, '61 * * * *'", "%s + 1000, active := false"):
        with pytest.raises(psycopg.Error):
            cron.run(f"SELECT cron.alter_job({wrong})", (jobid,))


def test_schedule_in_database_takes_only_a_database_that_is_there(cron: Warehouse) -> None:
    cron.run(
        "SELECT cron.schedule_in_database('acme', '12 * * * *', 'SELECT 1', current_database(), active := false)"
    )
    assert jobs(cron) == [("acme", "12 * * * *", "SELECT 1", False, "whadmin")]
    with pytest.raises(psycopg.Error, match='database "elsewhere" does not exist'):
        cron.run("SELECT cron.schedule_in_database('acme', '12 * * * *', 'SELECT 1', 'elsewhere')")


def test_whadmin_cannot_make_a_job_the_superusers(cron: Warehouse) -> None:
    jobid = schedule(cron, "acme")
    for statement in (
        "UPDATE cron.job SET username = 'postgres'",
        f"SELECT cron.alter_job({jobid}, username := 'postgres')",
        "SELECT cron.schedule_in_database('x', '12 * * * *', 'SELECT 1', current_database(), 'postgres')",
        "SELECT cron.schedule('x', '12 * * * *', 'SELECT 1', current_database(), 'postgres')",
    ):
        with pytest.raises(psycopg.Error, match=r"superuser|row-level security|may not schedule"):
            cron.run(statement)
        # Nor where an administrator acts as whadmin.
        with cron.admin.connect() as session:
            session.execute("SET ROLE whadmin")
            with pytest.raises(psycopg.Error):
                session.execute(statement)
    assert [row[4] for row in jobs(cron.admin)] == ["whadmin"]


def test_readers_have_no_part_in_it(cron: Warehouse) -> None:
    for statement in ("SELECT * FROM cron.job", "SELECT cron.schedule('* * * * *', 'SELECT 1')"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            cron.reader.run(statement)


@pytest.mark.parametrize(
    "when",
    [
        "* * * * *",
        "0 0 1 1 0",
        "59 23 31 12 7",
        "*/5 0-23/2 1,15 jan-mar,Dec MON-FRI",
        "0,30\t8-10,12-14/2  * * sun",
        "@yearly",
        "@annually",
        "@monthly",
        "@weekly",
        "@daily",
        "@midnight",
        "@hourly",
        "@reboot",
    ],
)
def test_schedules_that_cron_knows_are_taken(cron: Warehouse, when: str) -> None:
    schedule(cron, "acme", when)


@pytest.mark.parametrize(
    "when",
    [
        "",
        "nonsense",
        "* * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * 32 * *",
        "* * * 13 *",
        "* * * * 8",
        "* * * foo *",
        "*/0 * * * *",
        "1/20 * * * *",
        "1-70 * * * *",
        "@often",
        "1,,2 * * * *",
        "-1 * * * *",
    ],
)
def test_what_is_no_schedule_is_refused(cron: Warehouse, when: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="invalid schedule"):
        schedule(cron, "acme", when)


def test_a_name_beyond_63_bytes_is_cut_alike_when_scheduled_and_when_sought(cron: Warehouse) -> None:
    name = "foodlogstats_update_" + "ü" * 40
    schedule(cron, name)
    assert cron.value("SELECT cron.unschedule(%s::text::name)", (name,)) is True
