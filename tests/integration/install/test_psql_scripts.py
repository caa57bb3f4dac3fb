"""The scripts for people with psql, or a GUI, and no Python: they do what `install` does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from pglast import split

from tenantry.db.build import build, hashed
from tenantry.db.install import install
from tenantry.db.scripts import create_sql, functions_sql
from tenantry.embedded import Server
from tests.support.databases import Database, Maker, Source, Warehouse
from tests.support.program import succeed
from tests.support.psql import SQL, psql, run_scripts
from tests.support.rights import rights

DAY = date(2024, 3, 10)

DROP_ALL = """
DO $$
DECLARE
    func_record RECORD;
BEGIN
    FOR func_record IN
        SELECT routine_name, routine_type
        FROM information_schema.routines
        WHERE routine_schema = '_wh'
        AND routine_type = 'FUNCTION'
    LOOP
        EXECUTE 'DROP FUNCTION IF EXISTS _wh.' || func_record.routine_name || ' CASCADE';
        RAISE NOTICE 'Dropped function: %', func_record.routine_name;
    END LOOP;
END $$;
"""

DROP_TWO = """
DROP FUNCTION IF EXISTS _wh.update_mv_by_template(text, text, text, date, boolean, boolean) CASCADE;
DROP FUNCTION IF EXISTS _wh.update_mv_window_by_template(text, text, text, date, date) CASCADE;
"""


def gui(database: Database) -> None:
    """What DBeaver does: drop the functions one by one, then send the script a statement at a time."""
    with database.connect() as session:
        for (signature,) in session.execute(
            "SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = '_wh'::regnamespace AND prokind = 'f'"
        ).fetchall():
            session.execute(f"DROP FUNCTION {signature}".encode())
        for statement in split((SQL / "functions.sql").read_text()):
            session.execute(statement.encode())


def command_line(database: Database) -> None:
    """psql: the manual's loop, then the script."""
    done = psql(database, "--set=ON_ERROR_STOP=on", text=f"{DROP_ALL}\n\\i {SQL}/functions.sql\n")
    assert done.returncode == 0, done.stderr
    assert "Dropped function: update_mv_by_template" in done.stderr


def replace(database: Database) -> None:
    """Only the script, over what is there."""
    run_scripts(database, "functions.sql")


def individual(database: Database) -> None:
    """Two functions dropped, then the script."""
    done = psql(database, "--set=ON_ERROR_STOP=on", text=f"{DROP_TWO}\n\\i {SQL}/functions.sql\n")
    assert done.returncode == 0, done.stderr


def whadmin(database: Database) -> Database:
    return Database(database.server, database.name, "whadmin")


def snapshot(database: Database) -> list[object]:
    """All that must survive: objects with their rights, views, triggers, connections, templates and data."""
    return [
        rights(database),
        *(
            database.rows(query)
            for query in (
                "SELECT schemaname, viewname, definition FROM pg_views WHERE schemaname IN ('acme', 'public') ORDER BY 1, 2",
                (
                    "SELECT tgrelid::regclass::text, tgname::text, pg_get_triggerdef(oid), tgenabled FROM pg_trigger"
                    " WHERE NOT tgisinternal ORDER BY 1, 2"
                ),
                (
                    "SELECT p.oid::regprocedure::text, md5(prosrc), proconfig, provolatile FROM pg_proc p"
                    " WHERE pronamespace::regnamespace::text IN ('_wh', '_wh_internal', 'cron') ORDER BY 1"
                ),
                "SELECT srvname::text, srvoptions, umoptions FROM pg_user_mappings JOIN pg_foreign_server USING (srvname)",
                "SELECT tenant_name, host, dbname, username FROM _wh.tenant_connections",
                "SELECT template_name, query_template, indexes FROM _wh.mv_templates ORDER BY 1",
                "SELECT schema_name, slice_date, status, row_count FROM _wh.slices",
                "SELECT * FROM public.foodlogstats ORDER BY id",
                "SELECT * FROM acme.foodlogstats ORDER BY id",
                "SELECT relacl::text FROM pg_class WHERE relname = 'foodlogstats' ORDER BY relnamespace",
            )
        ),
    ]


@pytest.fixture
def loaded(acme: Warehouse, source: Source) -> Warehouse:
    """One slice of acme, its tenant view and the public view, with a grant of the operator's own on each."""
    source.fill(DAY, 1)
    acme.load(DAY, DAY)
    acme.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    acme.run("GRANT SELECT ON acme.foodlogstats, public.foodlogstats TO pg_monitor")
    return acme


