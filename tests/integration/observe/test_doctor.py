"""Each trouble is made for real, found, named with the command that mends it, and gone when that was run."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, partial
from typing import Any, LiteralString

import psycopg
import pytest

from tenantry.db.connect import session
from tenantry.embedded import Server
from tenantry.observe import health
from tenantry.observe.checks.finding import Examined, Severity
from tests.support.databases import Maker, Source, Warehouse
from tests.support.loading import by_loader
from tests.support.program import run, succeed
from tests.support.samples.healthy import Healthy, findings, make_healthy, mend, scheduler, troubles
from tests.support.samples.small_template import spoil
from tests.support.waiting import wait_until

E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE


@pytest.fixture(scope="module")
def healthy_until(server: Server, templates: None) -> Iterator[Callable[[date], Healthy]]:
    """Made once for all tests of this module that begin on the same day."""
    maker = Maker(server)
    yield cache(partial(make_healthy, server, maker))
    maker.drop_all()


@pytest.fixture
def healthy(healthy_until: Callable[[date], Healthy], today: date) -> Healthy:
    """With the days until today."""
    return healthy_until(today)


@pytest.fixture
def day(healthy: Healthy) -> date:
    """One of the days that are loaded."""
    return healthy.first + timedelta(days=4)


@pytest.fixture
def warehouse(healthy: Healthy, server: Server, maker: Maker) -> Warehouse:
    """A warehouse with which all is well."""
    return healthy.clone(server, maker)


@pytest.fixture
def own_source(warehouse: Warehouse, healthy: Healthy, server: Server, maker: Maker) -> Source:
    """A source of this test's own, for both tenants."""
    source = Source(server, maker.clone(healthy.source.name, "source"), "postgres")
    warehouse.run("UPDATE _wh.tenant_connections SET dbname = %s", (source.name,))
    return source


@dataclass(frozen=True)
class Trouble:
    """A statement that spoils something, as postgres unless it says otherwise, and what is found then; both for a {day}."""

    what: str
    check: str
    spoil: LiteralString
    severity: Severity
    subject: str


