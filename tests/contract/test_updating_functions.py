"""Manual, "Updating Warehouse Functions": dropped, loaded again, verified and mended."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import psycopg
import pytest

from tests.contract.roles import AS_EITHER, acting, either
from tests.support.databases import Database, Source, Warehouse
from tests.support.psql import SQL, psql

DAY = date(2023, 6, 1)

DROP_EACH = """
DO $$
DECLARE
    routine RECORD;
BEGIN
    FOR routine IN
        SELECT routine_name, routine_type
        FROM information_schema.routines
        WHERE routine_schema = '_wh' AND routine_type = 'FUNCTION'
    LOOP
        EXECUTE 'DROP FUNCTION IF EXISTS _wh.' || routine.routine_name || ' CASCADE';
        RAISE NOTICE 'gone: %', routine.routine_name;
    END LOOP;
END $$;
"""

DROP_TWO = """
DROP FUNCTION IF EXISTS _wh.update_mv_by_template(text, text, text, date, boolean, boolean) CASCADE;
DROP FUNCTION IF EXISTS _wh.update_mv_window_by_template(text, text, text, date, date) CASCADE;
"""

ROUTINES = """
SELECT routine_name, routine_type, data_type FROM information_schema.routines
WHERE routine_schema = '_wh' ORDER BY routine_name
"""

PERMISSIONS = """
SELECT p.proname AS function_name, array_to_string(p.proacl, ', ') AS permissions
FROM pg_proc p JOIN pg_namespace n ON p.pronamespace = n.oid WHERE n.nspname = '_wh' ORDER BY p.proname
"""

OPERATORS_FUNCTIONS = {
    "check_views_by_template_for_year",
    "create_combined_table_from_template_by_year",
    "create_foodlogstats_mv",
    "create_mv_from_template",
    "create_mv_name",
    "current_date_utc",
    "does_mv_exist",
    "get_tenant_connection_string",
    "refresh_mv",
    "update_foodlogstats",
    "update_mv_by_template",
    "update_mv_core",
    "update_mv_window",
    "update_mv_window_by_template",
    "update_public_view_by_template",
    "update_tenant_union_view_by_template",
    "update_tenant_view",
}
"""Those that the manual calls, or writes functions like."""


@pytest.fixture
def loaded(acme: Warehouse, source: Source) -> Warehouse:
    """One slice of three rows, in all views."""
    source.fill(DAY, 2)
    acme.load(DAY, DAY)
    acme.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    return acme


def run_psql(database: Database, *arguments: str, text: str = "") -> str:
    """Run psql until the first error, of which there must be none; returns its messages."""
    done = psql(database, "--set=ON_ERROR_STOP=on", *arguments, text=text)
    assert done.returncode == 0, done.stderr
    return done.stderr


def functions(database: Database) -> dict[str, tuple[str, str]]:
    """Kind and result of each routine of _wh, as the manual lists them."""
    return {name: (kind, result) for name, kind, result in database.rows(ROUTINES)}


def loads_a_day(warehouse: Warehouse) -> bool:
    """Whether the functions work: another day comes in, and readers see it."""
    assert (
        warehouse.value("SELECT _wh.update_mv_by_template('foodlogstats', 'acme', 'acme', '2023-06-02')")
        is True
    )
    seen: int = warehouse.reader.value("SELECT count(*) FROM public.foodlogstats")
    return seen == 6


@AS_EITHER
def test_the_loop_drops_every_function_and_keeps_connections_templates_and_data(
    loaded: Warehouse, role: str
) -> None:
    messages = run_psql(acting(loaded, role), text=DROP_EACH)
    assert "gone: update_mv_by_template" in messages
    assert [name for name, (kind, _) in functions(loaded).items() if kind == "FUNCTION"] == []
    assert loaded.rows("SELECT tenant_name FROM _wh.tenant_connections") == [("acme",)]
    assert loaded.rows("SELECT template_name FROM _wh.mv_templates") == [("foodlogstats",)]
    assert loaded.reader.value("SELECT count(*) FROM public.foodlogstats") == 3


@AS_EITHER
def test_the_functions_script_brings_dropped_functions_back(loaded: Warehouse, role: str) -> None:
    before = functions(loaded)
    run_psql(acting(loaded, role), text=DROP_EACH)
    run_psql(loaded, f"--file={SQL / 'functions.sql'}")
    assert functions(loaded) == before
    assert loads_a_day(loaded)


def test_the_functions_script_alone_replaces_what_is_there(loaded: Warehouse) -> None:
    loaded.run(
        "CREATE OR REPLACE FUNCTION _wh.current_date_utc() RETURNS date LANGUAGE sql AS $$ SELECT NULL::date $$"
    )
    run_psql(loaded, f"--file={SQL / 'functions.sql'}")
    assert loaded.value("SELECT _wh.current_date_utc()") is not None
    assert loads_a_day(loaded)


@AS_EITHER
def test_single_functions_are_dropped_and_come_back_with_the_script(loaded: Warehouse, role: str) -> None:
    """Ours take timestamps, so the signatures find nothing to drop, and say so; the script replaces the two in any case."""
    before = functions(loaded)
    messages = run_psql(acting(loaded, role), text=DROP_TWO)
    assert messages.count("does not exist, skipping") == 2
    run_psql(loaded, text=f"\\i {SQL}/functions.sql\n")
    assert functions(loaded) == before
    assert loads_a_day(loaded)


def test_every_function_of_the_manual_is_listed(warehouse: Warehouse) -> None:
    for database in either(warehouse):
        listed = functions(database)
        assert listed.keys() >= OPERATORS_FUNCTIONS
        assert listed["update_mv_by_template"] == ("FUNCTION", "boolean")
        assert listed["update_mv_window"] == ("FUNCTION", "jsonb")


def test_the_critical_function_answers_with_the_day_in_utc(warehouse: Warehouse) -> None:
    before = datetime.now(UTC).date()
    for database in either(warehouse):
        assert before <= database.value("SELECT _wh.current_date_utc()") <= datetime.now(UTC).date()


def test_the_permissions_show_whadmin_and_groups_and_nobody_else(warehouse: Warehouse) -> None:
    for database in either(warehouse):
        listed = dict(database.rows(PERMISSIONS))
        assert listed.keys() >= OPERATORS_FUNCTIONS
        # And groups, which are given to people, for what theirs is.
        shown = {
            re.sub(r", tenantry_(operator|auditor|template_author)=X/whadmin", "", text)
            for text in listed.values()
        }
        assert shown == {"whadmin=X/whadmin"}


@AS_EITHER
def test_a_dropped_function_is_found_missing(warehouse: Warehouse, role: str) -> None:
    lookup = "SELECT routine_name FROM information_schema.routines WHERE routine_schema = '_wh' AND routine_name = 'refresh_mv'"
    database = acting(warehouse, role)
    assert len(database.rows(lookup)) == 1
    database.run("DROP FUNCTION _wh.refresh_mv")
    assert database.rows(lookup) == []


@AS_EITHER
def test_permissions_are_granted_again(loaded: Warehouse, role: str) -> None:
    for statement in (
        "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA _wh FROM whadmin",
        "SELECT _wh.update_mv_by_template('foodlogstats', 'acme', 'acme', '2023-06-02')",
    ):
        if statement.startswith("REVOKE"):
            loaded.admin.run(statement)
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                loaded.run(statement)
    acting(loaded, role).run("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA _wh TO whadmin")
    assert loads_a_day(loaded)


def test_the_versions_of_a_function_are_found_and_ours_have_one_each(warehouse: Warehouse) -> None:
    for database in either(warehouse):
        found = database.rows(
            "SELECT p.proname::text, pg_catalog.pg_get_function_arguments(p.oid) AS arguments FROM pg_proc p"
            " JOIN pg_namespace n ON p.pronamespace = n.oid WHERE n.nspname = '_wh' AND p.proname = 'does_mv_exist'"
            " ORDER BY p.proname"
        )
        assert found == [("does_mv_exist", "target_schema text, view_name text")]
        names = [name for (name, *_) in database.rows(ROUTINES)]
        assert len(names) == len(set(names))


@AS_EITHER
def test_a_function_is_dropped_by_its_name_alone_and_comes_back(loaded: Warehouse, role: str) -> None:
    acting(loaded, role).run("DROP FUNCTION _wh.update_mv_by_template CASCADE")
    assert "update_mv_by_template" not in functions(loaded)
    run_psql(loaded, text=f"\\i {SQL}/functions.sql\n")
    assert loads_a_day(loaded)