@pytest.fixture
def empty(server: Server, maker: Maker) -> Database:
    """A database that was never installed, as the administrator; the roles are there from other tests."""
    return Database(server, maker.clone("template1", "empty"), "postgres")


def test_the_scripts_say_what_their_parts_say() -> None:
    """After a change of the parts: make sql."""
    assert (SQL / "functions.sql").read_text(encoding="utf-8") == functions_sql(), "run: make sql"
    assert (SQL / "create.sql").read_text(encoding="utf-8") == create_sql(), "run: make sql"
    assert build().functions == hashed(), "run: make sql"


def test_functions_sql_has_nothing_that_a_gui_would_not_send_as_it_is() -> None:
    text = functions_sql()
    assert [line for line in text.splitlines() if line.startswith("\\")] == []
    assert "${" not in text  # a variable, to DBeaver
    statements = split(text)
    assert (statements[0], statements[2], statements[-2]) == ("BEGIN", "SET LOCAL ROLE whadmin", "COMMIT")
    assert (
        statements[1]
        == statements[-1]
        == (SQL / "install" / "refuse_superuser.sql").read_text().split("\n", 2)[2].strip(";\n")
    )


@pytest.mark.parametrize("update", [gui, command_line, replace, individual])
def test_functions_are_updated_in_each_of_the_four_ways_and_all_else_survives(
    loaded: Warehouse, source: Source, update: Callable[[Database], None]
) -> None:
    before = snapshot(loaded)
    update(loaded)
    assert snapshot(loaded) == before

    source.log([(1, "2024-03-10 12:00:00+00")])
    assert loaded.value("SELECT _wh.update_mv_by_template('foodlogstats', 'acme', 'acme', '2024-03-10')")
    assert loaded.load(DAY, date(2024, 3, 11))["processed_mvs"] == 2
    assert loaded.reader.value("SELECT count(*) FROM public.foodlogstats") == 4
    loaded.connect_to(source, "second")
    assert loaded.value("SELECT count(*) FROM _wh.tenant_connections WHERE password IS NULL") == 2
    loaded.run("DELETE FROM _wh.tenant_connections WHERE tenant_name = 'second'")
    assert loaded.rows("SELECT srvname::text FROM pg_foreign_server") == [(loaded.server_of(),)]


def test_psql_makes_the_same_warehouse_as_python_and_makes_it_again_without_harm(
    empty: Database, warehouse: Warehouse
) -> None:
    for _ in range(2):
        run_scripts(empty, "create.sql")
        run_scripts(whadmin(empty), "functions.sql", "template-foodlogstats.sql")
        assert rights(empty) == rights(warehouse)
        assert snapshot_of_empty(empty) == snapshot_of_empty(warehouse)
    with empty.connect() as session:
        assert install(session, {}) == []


def snapshot_of_empty(database: Database) -> list[object]:
    """Definitions of what an installation makes."""
    return [
        database.rows(query)
        for query in (
            (
                "SELECT p.oid::regprocedure::text, md5(prosrc), proconfig, obj_description(p.oid) FROM pg_proc p"
                " WHERE pronamespace::regnamespace::text IN ('_wh', '_wh_internal', 'cron') ORDER BY 1"
            ),
            (
                "SELECT attrelid::regclass::text, attnum, attname::text, format_type(atttypid, atttypmod), attnotnull,"
                " pg_get_expr(adbin, adrelid) FROM pg_attribute JOIN pg_class c ON c.oid = attrelid"
                " LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
                " WHERE relnamespace::regnamespace::text IN ('_wh', 'cron') AND attnum > 0 ORDER BY 1, 2"
            ),
            (
                "SELECT conrelid::regclass::text, conname::text, pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE connamespace::regnamespace::text IN ('_wh', 'cron') ORDER BY 1, 2"
            ),
            (
                "SELECT tgrelid::regclass::text, tgname::text, pg_get_triggerdef(oid) FROM pg_trigger"
                " WHERE NOT tgisinternal ORDER BY 1, 2"
            ),
            "SELECT version, name, sha256 FROM _wh.migrations ORDER BY 1",
            "SELECT template_name, query_template, column_definitions, indexes, time_column FROM _wh.mv_templates",
        )
    ]