TROUBLES = [
    Trouble(
        "a function that somebody changed",
        "functions",
        "CREATE OR REPLACE FUNCTION _wh.current_date_utc() RETURNS date LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT DATE '2020-01-01' $$",
        W,
        "functions",
    ),
    Trouble(
        "a function with the rights of whoever calls it",
        "functions",
        "ALTER FUNCTION _wh.update_tenant_view SECURITY INVOKER",
        W,
        "functions",
    ),
    Trouble(
        "a function without its search_path",
        "functions",
        "ALTER FUNCTION _wh.create_mv_name RESET search_path",
        W,
        "functions",
    ),
    Trouble("a function that is gone", "functions", "DROP FUNCTION _wh_internal.prune_logs", E, "functions"),
    Trouble(
        "a trigger that is off",
        "functions",
        "ALTER TABLE _wh.tenant_connections DISABLE TRIGGER take_secret",
        E,
        "triggers",
    ),
    Trouble(
        "a function that everybody may run",
        "functions",
        "GRANT EXECUTE ON FUNCTION _wh_internal.source_conninfo TO PUBLIC",
        E,
        "_wh_internal.source_conninfo(text)",
    ),
    Trouble(
        "a function of the administrator's",
        "functions",
        "CREATE FUNCTION _wh.create_summary_mv() RETURNS void LANGUAGE sql AS ''; REVOKE ALL ON FUNCTION _wh.create_summary_mv FROM PUBLIC",
        W,
        "_wh.create_summary_mv()",
    ),
    Trouble(
        "a migration that is missing",
        "migrations",
        "DELETE FROM _wh.migrations WHERE version = 3; ALTER TABLE _wh.slices DROP COLUMN digest",
        E,
        "migrations",
    ),
    Trouble("a reader who may make databases", "roles", "ALTER ROLE phood_ro CREATEDB", E, "phood_ro"),
    Trouble("an owner who may make roles", "roles", "ALTER ROLE whadmin CREATEROLE", W, "whadmin"),
    Trouble("a reader who may write", "roles", "GRANT pg_write_all_data TO phood_ro", E, "phood_ro"),
    Trouble(
        "a reader whose reports are planned over all days",
        "roles",
        "ALTER ROLE phood_ro RESET constraint_exclusion",
        W,
        "phood_ro",
    ),
    Trouble(
        "new public views that cannot be read",
        "roles",
        "ALTER DEFAULT PRIVILEGES FOR ROLE whadmin IN SCHEMA public REVOKE SELECT ON TABLES FROM phood_ro",
        W,
        "phood_ro",
    ),
    Trouble(
        "a schema that readers cannot enter", "rights", "REVOKE USAGE ON SCHEMA acme FROM phood_ro", E, "acme"
    ),
    Trouble("a schema that readers may fill", "rights", "GRANT CREATE ON SCHEMA acme TO phood_ro", E, "acme"),
    Trouble(
        "a schema that everybody may fill", "rights", "GRANT CREATE ON SCHEMA brook TO PUBLIC", E, "brook"
    ),
    Trouble("readers who look behind", "rights", "GRANT USAGE ON SCHEMA _wh TO phood_ro", W, "_wh"),
    Trouble(
        "a view that cannot be read", "rights", "REVOKE SELECT ON acme.ticks FROM phood_ro", E, "acme.ticks"
    ),
    Trouble(
        "a public table that cannot be read",
        "rights",
        "REVOKE SELECT ON public.marks FROM phood_ro",
        E,
        "public.marks",
    ),
    Trouble(
        "a slice that belongs to somebody else",
        "rights",
        "ALTER MATERIALIZED VIEW acme.ticks_{day:%Y_%m_%d} OWNER TO postgres",
        E,
        "acme.ticks_{day:%Y_%m_%d}",
    ),
    Trouble(
        "a table that readers may write to",
        "rights",
        "GRANT INSERT, DELETE ON acme.marks TO phood_ro",
        E,
        "acme.marks",
    ),
    Trouble(
        "a slice that was dropped",
        "slices",
        "DROP MATERIALIZED VIEW acme.ticks_{day:%Y_%m_%d} CASCADE",
        E,
        "acme.ticks",
    ),
    Trouble(
        "days that were forgotten",
        "slices",
        "DELETE FROM _wh.slices WHERE template_name = 'marks' AND slice_date BETWEEN '{day}' AND date '{day}' + 1",
        E,
        "acme.marks",
    ),
    Trouble(
        "a day that was loaded too early",
        "slices",
        "UPDATE _wh.slices SET loaded_at = slice_date + time '20:00' WHERE schema_name = 'brook' AND slice_date = '{day}'",
        W,
        "brook.ticks",
    ),
    Trouble(
        "a feed that is loaded no more",
        "freshness",
        "UPDATE _wh.slices SET loaded_at = loaded_at - interval '3 hours' WHERE schema_name = 'brook'",
        W,
        "brook.ticks",
    ),
    Trouble(
        "a tenant that the public view leaves out",
        "views",
        "CREATE OR REPLACE VIEW public.ticks AS SELECT 'acme' AS schema_name, * FROM acme.ticks",
        E,
        "public.ticks",
    ),
    Trouble(
        "a tenant's table that is detached",
        "views",
        'ALTER TABLE _wh_data."public.marks" DETACH PARTITION _wh_data."acme.marks"',
        E,
        "public.marks",
    ),
    Trouble(
        "a connection's server that nobody needs",
        "leftovers",
        "SET ROLE whadmin; CREATE SERVER wh_gone FOREIGN DATA WRAPPER dblink_fdw",
        W,
        "wh_gone",
    ),
    Trouble(
        "an index that is not valid",
        "leftovers",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = '_wh.function_logs_created_at_idx'::regclass",
        W,
        "_wh.function_logs_created_at_idx",
    ),
]

ROLES_AS_THEY_ARE: LiteralString = "ALTER ROLE phood_ro NOCREATEDB; ALTER ROLE phood_ro SET constraint_exclusion = on; ALTER ROLE whadmin NOCREATEROLE LOGIN"


def test_with_a_warehouse_that_is_well_there_is_nothing_to_do(warehouse: Warehouse) -> None:
    with scheduler(warehouse):
        found = findings(warehouse)
        # The tests' server does without them, as nobody would miss its data.
        assert {finding.subject for finding in troubles(found)} == {"fsync", "full_page_writes"}
        assert {finding.subject for finding in found if finding.severity is N} <= {"pg_stat_statements"}
        assert run(warehouse, "doctor").code == 0


@pytest.mark.parametrize("check", sorted({trouble.check for trouble in TROUBLES}))
def test_every_trouble_is_found_and_its_command_mends_it(warehouse: Warehouse, check: str, day: date) -> None:
    made = [trouble for trouble in TROUBLES if trouble.check == check]
    try:
        for trouble in made:
            warehouse.admin.run(trouble.spoil.format(day=day).encode())  # type: ignore[arg-type]
        found = troubles(findings(warehouse, check))
        seen = {(finding.severity, finding.subject) for finding in found}
        assert [
            trouble.what
            for trouble in made
            if (trouble.severity, trouble.subject.format(day=day)) not in seen
        ] == []
        for finding in found:
            mend(warehouse, finding)
        assert troubles(findings(warehouse, check)) == []
    finally:
        # Roles are common to all databases of the server.
        warehouse.admin.run(ROLES_AS_THEY_ARE)


