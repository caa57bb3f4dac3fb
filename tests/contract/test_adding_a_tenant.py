"""Manual, "Adding a New Tenant": its schema, its connection, its first load, its yearly tables, its jobs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import LiteralString

import psycopg
import pytest

from tests.contract.roles import (
    AS_EITHER,
    AS_EITHER_ON_EACH_STORAGE,
    EACH_STORAGE,
    EACH_STORAGE_OF_YEARS,
    acting,
)
from tests.contract.years import ROWS, Years
from tests.support.databases import SECRET, Database, Source, Warehouse

DAY = date(2023, 12, 30)

SCHEMA: tuple[LiteralString, ...] = (
    "CREATE SCHEMA quay",
    "GRANT ALL PRIVILEGES ON SCHEMA quay TO whadmin",
    "GRANT ALL ON ALL TABLES IN SCHEMA quay TO whadmin",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA quay GRANT ALL ON TABLES TO whadmin",
    "GRANT USAGE ON SCHEMA quay TO phood_ro",
    "GRANT SELECT ON ALL TABLES IN SCHEMA quay TO phood_ro",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA quay GRANT SELECT ON TABLES TO phood_ro",
)
"""ON TABLES covers views and materialized views: PostgreSQL has no clauses of their own for them here."""

JOBS: dict[str, tuple[str, LiteralString]] = {
    "foodlogstats_update_quay": (
        "14 * * * *",
        "SELECT _wh.update_mv_by_template(''foodlogstats'', ''acme'', ''acme'', _wh.current_date_utc());",
    ),
    "quay_2week_refresh": (
        "36 8 * * *",
        (
            "SELECT _wh.update_mv_window_by_template(''foodlogstats'', ''acme'', ''acme'',"
            " _wh.current_date_utc() - INTERVAL ''14 days'', _wh.current_date_utc() - INTERVAL ''1 day'');"
        ),
    ),
    "yearly_combination_quay": (
        "30 7 15 2 *",
        (
            "SELECT _wh.create_combined_table_from_template_by_year(''foodlogstats'', ''acme'',"
            " EXTRACT(YEAR FROM _wh.current_date_utc() - INTERVAL ''1 year'')::integer);"
        ),
    ),
}


def make_schema(database: Database, *statements: LiteralString) -> None:
    for statement in statements or SCHEMA:
        database.run(statement)


def add_connection(database: Database, source: Source, name: str = "quay_conn") -> None:
    """The manual's INSERT."""
    database.run(
        "INSERT INTO _wh.tenant_connections (tenant_name, host, port, dbname, username, password)"
        " VALUES (%s, '127.0.0.1', %s, %s, 'source_reader', %s)",
        (name, source.server.port, source.name, SECRET),
    )


def schedule_jobs(database: Database) -> None:
    with database.connect() as session:
        for name, (when, command) in JOBS.items():
            session.execute(f"SELECT cron.schedule('{name}', '{when}', '{command}')".encode())


def run_job(warehouse: Warehouse, name: str) -> None:
    """What the scheduler does: the command, as whadmin."""
    with warehouse.connect() as session:
        command = "SELECT command FROM cron.job WHERE jobname = %s"
        session.execute(str((session.execute(command, (name,)).fetchone() or ("",))[0]).encode())


@AS_EITHER
def test_a_schema_is_created_and_belongs_to_who_created_it(warehouse: Warehouse, role: str) -> None:
    make_schema(acting(warehouse, role), SCHEMA[0])
    assert warehouse.value("SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'quay'") == role


@AS_EITHER
def test_whadmin_may_do_everything_in_the_schema(warehouse: Warehouse, role: str) -> None:
    database = acting(warehouse, role)
    make_schema(database, SCHEMA[0])
    database.run("CREATE TABLE quay.older AS SELECT 1 AS one")
    make_schema(database, *SCHEMA[1:4])
    database.run("CREATE TABLE quay.later AS SELECT 1 AS one")
    warehouse.run("CREATE TABLE quay.own AS SELECT * FROM quay.older NATURAL JOIN quay.later")
    warehouse.run("DELETE FROM quay.older")