def test_functions_sql_refuses_a_newer_warehouse_and_a_changed_migration_and_changes_nothing(
    warehouse: Warehouse,
) -> None:
    warehouse.run("DROP FUNCTION _wh.refresh_mv")
    for change, reason in (
        (
            "INSERT INTO _wh.migrations VALUES (9999, 'later', '')",
            "migration 9999 (later), which is unknown in these files",
        ),
        (
            "UPDATE _wh.migrations SET sha256 = 'other' WHERE version = 1",
            "migration 1 (initial), which is different",
        ),
    ):
        with warehouse.connect() as session:
            session.execute(change.encode())
        done = psql(warehouse, "--set=ON_ERROR_STOP=on", f"--file={SQL / 'functions.sql'}")
        assert done.returncode == 3
        assert reason in done.stderr
        assert warehouse.value("SELECT to_regproc('_wh.refresh_mv')") is None
        warehouse.run("DELETE FROM _wh.migrations WHERE version = 9999")


TRAP = """
CREATE FUNCTION _wh.trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    BEGIN
        RESET ROLE;
        ALTER ROLE whadmin SUPERUSER;
    EXCEPTION WHEN insufficient_privilege THEN NULL;
    END;
    RETURN NEW;
END $$;
CREATE TRIGGER trap BEFORE INSERT OR UPDATE ON _wh.mv_templates FOR EACH ROW EXECUTE FUNCTION _wh.trap();
CREATE TRIGGER trap BEFORE INSERT OR UPDATE ON _wh.migrations FOR EACH ROW EXECUTE FUNCTION _wh.trap();
CREATE TRIGGER trap BEFORE INSERT OR UPDATE ON _wh.installations FOR EACH ROW EXECUTE FUNCTION _wh.trap();
CREATE TRIGGER trap BEFORE INSERT OR UPDATE ON cron.job FOR EACH ROW EXECUTE FUNCTION _wh.trap();
DELETE FROM _wh.migrations WHERE version = 14;
INSERT INTO _wh.installations (version, functions) VALUES ('0.0.1', 'older');
"""
"""What somebody with whadmin's password leaves for an administrator."""


def test_no_script_runs_what_whadmin_can_change_in_a_superusers_session(warehouse: Warehouse) -> None:
    warehouse.run("ALTER TABLE _wh.tenant_connections DROP COLUMN password_set_at CASCADE")
    with warehouse.connect() as session:
        session.execute(TRAP.encode())
    try:
        for script in ("create.sql", "functions.sql", "template-foodlogstats.sql", "cron.sql"):
            done = psql(warehouse.admin, f"--file={SQL / script}", variables={"tenant": "acme"})
            assert warehouse.value("SELECT rolsuper FROM pg_roles WHERE rolname = 'whadmin'") is False, script
            assert warehouse.value("SELECT count(*) FROM _wh.migrations WHERE version = 14") == 0, script
            refused = "ERROR:  a superuser must not run this script" in done.stderr
            assert refused is (script != "create.sql"), script
            assert not refused or "Run it as whadmin" in "".join(done.stderr.splitlines()[-2:]), script
    finally:
        warehouse.admin.run("ALTER ROLE whadmin NOSUPERUSER")


def test_a_warehouse_of_an_older_version_is_brought_up_to_date_with_psql_alone(loaded: Warehouse) -> None:
    """The administrator's part, then whadmin's, which says so if the first is missing; connections, templates and data stay."""
    versions: LiteralString = "SELECT version, sha256 FROM _wh.migrations ORDER BY 1"
    before = [*snapshot(loaded), loaded.rows(versions)]
    loaded.admin.run("DROP SCHEMA _wh_audit CASCADE")
    loaded.run("DROP TABLE _wh.installations")
    loaded.run("ALTER TABLE _wh.tenant_connections DROP COLUMN password_set_at")
    loaded.run("DELETE FROM _wh.migrations WHERE name IN ('installations', 'password_age')")
    loaded.run("DROP FUNCTION _wh.refresh_mv")
    done = psql(loaded, "--set=ON_ERROR_STOP=on", f"--file={SQL / 'functions.sql'}")
    assert "lacks roles or schemas that this version needs" in done.stderr
    assert "Run create.sql first, as the administrator." in done.stderr
    run_scripts(loaded.admin, "create.sql")
    run_scripts(loaded, "functions.sql", "template-foodlogstats.sql")
    assert [*snapshot(loaded), loaded.rows(versions)] == before
    assert loaded.load(DAY, DAY)["processed_mvs"] == 1