def test_a_schema_in_which_whadmin_may_not_work_is_found(warehouse: Warehouse) -> None:
    warehouse.admin.run("ALTER SCHEMA acme OWNER TO postgres")
    (found,) = findings(warehouse, "rights", "views", "slices", "locks")
    assert found.reason == "whadmin may not work in it: loads fail"
    mend(warehouse, found)
    assert findings(warehouse, "rights") == []


def test_fix_mends_views_and_rights_and_says_so(warehouse: Warehouse) -> None:
    warehouse.admin.run("DROP VIEW acme.ticks CASCADE")
    warehouse.admin.run(
        "REVOKE SELECT ON acme.marks FROM phood_ro; REVOKE USAGE ON SCHEMA brook FROM phood_ro"
    )
    warehouse.admin.run(
        "CREATE OR REPLACE FUNCTION _wh.current_date_utc() RETURNS date LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT DATE '2020-01-01' $$"
    )
    only = ("--only", "views", "--only", "rights", "--only", "functions")

    assert run(warehouse, "doctor", *only).code == 1
    done = succeed(warehouse, "doctor", "--fix", "--json", *only).json
    assert {mended["subject"] for mended in done["mended"]} == {
        "acme.ticks",
        "public.ticks",
        "acme.marks",
        "brook",
    }
    # A function may be changed on purpose.
    assert [finding["subject"] for finding in done["findings"]] == ["functions"]
    assert done["not_mended"] == []
    assert warehouse.reader.value("SELECT count(*) FROM public.ticks") == 40
    assert warehouse.value("SELECT count(*) FROM _wh.function_logs WHERE function_name = 'doctor'") == 4
    assert succeed(warehouse, "doctor", "--fix", "--json", *only).json["mended"] == []


def test_what_cannot_be_mended_is_told_and_the_rest_is(warehouse: Warehouse) -> None:
    warehouse.admin.run(
        "REVOKE SELECT ON acme.ticks FROM phood_ro; REVOKE SELECT ON brook.ticks FROM phood_ro"
    )
    warehouse.admin.run(
        "CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS"
        " $$ BEGIN IF current_query() LIKE '%acme.ticks%' THEN RAISE 'not now'; END IF; END $$;"
        " CREATE EVENT TRIGGER refuse ON ddl_command_end WHEN TAG IN ('GRANT') EXECUTE FUNCTION public.refuse()"
    )
    outcome = run(warehouse, "doctor", "--fix", "--only", "rights")
    assert outcome.code == 1
    assert "not now" in outcome.err
    assert [line for line in outcome.out.splitlines() if line.startswith("error")] == [
        "error   acme.ticks: phood_ro may not read it: reports fail  [rights]"
    ]


def test_the_exit_code_is_that_of_the_worst_finding(warehouse: Warehouse, day: date) -> None:
    only = ("--only", "freshness", "--only", "slices", "--only", "queries")
    assert run(warehouse, "doctor", *only, "--strict").code == 0
    warehouse.run("UPDATE _wh.slices SET loaded_at = now() - interval '3 hours' WHERE schema_name = 'brook'")
    warehouse.run("DELETE FROM _wh.slices WHERE template_name = 'marks' AND slice_date = %s", (day,))
    assert run(warehouse, "doctor", "--tenant", "acme", *only).code == 1
    assert run(warehouse, "doctor", "--tenant", "brook", *only).code == 0
    assert run(warehouse, "doctor", "--tenant", "brook", *only, "--strict").code == 1


def test_what_there_is_not_is_not_examined(warehouse: Warehouse) -> None:
    wrong_check = run(warehouse, "doctor", "--only", "veiws")
    assert (wrong_check.code, wrong_check.errors) == (2, ['there is no check "veiws"'])
    wrong_tenant = run(warehouse, "doctor", "--tenant", "acmee")
    assert (wrong_tenant.code, wrong_tenant.errors) == (2, ['tenant "acmee" does not exist'])


def test_a_warehouse_of_an_older_program_is_examined_all_the_same(warehouse: Warehouse) -> None:
    warehouse.run("DELETE FROM _wh.migrations WHERE version = 3")
    warehouse.admin.run("DROP FUNCTION _wh_internal.fit_name")
    outcome = run(warehouse, "doctor", "--json")
    assert outcome.code == 1
    failed = {(f["check"], f["command"]) for f in outcome.json["findings"] if f["severity"] == "error"}
    assert {
        ("migrations", "tenantry init"),
        ("functions", "tenantry init"),
        ("slices", "tenantry init"),
    } <= failed