@AS_EITHER
def test_the_reader_may_read_what_is_there_and_what_comes_and_change_nothing(
    warehouse: Warehouse, role: str
) -> None:
    database = acting(warehouse, role)
    make_schema(database, SCHEMA[0])
    database.run("CREATE MATERIALIZED VIEW quay.older AS SELECT 1 AS one")
    make_schema(database, *SCHEMA[1:])
    database.run("CREATE TABLE quay.later AS SELECT 1 AS one")
    database.run("CREATE VIEW quay.view AS SELECT 1 AS one")
    assert warehouse.reader.rows("SELECT * FROM quay.older, quay.later, quay.view") == [(1, 1, 1)]
    for statement in ("DELETE FROM quay.later", "CREATE TABLE quay.mine (one int)"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            warehouse.reader.run(statement)


@AS_EITHER
def test_a_connection_is_added_and_its_password_is_not_to_be_read(
    warehouse: Warehouse, source: Source, role: str
) -> None:
    add_connection(acting(warehouse, role), source)
    assert warehouse.rows("SELECT tenant_name, dbname, username, password FROM _wh.tenant_connections") == [
        ("quay_conn", source.name, "source_reader", None)
    ]
    assert warehouse.value("SELECT srvowner::regrole::text FROM pg_foreign_server") == "whadmin"


@AS_EITHER
def test_the_connection_string_is_given_without_the_secret(
    warehouse: Warehouse, source: Source, role: str
) -> None:
    add_connection(warehouse, source)
    given = acting(warehouse, role).value("SELECT _wh.get_tenant_connection_string('quay_conn')")
    assert given
    assert SECRET not in given


@AS_EITHER
def test_a_simple_query_goes_through_dblink(warehouse: Warehouse, source: Source, role: str) -> None:
    add_connection(warehouse, source)
    assert acting(warehouse, role).rows(
        "SELECT * FROM dblink(_wh.get_tenant_connection_string('quay_conn'), 'SELECT 7 as test') AS t(test integer)"
    ) == [(7,)]


@AS_EITHER
def test_the_first_and_last_time_of_the_source_are_told_in_utc(
    warehouse: Warehouse, source: Source, role: str
) -> None:
    add_connection(warehouse, source)
    source.log([(1, "2019-03-31 23:30:00-05"), (2, "2023-08-09 01:02:03+00")])
    assert acting(warehouse, role).rows(
        "select * FROM dblink(_wh.get_tenant_connection_string('quay_conn'),"
        " 'SELECT to_char(MIN(logged_time) AT TIME ZONE ''UTC'', ''YYYY-MM-DD HH24:MI:SS UTC''),"
        " to_char(MAX(logged_time) AT TIME ZONE ''UTC'', ''YYYY-MM-DD HH24:MI:SS UTC'') from phood_foodlogsum')"
        " as t(min_time TEXT, max_time TEXT)"
    ) == [("2019-04-01 04:30:00 UTC", "2023-08-09 01:02:03 UTC")]


@EACH_STORAGE_OF_YEARS
@pytest.mark.parametrize("year, days", [(2020, 366), (2021, 365)])
def test_a_year_is_loaded_by_bare_literals_both_ends_included(years: Years, year: int, days: int) -> None:
    """2020 as whadmin, 2021 as postgres; with the comma between the dates that the manual's statement lacks."""
    result = years.value(f"load {year}")
    assert (result["success"], result["processed_mvs"], result["failed"]) == (True, days, 0)
    assert (result["start_date"], result["end_date"]) == (f"{year}-01-01", f"{year}-12-31")
    assert result["total_records"] == ROWS[year]


@AS_EITHER_ON_EACH_STORAGE
def test_a_window_that_overlaps_refreshes_and_doubles_nothing(
    warehouse: Warehouse, source: Source, role: str
) -> None:
    database = acting(warehouse, role)
    make_schema(database)
    add_connection(database, source)
    source.fill(DAY, 4)
    results = [
        database.value(
            f"SELECT _wh.update_mv_window_by_template('foodlogstats', 'quay_conn', 'quay', '2023-12-30', '{end}')"
        )
        for end in ("2023-12-31", "2024-01-01")
    ]
    assert [(result["created"], result["refreshed"]) for result in results] == [(2, 0), (1, 2)]
    assert warehouse.reader.value("SELECT count(*) FROM quay.foodlogstats") == 9
    assert warehouse.rows(
        "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = 'quay'::regnamespace"
    ) == [("whadmin",)]


@AS_EITHER_ON_EACH_STORAGE
def test_the_unified_view_is_made_and_there_already(acme: Warehouse, source: Source, role: str) -> None:
    source.fill(DAY, 2)
    acme.load(DAY, date(2023, 12, 31))
    assert acme.reader.value("SELECT count(*) FROM acme.foodlogstats") == 6
    assert (
        acting(acme, role).value(
            "SELECT _wh.update_tenant_union_view_by_template('foodlogstats', 'acme', 'acme')"
        )
        is True
    )
    assert acme.reader.value("SELECT count(*) FROM acme.foodlogstats") == 6


@EACH_STORAGE_OF_YEARS
@pytest.mark.parametrize("year, days", [(2020, 366), (2021, 365)])
def test_a_full_year_passes_the_check(years: Years, year: int, days: int) -> None:
    """With the comma after the schema that the manual's statement lacks."""
    result = years.value(f"check {year}")
    assert (result["success"], result["status"], result["missing_count"]) == (True, "complete", 0)
    assert (result["expected_days"], result["found_days"]) == (days, days)


@AS_EITHER_ON_EACH_STORAGE
def test_a_partial_year_fails_the_check(acme: Warehouse, source: Source, role: str) -> None:
    acme.load(DAY, date(2023, 12, 31))
    result = acting(acme, role).value(
        "select _wh.check_views_by_template_for_year('foodlogstats', 'acme', 2023)"
    )
    assert (result["success"], result["missing_count"]) == (False, 363)


@EACH_STORAGE_OF_YEARS
def test_the_public_view_includes_the_new_tenant_and_the_totals_agree(years: Years) -> None:
    assert years.value("public 2020") is True
    assert years.answers["totals 2020"] == [("harbour", 367), ("TOTAL", 367)]
    assert years.value("public 2021") is True
    assert years.answers["totals 2021"] == [("harbour", 732), ("TOTAL", 732)]


def test_daily_views_are_counted_by_year(years: Years) -> None:
    assert years.answers["per year 2020"] == [(2020, 366)]
    assert years.answers["per year 2021"] == [(2020, 366), (2021, 365)]


@EACH_STORAGE_OF_YEARS
@pytest.mark.parametrize("year", [2020, 2021])
def test_a_complete_year_is_converted(years: Years, year: int) -> None:
    assert years.value(f"fold {year}")["success"] is True


@AS_EITHER
@EACH_STORAGE_OF_YEARS
def test_the_yearly_tables_hold_every_record(years: Years, role: str) -> None:
    database = acting(years.warehouse, role)
    assert database.value("SELECT COUNT(*) FROM harbour.foodlogstats_2020") == ROWS[2020]
    assert database.value("SELECT COUNT(*) FROM harbour.foodlogstats_2021") == ROWS[2021]


@AS_EITHER
@EACH_STORAGE_OF_YEARS
def test_the_unified_view_includes_the_yearly_tables(years: Years, role: str) -> None:
    assert acting(years.warehouse, role).rows(
        "SELECT EXTRACT(YEAR FROM logged_time AT TIME ZONE 'UTC') as year, COUNT(*) as records"
        " FROM harbour.foodlogstats WHERE EXTRACT(YEAR FROM logged_time AT TIME ZONE 'UTC') IN (2020, 2021)"
        " GROUP BY EXTRACT(YEAR FROM logged_time AT TIME ZONE 'UTC') ORDER BY year"
    ) == list(ROWS.items())


def test_the_three_jobs_are_scheduled_and_listed(cron: Warehouse) -> None:
    schedule_jobs(cron)
    listed = cron.rows(
        "SELECT jobid, jobname::text, schedule, active FROM cron.job WHERE jobname LIKE '%quay%' ORDER BY jobname"
    )
    assert [row[1:] for row in listed] == [(name, JOBS[name][0], True) for name in sorted(JOBS)]


def test_jobs_that_the_administrator_schedules_are_whadmins_too(warehouse: Warehouse) -> None:
    """In Tenantry's own schema: with pg_cron they are the administrator's."""
    schedule_jobs(warehouse.admin)
    assert warehouse.rows("SELECT DISTINCT username FROM cron.job") == [("whadmin",)]


@EACH_STORAGE
def test_the_hourly_job_pulls_today(acme: Warehouse) -> None:
    schedule_jobs(acme)
    run_job(acme, "foodlogstats_update_quay")
    assert acme.rows("SELECT slice_date FROM _wh.slices") == acme.rows("SELECT _wh.current_date_utc()")


@EACH_STORAGE
def test_the_nightly_job_pulls_the_fourteen_days_before_today(acme: Warehouse) -> None:
    schedule_jobs(acme)
    run_job(acme, "quay_2week_refresh")
    today: date = acme.value("SELECT _wh.current_date_utc()")
    assert acme.rows("SELECT slice_date, status FROM _wh.slices ORDER BY 1 DESC") == [
        (today - timedelta(days=n), "loaded") for n in range(1, 15)
    ]


def test_the_yearly_job_folds_the_year_before_this(acme: Warehouse) -> None:
    schedule_jobs(acme)
    run_job(acme, "foodlogstats_update_quay")
    year = acme.value("SELECT _wh.current_date_utc()").year - 1
    with pytest.raises(psycopg.Error, match=f"year {year} of acme.foodlogstats is incomplete"):
        run_job(acme, "yearly_combination_quay")


def test_the_first_runs_are_watched(cron: Warehouse) -> None:
    schedule_jobs(cron)
    cron.admin.run(
        "INSERT INTO cron.job_run_details (jobid, runid, username, status, return_message, start_time, end_time)"
        " SELECT jobid, 900000 + jobid, 'whadmin', 'succeeded', '1 row', now() - interval '1 hour', now()"
        " FROM cron.job WHERE jobname = 'quay_2week_refresh'"
    )
    assert cron.rows(
        "SELECT j.jobname::text, r.status, r.start_time < r.end_time, r.return_message FROM cron.job j"
        " LEFT JOIN cron.job_run_details r ON j.jobid = r.jobid"
        " WHERE j.jobname LIKE '%quay%' AND r.start_time > NOW() - INTERVAL '24 hours' ORDER BY r.start_time DESC"
    ) == [("quay_2week_refresh", "succeeded", True, "1 row")]