def test_the_manual_begins_on_a_new_server_with_psql_alone_and_no_password_reaches_the_log(
    make_server: Callable[..., Server],
) -> None:
    server = make_server(log_statement="all", log_min_duration_statement="0")
    server.start()
    secrets = {"whadmin": 'it\'s \\a "pearl" :x', "phood_ro": "another $$pearl$$"}
    for role, secret in secrets.items():
        server.save_password(role, secret)
    admin = Database(server, "postgres", "postgres")
    done = psql(
        admin,
        variables={"whadmin_password": secrets["whadmin"], "reader_password": secrets["phood_ro"]},
        text=f"\\i {SQL}/create.sql\n"
        # As in the manual. The password comes from libpq's file.
        "\\c postgres whadmin\n"
        f"\\i {SQL}/functions.sql\n"
        f"\\i {SQL}/template-foodlogstats.sql\n"
        "SELECT current_user, _wh.current_date_utc() = (now() AT TIME ZONE 'UTC')::date;\n",
    )
    assert done.returncode == 0
    assert "ERROR" not in done.stderr, done.stderr
    assert "whadmin      | t" in done.stdout
    log = (server.directory / "server.log").read_text()
    assert "CREATE ROLE whadmin" in log
    assert "pearl" not in log

    def both_log_in() -> None:
        for role in secrets:
            with psycopg.connect(server.conninfo(role)) as session:
                assert session.execute("SELECT current_user").fetchone() == (role,)

    both_log_in()

    # A second warehouse of the server has the same roles, and keeps their passwords unless it is told otherwise.
    admin.run("CREATE DATABASE second")
    second = Database(server, "second", "postgres")
    others = {"whadmin_password": "new", "reader_password": "new"}
    done = run_scripts(second, "create.sql", variables=others)
    assert [line for line in done.stdout.splitlines() if "existed and keeps its password" in line] == [
        f"{role} existed and keeps its password; to replace it: -v replace_passwords=on, or \\password {role}"
        for role in secrets
    ]
    both_log_in()
    told = succeed(second, "init", env={"TENANTRY_WHADMIN_PASSWORD": secrets["whadmin"]})
    assert "whadmin: replaced, for all warehouses of this server" in told.err
    both_log_in()
    run_scripts(second, "create.sql", variables=others | {"replace_passwords": "on"})
    for role in secrets:
        server.save_password(role, "new")
    both_log_in()


def test_cron_sql_schedules_the_three_jobs_of_a_tenant_as_whadmin(warehouse: Warehouse) -> None:
    for variables in ({"hourly": "59"}, {"hourly": "12", "nightly": "34 8", "yearly": "20 7"}):
        run_scripts(
            warehouse, "cron.sql", variables={"tenant": "new'tenant", "connection": "conn"} | variables
        )
    assert warehouse.rows(
        "SELECT jobname::text, schedule, command, username, active FROM cron.job ORDER BY 1"
    ) == [
        (
            "foodlogstats_update_new'tenant",
            "12 * * * *",
            "SELECT _wh.update_mv_by_template('foodlogstats', 'conn', 'new''tenant', _wh.current_date_utc());",
            "whadmin",
            True,
        ),
        (
            "new'tenant_2week_refresh",
            "34 8 * * *",
            "CALL _wh.refresh_window('foodlogstats', 'conn', 'new''tenant');",
            "whadmin",
            True,
        ),
        (
            "yearly_combination_new'tenant",
            "20 7 15 2 *",
            (
                "SELECT _wh.create_combined_table_from_template_by_year('foodlogstats', 'new''tenant',"
                " EXTRACT(YEAR FROM _wh.current_date_utc() - INTERVAL '1 year')::integer);"
            ),
            "whadmin",
            True,
        ),
    ]


def test_cron_sql_takes_many_tenants_from_one_file_and_tells_templates_apart(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    jobs = tmp_path / "jobs.sql"
    jobs.write_text(
        f"\\set tenant one\n\\set hourly 10\n\\i {SQL}/cron.sql\n"
        f"\\set tenant one\n\\set template stock\n\\i {SQL}/cron.sql\n"
        f"\\set tenant {'x' * 63}\n\\set nightly '32 8'\n\\i {SQL}/cron.sql\n"
        f"\\i {SQL}/cron.sql\n"
    )
    done = psql(warehouse, f"--file={jobs}")
    assert done.stderr.count("cron.sql needs the tenant") == 1
    names = {name for (name,) in warehouse.rows("SELECT jobname::text FROM cron.job")}
    assert len(names) == 9
    assert {"one_2week_refresh", "one_2week_refresh_stock", "stock_update_one"} < names
    assert warehouse.value("SELECT count(*) FROM cron.job WHERE schedule = '32 8 * * *'") == 1