def test_a_database_that_is_no_warehouse_is_refused(server: Server, maker: Maker) -> None:
    outcome = run(Warehouse(server, maker.clone("template0", "empty"), "postgres"), "doctor")
    assert (outcome.code, outcome.errors) == (4, ["this database holds no warehouse"])


def test_a_newer_warehouse_is_told_apart(warehouse: Warehouse) -> None:
    warehouse.run("INSERT INTO _wh.migrations (version, name, sha256) VALUES (999, 'later', '')")
    (found,) = findings(warehouse, "migrations")
    assert (found.severity, found.command) == (E, "pip install --upgrade tenantry")


def test_a_database_that_only_reads_is_an_error(warehouse: Warehouse) -> None:
    warehouse.admin.run(f"ALTER DATABASE {warehouse.name} SET default_transaction_read_only = on".encode())  # type: ignore[arg-type]
    (found,) = (f for f in findings(warehouse, "server") if f.severity is E)
    assert found.subject == "default_transaction_read_only"
    with psycopg.connect(
        warehouse.admin.conninfo, autocommit=True, options="-c default_transaction_read_only=off"
    ) as admin:
        admin.execute((found.command or "").encode())
    assert [f for f in findings(warehouse, "server") if f.severity is E] == []


def test_a_day_that_failed_is_named_with_its_reason(
    warehouse: Warehouse, own_source: Source, day: date
) -> None:
    spoil(own_source, day)
    run(warehouse, "refresh", "ticks", "--tenant", "acme", "--date", day)
    (found,) = findings(warehouse, "slices")
    assert found.reason.startswith(f"the last load of {day} failed: acme.ticks {day}: invalid input syntax")
    (note,) = findings(warehouse, "log")
    assert note.reason.startswith("2 errors in the last 24 hours")
    own_source.run("UPDATE ticks SET value = 1")
    mend(warehouse, found)
    assert findings(warehouse, "slices") == []


def test_slices_of_an_older_template_are_a_note(warehouse: Warehouse) -> None:
    warehouse.run(
        "UPDATE _wh.mv_templates SET query_template = query_template || ' ORDER BY id' WHERE template_name = 'ticks'"
    )
    found = findings(warehouse, "slices")
    assert [(f.severity, f.subject) for f in found] == [(N, "acme.ticks"), (N, "brook.ticks")]
    for finding in found:
        mend(warehouse, finding)
    assert findings(warehouse, "slices") == []


def test_a_view_that_misses_a_slice_is_found(warehouse: Warehouse, healthy: Healthy) -> None:
    """Made by the manual's function, which leaves the view alone."""
    warehouse.run("DROP VIEW brook.ticks CASCADE")
    warehouse.run("SELECT _wh.update_public_view_by_template('ticks')")
    early = healthy.first - timedelta(days=1)
    warehouse.run("SELECT _wh.create_mv_from_template('ticks', 'brook', 'brook', %s)", (early,))
    (found,) = findings(warehouse, "views")
    assert found.reason == f"the view does not read 1 of its slices: ticks_{early:%Y_%m_%d}"
    mend(warehouse, found)
    assert findings(warehouse, "views") == []


def test_a_tenants_table_that_was_dropped_is_filled_again(warehouse: Warehouse) -> None:
    warehouse.run('DROP TABLE _wh_data."acme.marks" CASCADE')
    (found,) = findings(warehouse, "views")
    assert found.reason == "the tenant's table is gone, and its rows with it"
    mend(warehouse, found)
    assert findings(warehouse, "views", "slices", "rights") == []
    assert warehouse.reader.value("SELECT count(*) FROM public.marks") == 20


def test_names_are_quoted_for_shell_and_sql(
    warehouse: Warehouse, healthy: Healthy, today: date, day: date
) -> None:
    name = "Käse & Söhne"
    warehouse.connect_to(healthy.source, name)
    warehouse.value("SELECT _wh_internal.create_tenant_schema(%s)", (name,))
    by_loader(warehouse, healthy.first, today, template="ticks", name=name)
    warehouse.run(f'DROP VIEW "{name}".ticks CASCADE'.encode())  # type: ignore[arg-type]
    warehouse.run(f'REVOKE USAGE ON SCHEMA "{name}" FROM phood_ro'.encode())  # type: ignore[arg-type]
    warehouse.run(
        "UPDATE _wh.slices SET loaded_at = slice_date WHERE schema_name = %s AND slice_date = %s", (name, day)
    )
    with scheduler(warehouse):
        found = findings(warehouse, "views", "rights", "slices", "jobs", tenant=name)
        assert [(f.severity, f.subject) for f in found] == [
            (E, name),
            (W, f"{name}.ticks"),
            (W, f"{name}.ticks"),
            (E, f"{name}.ticks"),
            (E, "public.ticks"),
        ]
        for finding in found:
            mend(warehouse, finding)
        assert findings(warehouse, "views", "rights", "slices", "jobs", tenant=name) == []


