"""Manual, "Creating a Brand New DataWarehouse from Scratch": from an empty database to the first schemas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tenantry.embedded import Server
from tests.contract.roles import AS_EITHER, acting
from tests.support.databases import Database, Maker, Warehouse
from tests.support.psql import SQL, psql

PASSWORDS = {"whadmin_password": "whadmin-password", "reader_password": "reader-password"}
"""Variables of create.sql, in place of stubs in it that one would have to edit."""

CALLED_BY_THE_MANUAL = {
    "check_views_by_template_for_year",
    "create_combined_table_from_template_by_year",
    "create_foodlogstats_mv",
    "create_mv_from_template",
    "create_mv_name",
    "current_date_utc",
    "does_mv_exist",
    "get_tenant_connection_string",
    "update_foodlogstats",
    "update_mv_by_template",
    "update_mv_core",
    "update_mv_window",
    "update_mv_window_by_template",
    "update_public_view_by_template",
    "update_tenant_union_view_by_template",
    "update_tenant_view",
}


@pytest.fixture(scope="module")
def begun(server: Server, templates: None) -> Iterator[tuple[Warehouse, str]]:
    """An empty database after the manual's script, and what psql printed. Tests only read it."""
    maker = Maker(server)
    warehouse = Warehouse(server, maker.clone("template1", "begun"), "whadmin")
    done = psql(
        warehouse.admin,
        "--set=ON_ERROR_STOP=on",
        "-A",
        "-t",
        variables=PASSWORDS,
        text=f"\\i {SQL}/create.sql\n"
        f"\\c {warehouse.name} whadmin\n"
        "SELECT 'now ' || current_user;\n"
        f"\\i {SQL}/functions.sql\n"
        f"\\i {SQL}/template-foodlogstats.sql\n",
    )
    assert done.returncode == 0, done.stderr
    assert "ERROR" not in done.stderr
    yield warehouse, done.stdout
    maker.drop_all()


@pytest.mark.system
def test_the_extension_pg_cron_is_created_on_a_new_server_and_seen(
    make_server: Callable[..., Server], server_bindir: Path | None
) -> None:
    if not (server_bindir and (server_bindir.parent / "lib" / "pg_cron.so").exists()):
        pytest.skip("this server has no pg_cron")
    server = make_server()
    server.start()
    admin = Database(server, "postgres", "postgres")
    for _ in range(2):
        admin.run("CREATE EXTENSION IF NOT EXISTS pg_cron")
    ((name, version),) = admin.rows(
        "SELECT extname::text, extversion FROM pg_extension WHERE extname = 'pg_cron'"
    )
    assert (name, version[:2]) == ("pg_cron", "1.")


def test_create_sql_makes_roles_that_log_in_the_extension_and_the_schema(
    begun: tuple[Warehouse, str],
) -> None:
    warehouse, _ = begun
    assert warehouse.value("SELECT session_user::text") == "whadmin"
    assert warehouse.reader.value("SELECT session_user::text") == "phood_ro"
    assert warehouse.rows("SELECT extname::text FROM pg_extension WHERE extname = 'dblink'") == [("dblink",)]
    assert warehouse.value("SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = '_wh'") == (
        "whadmin"
    )


def test_whadmin_takes_over_in_the_same_session(begun: tuple[Warehouse, str]) -> None:
    assert "now whadmin" in begun[1].splitlines()


def test_functions_sql_makes_every_function_as_whadmins(begun: tuple[Warehouse, str]) -> None:
    assert begun[0].rows(
        "SELECT DISTINCT proowner::regrole::text FROM pg_proc WHERE pronamespace = '_wh'::regnamespace"
    ) == [("whadmin",)]
    assert begun[0].value("SELECT _wh.current_date_utc() = (now() AT TIME ZONE 'UTC')::date") is True


def test_the_foodlogstats_template_is_loaded(begun: tuple[Warehouse, str]) -> None:
    assert begun[0].rows("SELECT template_name FROM _wh.mv_templates") == [("foodlogstats",)]


@AS_EITHER
def test_all_functions_are_listed_in_order(begun: tuple[Warehouse, str], role: str) -> None:
    listed = acting(begun[0], role).rows(
        "SELECT routine_name::text, routine_type::text FROM information_schema.routines"
        " WHERE routine_schema = '_wh' ORDER BY routine_name"
    )
    assert {name for name, kind in listed if kind == "FUNCTION"} >= CALLED_BY_THE_MANUAL
    assert listed == sorted(listed)


@AS_EITHER
def test_the_table_of_connections_is_described(begun: tuple[Warehouse, str], role: str) -> None:
    done = psql(acting(begun[0], role), text="\\d _wh.tenant_connections\n")
    assert done.stderr == ""
    for column in ("tenant_name", "host", "port", "dbname", "username", "password"):
        assert f" {column} " in done.stdout


@AS_EITHER
def test_the_three_roles_are_listed_and_only_postgres_is_a_superuser(
    begun: tuple[Warehouse, str], role: str
) -> None:
    assert acting(begun[0], role).rows(
        "SELECT rolname::text, rolsuper, rolcreatedb, rolcreaterole, rolcanlogin FROM pg_roles"
        " WHERE rolname IN ('postgres', 'whadmin', 'phood_ro') ORDER BY rolname"
    ) == [
        ("phood_ro", False, False, False, True),
        ("postgres", True, True, True, True),
        ("whadmin", False, False, False, True),
    ]


@AS_EITHER
def test_a_schema_is_created_for_each_tenant(warehouse: Warehouse, role: str) -> None:
    acting(warehouse, role).run("CREATE SCHEMA brook")
    acting(warehouse, role).run("CREATE SCHEMA creek")
    assert warehouse.rows(
        "SELECT nspname::text FROM pg_namespace WHERE nspname IN ('brook', 'creek') ORDER BY 1"
    ) == [("brook",), ("creek",)]


@AS_EITHER
def test_whadmin_is_granted_everything_in_a_schema(warehouse: Warehouse, role: str) -> None:
    database = acting(warehouse, role)
    database.run("CREATE SCHEMA brook")
    database.run("CREATE TABLE brook.older (one int)")
    database.run("GRANT ALL PRIVILEGES ON SCHEMA brook TO whadmin")
    database.run("GRANT ALL ON ALL TABLES IN SCHEMA brook TO whadmin")
    database.run("ALTER DEFAULT PRIVILEGES IN SCHEMA brook GRANT ALL ON TABLES TO whadmin")
    database.run("CREATE TABLE brook.later (one int)")
    warehouse.run("INSERT INTO brook.older VALUES (1)")
    warehouse.run("CREATE TABLE brook.own AS SELECT * FROM brook.older NATURAL LEFT JOIN brook.later")


@AS_EITHER
def test_the_reader_is_granted_reading_and_no_more_in_a_schema(warehouse: Warehouse, role: str) -> None:
    database = acting(warehouse, role)
    database.run("CREATE SCHEMA brook")
    database.run("CREATE TABLE brook.older (one int)")
    database.run("GRANT USAGE ON SCHEMA brook TO phood_ro")
    database.run("GRANT SELECT ON ALL TABLES IN SCHEMA brook TO phood_ro")
    database.run("ALTER DEFAULT PRIVILEGES IN SCHEMA brook GRANT SELECT ON TABLES TO phood_ro")
    database.run("CREATE TABLE brook.later (one int)")
    assert warehouse.reader.rows("SELECT * FROM brook.older, brook.later") == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        warehouse.reader.run("INSERT INTO brook.later VALUES (1)")