@pytest.mark.system
def test_pg_cron_needs_no_scheduler(served: Warehouse) -> None:
    served.run(
        "SELECT cron.schedule('old', '1 1 * * *', $$SELECT _wh.update_mv_by_template('ticks', 'gone', 'gone')$$)"
    )
    (found,) = findings(served, "jobs")
    assert (found.severity, found.subject) == (W, "old")
    mend(served, found)
    assert findings(served, "jobs") == []
    assert findings(served, "functions", "migrations", "roles", "rights") == []


def test_yesterday_without_rows_is_a_note_if_such_days_have_some(warehouse: Warehouse, today: date) -> None:
    yesterday = today - timedelta(days=1)
    warehouse.run(
        "UPDATE _wh.slices SET row_count = 0 WHERE schema_name = 'brook' AND slice_date = %s", (yesterday,)
    )
    assert findings(warehouse, "rows") == []
    warehouse.run(
        "INSERT INTO _wh.slices (schema_name, template_name, slice_date, status, row_count, loaded_at)"
        " SELECT 'brook', 'ticks', %s::date - 7 * n, 'loaded', 5, now() FROM generate_series(1, 4) n"
        " ON CONFLICT ON CONSTRAINT slices_pkey DO UPDATE SET row_count = 5",
        (yesterday,),
    )
    (found,) = findings(warehouse, "rows")
    assert found.reason == f"{yesterday} has no rows; the same weekday has 5 on average"
    mend(warehouse, found)
    assert findings(warehouse, "rows") == []


def test_a_tenant_that_grows_or_shrinks_to_another_size_is_a_note(warehouse: Warehouse, today: date) -> None:
    def weigh(before: int, lately: int) -> list[str]:
        warehouse.run(
            "INSERT INTO _wh.slices (schema_name, template_name, slice_date, status, row_count, loaded_at)"
            " SELECT 'brook', 'ticks', %(today)s::date - n, 'loaded', CASE WHEN n > 28 THEN %(before)s ELSE %(lately)s END, now()"
            " FROM generate_series(1, 56) n"
            " ON CONFLICT ON CONSTRAINT slices_pkey DO UPDATE SET row_count = excluded.row_count",
            {"today": today, "before": before, "lately": lately},  # type: ignore[arg-type]
        )
        return [found.reason for found in findings(warehouse, "growth")]

    assert findings(warehouse, "growth") == []
    assert weigh(100, 150) == []
    assert weigh(100, 300) == ["grew from 2,800 rows in four weeks to 8,400"]
    assert weigh(100, 10) == ["shrank from 2,800 rows in four weeks to 280"]
    # Few rows double by chance.
    assert weigh(2, 8) == []


def test_a_closed_year_is_to_be_folded_when_it_is_complete(warehouse: Warehouse) -> None:
    succeed(warehouse, "backfill", "marks", "--tenant", "acme", "--from", "2024-01-02", "--to", "2024-12-31")
    (found,) = findings(warehouse, "years")
    assert found.reason == "2024 has 365 of 366 days: as it is, it cannot be folded"
    mend(warehouse, found)
    (found,) = findings(warehouse, "years")
    assert found.reason == "2024 is complete, and not folded into a yearly table"
    mend(warehouse, found)
    assert findings(warehouse, "years") == []


def test_a_tenant_that_was_left_alone_is_behind(warehouse: Warehouse, today: date) -> None:
    """Its newest days never came."""
    warehouse.run("DROP VIEW brook.ticks CASCADE")
    for n in range(3):
        warehouse.run(f"DROP MATERIALIZED VIEW brook.ticks_{today - timedelta(days=n):%Y_%m_%d}".encode())  # type: ignore[arg-type]
    warehouse.run(
        "DELETE FROM _wh.slices WHERE schema_name = 'brook' AND slice_date > %s", (today - timedelta(days=3),)
    )
    warehouse.run(
        "UPDATE _wh.slices SET loaded_at = loaded_at - interval '3 days' WHERE schema_name = 'brook'"
    )
    (found,) = findings(warehouse, "freshness")
    assert found.severity is E
    assert found.reason == f"the newest day is {today - timedelta(days=3)}; the last load was 3 days ago"
    mend(warehouse, found)
    assert findings(warehouse, "freshness") == []


def test_what_is_read_of_a_feed_does_not_grow_with_its_days(warehouse: Warehouse, healthy: Healthy) -> None:
    warehouse.run("UPDATE _wh.feeds SET first_day = '2004-02-29' WHERE schema_name = 'acme'")
    warehouse.run(
        "INSERT INTO _wh.slices (schema_name, template_name, slice_date, status, error, failed_at)"
        " SELECT 'acme', 'ticks', d, 'failed', 'no', now()"
        " FROM generate_series('2010-01-01', '2021-12-31', interval '1 day') d WHERE d <> '2020-02-29'"
    )
    with session(warehouse.admin.conninfo) as opened, session(warehouse.admin.conninfo, role=None) as login:
        feeds = {str(feed): feed for feed in Examined(warehouse.admin.conninfo, opened, login).feeds}
    assert len(repr(feeds["acme.ticks"])) < 10_000
    found = {finding.reason for finding in findings(warehouse, "slices") if finding.subject == "acme.ticks"}
    assert found == {
        "the last load of 2010-01-01 to 2020-02-28, 2020-03-01 to 2021-12-31 failed: no",
        f"2004-02-29 to 2009-12-31, 2020-02-29, 2022-01-01 to {healthy.first - timedelta(days=1)} are missing",
    }


def test_no_check_reads_a_row_for_each_day(warehouse: Warehouse) -> None:
    warehouse.run(
        "INSERT INTO _wh.slices (schema_name, template_name, slice_date, status, error, failed_at)"
        " SELECT 'acme', 'ticks', d, 'failed', 'no', now()"
        " FROM generate_series('2010-01-01', '2021-12-31', interval '1 day') d"
    )
    read = {}

    class Counted(Examined):
        def rows(self, name: str, **parameters: Any) -> list[tuple[Any, ...]]:
            found = super().rows(name, **parameters)
            read[name] = len(found)
            return found

    with session(warehouse.admin.conninfo) as opened, session(warehouse.admin.conninfo, role=None) as login:
        for _ in health.examine(Counted(warehouse.admin.conninfo, opened, login, source_limit=1)):
            pass
    assert {name: number for name, number in read.items() if number > 1_000} == {}


def test_jobs_that_went_wrong_are_found(warehouse: Warehouse) -> None:
    jobs = dict(warehouse.rows("SELECT jobname::text, jobid FROM cron.job"))
    record: LiteralString = "INSERT INTO cron.job_run_details (jobid, status, return_message, start_time, end_time) VALUES (%s, %s, %s, %s, %s)"
    now = warehouse.value("SELECT now()")
    for job, status, age in (
        ("ticks_update_acme", "failed", 0),
        ("marks_update_acme", "succeeded", 0),
        ("ticks_update_brook", "succeeded", 3),
    ):
        at = now - timedelta(hours=age)
        warehouse.run(record, (jobs[job], status, "ERROR: out of cheese", at, at))
    warehouse.run("UPDATE cron.job SET active = false WHERE jobname = 'acme_marks_2week_refresh'")
    warehouse.run("DELETE FROM cron.job WHERE jobname IN ('brook_ticks_2week_refresh')")
    warehouse.run(
        "SELECT cron.schedule('old', '1 1 * * *', $$SELECT _wh.update_mv_by_template('ticks', 'gone', 'gone')$$)"
    )
    found = {finding.subject: finding for finding in findings(warehouse, "jobs")}
    assert {subject: finding.severity for subject, finding in found.items()} == {
        "scheduler": E,
        "ticks_update_acme": E,
        "ticks_update_brook": W,
        "acme_marks_2week_refresh": N,
        "brook.ticks": N,
        "old": W,
    }
    assert found["ticks_update_acme"].reason.endswith("failed: ERROR: out of cheese")
    assert found["scheduler"].command == "tenantry scheduler"
    with scheduler(warehouse):
        for subject in found.keys() - {"scheduler"}:
            mend(warehouse, found[subject])
        assert findings(warehouse, "jobs") == []


def test_a_failed_job_is_forgotten_when_its_days_are_loaded_by_hand(warehouse: Warehouse) -> None:
    warehouse.run(
        "INSERT INTO cron.job_run_details (jobid, status, return_message, start_time, end_time)"
        " SELECT jobid, 'failed', 'out of cheese', now(), now() FROM cron.job WHERE jobname = 'ticks_update_acme'"
    )
    with scheduler(warehouse):
        assert [f.severity for f in findings(warehouse, "jobs")] == [E]
        succeed(warehouse, "refresh", "ticks", "--tenant", "acme")
        assert findings(warehouse, "jobs") == []


def test_a_tenant_without_jobs_is_found(warehouse: Warehouse) -> None:
    warehouse.run("DELETE FROM cron.job WHERE command LIKE '%brook%'")
    with scheduler(warehouse):
        (found,) = findings(warehouse, "jobs")
        assert (found.severity, found.subject, found.reason) == (W, "brook.ticks", "no job loads it")
        mend(warehouse, found)
        assert findings(warehouse, "jobs") == []


def test_a_tenant_that_is_disabled_is_left_alone(warehouse: Warehouse, day: date) -> None:
    succeed(warehouse, "tenant", "disable", "brook", "--reason", "it did not pay")
    warehouse.run("UPDATE _wh.slices SET loaded_at = slice_date WHERE schema_name = 'brook'")
    warehouse.run("UPDATE _wh.tenant_connections SET port = 1 WHERE tenant_name = 'brook'")
    warehouse.run("DROP MATERIALIZED VIEW brook.ticks_{} CASCADE".format(f"{day:%Y_%m_%d}").encode())  # type: ignore[arg-type]
    warehouse.run("SELECT _wh.update_public_view_by_template('ticks')")
    with scheduler(warehouse):
        found = findings(warehouse, "jobs", "sources", "slices", "freshness", "views")
    assert [(f.severity, f.subject) for f in found] == [(N, "brook"), (N, "brook"), (N, "brook.ticks")]
    assert found[1].reason.endswith(": it did not pay")


def test_sources_that_refuse_or_hang_are_told_apart_and_the_others_are_asked(warehouse: Warehouse) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        warehouse.run("UPDATE _wh.tenant_connections SET password = 'wrong' WHERE tenant_name = 'acme'")
        warehouse.run(
            "UPDATE _wh.tenant_connections SET port = %s WHERE tenant_name = 'brook'",
            (silent.getsockname()[1],),
        )
        refused, hung = sorted(findings(warehouse, "sources", source_limit=4), key=lambda f: f.subject)
    assert "password authentication failed" in refused.reason
    assert "s3cret" not in refused.reason
    assert hung.reason == "the source does not answer within 4 s"
    assert (hung.severity, hung.command) == (E, "tenantry tenant test brook")
    warehouse.run("DELETE FROM _wh.tenant_connections WHERE tenant_name = 'acme'")
    (lost,) = findings(warehouse, "sources", tenant="acme")
    assert lost.reason == "the connection is missing, and acme is loaded through it"


def test_a_source_with_a_wrong_clock_is_found(warehouse: Warehouse, own_source: Source) -> None:
    own_source.run(
        "CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS"
        " $$ SELECT pg_catalog.clock_timestamp() - interval '1 minute' $$"
    )
    own_source.run(f"ALTER DATABASE {own_source.name} SET search_path = public, pg_catalog".encode())  # type: ignore[arg-type]
    (found, _) = findings(warehouse, "sources")
    assert found.severity is W
    assert found.reason.startswith("the source's clock is 60 s behind the warehouse's")


def test_sessions_that_hold_others_up_are_found(warehouse: Warehouse) -> None:
    at_once = timedelta(0)
    with psycopg.connect(warehouse.admin.conninfo) as idle, warehouse.connect() as waiting:
        idle.execute("LOCK TABLE _wh.function_logs")
        pid = waiting.info.backend_pid
        waiting.pgconn.send_query(b"SELECT count(*) FROM _wh.function_logs")
        wait_until(lambda: warehouse.admin.value("SELECT cardinality(pg_blocking_pids(%s))", (pid,)) == 1)
        found = {(f.subject, f.command) for f in findings(warehouse, "sessions", patience=at_once)}
        blocker = idle.info.backend_pid
        assert found == {
            (f"session {blocker}", f"SELECT pg_terminate_backend({blocker});"),
            (f"session {pid}", f"tenantry queries --cancel {pid}"),
            (f"session {pid}", f"tenantry queries --cancel {blocker}"),
        }
        assert findings(warehouse, "sessions") == []
        shown = {one["pid"]: one for one in succeed(warehouse.admin, "queries", "--json").json["running"]}
        assert shown[pid]["blocked_by"] == [blocker]
        succeed(warehouse, "queries", "--cancel", pid)
        assert b"canceling statement" in waiting.pgconn.get_result().error_message  # type: ignore[union-attr]
        assert waiting.pgconn.get_result() is None
    gone = run(warehouse, "queries", "--cancel", 1)
    assert (gone.code, gone.errors) == (2, ["this database has no session 1"])


def test_a_table_with_many_dead_rows_is_found(warehouse: Warehouse) -> None:
    with warehouse.connect() as session:
        session.execute(
            'CREATE TABLE _wh_data."acme.ticks_2021" (id int, at timestamptz, value int) WITH (autovacuum_enabled = false)'
        )
        session.execute('INSERT INTO _wh_data."acme.ticks_2021" SELECT generate_series(1, 3000)')
        session.execute('DELETE FROM _wh_data."acme.ticks_2021" WHERE id > 1000')
    wait_until(lambda: findings(warehouse, "vacuum") != [])
    (found,) = findings(warehouse, "vacuum")
    assert found.reason == "2,000 dead rows next to 1,000; last vacuumed: never"
    mend(warehouse, found)
    wait_until(lambda: findings(warehouse, "vacuum") == [])


def test_a_table_that_no_tenant_has_is_found(warehouse: Warehouse) -> None:
    warehouse.run('CREATE TABLE _wh_data."gone.ticks" (id int, at date) PARTITION BY RANGE (at)')
    warehouse.run(
        'CREATE TABLE _wh_data."gone.ticks_2024" PARTITION OF _wh_data."gone.ticks"'
        " FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')"
    )
    (found,) = findings(warehouse, "leftovers")
    assert (found.severity, found.subject) == (W, '_wh_data."gone.ticks"')
    mend(warehouse, found)
    assert findings(warehouse, "leftovers") == []


def test_what_a_move_leaves_is_found(warehouse: Warehouse) -> None:
    state = None
    with warehouse.connect() as session:
        while state is None or state["phase"] != "hold":
            row = session.execute(
                "SELECT _wh_internal.move_step('ticks', 'brook', 'partition', %s)",
                (None if state is None else psycopg.types.json.Jsonb(state),),
            ).fetchone()
            assert row is not None
            state = row[0]
    (broken_off,) = findings(warehouse, "leftovers")
    assert broken_off.severity is W
    mend(warehouse, broken_off)
    (aside,) = findings(warehouse, "leftovers")
    assert (aside.severity, aside.command) == (N, "tenantry template drop-old ticks --tenant brook")
    mend(warehouse, aside)
    assert findings(warehouse, "leftovers") == []


@pytest.mark.any_server
def test_a_small_server_is_found_too_small(make_server: Callable[..., Server]) -> None:
    """Its lock table, its connections, a forgotten transaction, and statements that take long."""
    server = make_server(
        max_connections="12",
        max_locks_per_transaction="64",
        max_prepared_transactions="2",
        max_wal_senders="0",
        max_worker_processes="0",
        shared_preload_libraries="pg_stat_statements",
    )
    server.start()
    small = Warehouse(server, "postgres", "postgres")
    for role in ("whadmin", "phood_ro"):
        server.save_password(role, "known")
    succeed(small, "init", env={"TENANTRY_WHADMIN_PASSWORD": "known", "TENANTRY_READER_PASSWORD": "known"})
    assert [f.command for f in findings(small, "queries")] == [
        "CREATE EXTENSION pg_stat_statements; -- as the administrator"
    ]
    unknown = run(small, "queries", "--slow")
    assert (unknown.code, unknown.errors) == (
        1,
        ["slow statements are not known: the extension pg_stat_statements is not created"],
    )
    small.run("CREATE EXTENSION pg_stat_statements")
    # On a busy machine, parts of the installation take a second, too.
    small.run("SELECT pg_stat_statements_reset()")
    small.run("SELECT pg_sleep(1.01)")
    (slow,) = findings(small, "queries")
    assert (
        slow.reason
        == "1 statement takes more than a second each time; the longest in total: SELECT pg_sleep($1)"
    )
    assert succeed(small, "queries", "--slow", "--json").json["slow"][0]["calls"] == 1

    small.run("BEGIN; CREATE TABLE held (); PREPARE TRANSACTION 'forgotten'")
    (prepared,) = findings(small, "sessions", patience=timedelta(0))
    assert prepared.command == "ROLLBACK PREPARED 'forgotten'; -- as postgres"

    small.run(
        "CREATE SCHEMA acme AUTHORIZATION whadmin; INSERT INTO _wh.tenants VALUES ('acme', 'acme'); INSERT INTO _wh.feeds VALUES ('acme', 'foodlogstats', 'acme')"
    )
    add = "CREATE TABLE acme.foodlogstats_%s (a int, b int); " + "".join(
        f"CREATE INDEX ON acme.foodlogstats_%s (a, b) WITH (fillfactor = {50 + n});" for n in range(9)
    )
    with small.connect() as session:
        for first, last, found in ((1000, 1050, [W]), (1050, 1110, [E])):
            for year in range(first, last):
                session.execute(add.replace("%s", str(year)).encode())
            assert [f.severity for f in findings(small, "locks")] == found
    (locks,) = findings(small, "locks")
    assert "of one tenant locks 1,103 relations, and one report is sure of" in locks.reason
    assert locks.command == "tenantry template set-storage foodlogstats partition"

    with small.connect(), small.connect(), small.connect():
        (full,) = findings(small, "connections")
    assert full.subject == "max_connections"


def test_every_check_asks_a_question() -> None:
    assert len({check.name for check in health.CHECKS}) == len(health.CHECKS)
    assert all(check.asks.endswith("?") for check in health.CHECKS)
