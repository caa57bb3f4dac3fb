"""An administrator's login runs nothing that whadmin can change: whadmin's password is not worth a superuser's."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import LiteralString

import pytest

from tenantry.db.connect import as_login, open_session, session
from tenantry.embedded import Server
from tests.support.databases import Database, Maker, Source, Warehouse
from tests.support.program import run, succeed

pytestmark = pytest.mark.any_server

DAY = date(2024, 3, 10)

TRAP: LiteralString = """
CREATE FUNCTION _wh.trap() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_catalog.set_config('role', 'none', false);
    INSERT INTO public.ran_as SELECT session_user, current_user;
    ALTER ROLE {victim} SUPERUSER;
    RETURN true;
EXCEPTION WHEN OTHERS THEN
    RETURN true;
END $$;
CREATE TABLE public.ran_as (login name, acting name);
GRANT ALL ON public.ran_as TO PUBLIC;
"""
"""What a thief of whadmin's password writes: as whoever calls it, it makes a role of his a superuser."""

BEHIND_A_VIEW: LiteralString = """
ALTER TABLE {table} RENAME TO {kept};
CREATE VIEW {table} AS SELECT * FROM {schema}.{kept} WHERE _wh.trap();
"""

RELATIONS = (
    ("readers", "slices"),
    ("migrations", "feeds"),
    ("installations", "tenants"),
    ("mv_templates", "tenant_connections"),
)
"""Two at a time: with all of them, most commands end before they read the second."""

COMMANDS: list[tuple[str, ...]] = [
    ("status",),
    ("doctor", "--fix"),
    ("upgrade",),
    ("reader", "add", "thief_of_all", "--all"),
    ("reader", "list"),
    ("reader", "drop", "thief_of_all", "--yes"),
    ("tenant", "list"),
    ("schedule", "show"),
    ("logs",),
    ("sizes",),
    ("queries",),
    ("export", "--file", "{folder}/tenantry.toml"),
    ("plan", "--file", "{folder}/tenantry.toml"),
    ("backup", "{folder}/backup"),
    ("tenant", "drop", "acme", "--yes"),
]


@pytest.fixture
def victim(warehouse: Warehouse) -> Iterator[str]:
    """A role that the trap tries to make a superuser; whadmin is shared with other tests."""
    name = f"thief_{secrets.token_hex(4)}"
    warehouse.admin.run(f"CREATE ROLE {name}")
    yield name
    warehouse.admin.run(f"DROP ROLE {name}")


def set_traps(warehouse: Warehouse, victim: str, *relations: str) -> None:
    with warehouse.connect() as opened:
        opened.execute(TRAP.replace("{victim}", victim))
        for relation in relations:
            statements = BEHIND_A_VIEW.replace("{table}", f"_wh.{relation}").replace("{schema}", "_wh")
            opened.execute(statements.replace("{kept}", f"{relation}_kept"))


@pytest.mark.parametrize("relations", RELATIONS, ids=" and ".join)
def test_no_command_of_an_administrator_runs_what_whadmin_put_in_the_place_of_a_table(
    acme: Warehouse, source: Source, victim: str, relations: tuple[str, str], tmp_path: Path
) -> None:
    source.fill(DAY, 1)
    acme.load(DAY, DAY)
    set_traps(acme, victim, *relations)
    env = {"TENANTRY_BACKUP_PASSPHRASE": "a passphrase of some length", "HOME": str(tmp_path)}
    for command in COMMANDS:
        outcome = run(acme.admin, *(word.replace("{folder}", str(tmp_path)) for word in command), env=env)
        # Each got past its own words.
        assert "does not exist\n       Known" not in outcome.err, command
        assert "there is no tenantry.toml" not in outcome.err, command
    assert acme.admin.value("SELECT rolsuper FROM pg_roles WHERE rolname = %s", (victim,)) is False
    assert {row[0] for row in acme.rows("SELECT DISTINCT login FROM public.ran_as")} <= {"whadmin"}
    acme.admin.run("DROP ROLE IF EXISTS thief_of_all")


def test_the_trap_would_catch_an_administrator_who_reads_the_table_himself(
    warehouse: Warehouse, victim: str
) -> None:
    set_traps(warehouse, victim, "readers")
    warehouse.run("INSERT INTO _wh.readers_kept (reader_name, tenants) VALUES ('somebody', NULL)")
    with warehouse.admin.connect() as admin:
        admin.execute("SET ROLE whadmin")
        admin.execute("SELECT * FROM _wh.readers")
    assert warehouse.admin.value("SELECT rolsuper FROM pg_roles WHERE rolname = %s", (victim,)) is True


def test_a_function_in_public_is_not_run_by_an_administrators_session(warehouse: Warehouse) -> None:
    with open_session(warehouse.admin.conninfo, role=None) as opened:
        row = opened.execute("SELECT current_setting('search_path')").fetchone()
        assert row == ("pg_catalog, pg_temp",)


def test_a_session_for_the_work_of_every_day_is_whadmins_own_whoever_asks_for_it(
    warehouse: Warehouse,
) -> None:
    with session(warehouse.admin.conninfo) as opened:
        assert opened.execute("SELECT session_user::text, current_user::text").fetchone() == (
            "whadmin",
            "whadmin",
        )
        with as_login(opened) as login:
            assert login.execute("SELECT session_user::text, current_user::text").fetchone() == (
                "postgres",
                "postgres",
            )
            assert login is not opened


def test_an_administrator_without_whadmins_password_is_told_in_one_line_what_to_do(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("home")
    passfile = folder / "pgpass"
    password = warehouse.server.password("postgres")
    passfile.write_text(f"*:*:*:postgres:{password}\n")
    passfile.chmod(0o600)
    dsn = f"host=127.0.0.1 port={warehouse.server.port} dbname={warehouse.name} user=postgres passfile={passfile} sslmode=disable"
    for command in (("status",), ("upgrade",), ("init",), ("reader", "add", "nobody_yet", "--all")):
        refused = run(dsn, *command, env={"HOME": str(folder)})
        assert refused.errors == [
            'role "postgres" is an administrator, but only whadmin works in the warehouse'
        ], command
        assert "TENANTRY_WHADMIN_PASSWORD" in refused.err
        succeed(dsn, "status", env={"HOME": str(folder), "TENANTRY_WHADMIN_PASSWORD": "whadmin-password"})
    # A password for the administrator's login is not tried for whadmin's.
    succeed(
        dsn,
        "status",
        env={
            "HOME": str(folder),
            "PGPASSWORD": str(password),
            "TENANTRY_WHADMIN_PASSWORD": "whadmin-password",
        },
    )
    assert warehouse.admin.value("SELECT to_regrole('nobody_yet') IS NULL")


def test_the_two_logins_have_to_name_the_same_database(warehouse: Warehouse, another: Warehouse) -> None:
    refused = run(
        None,
        "reader",
        "add",
        "nobody_yet",
        "--all",
        env={"TENANTRY_DSN": another.conninfo, "TENANTRY_ADMIN_DSN": warehouse.admin.conninfo},
    )
    assert refused.errors == ["TENANTRY_DSN and TENANTRY_ADMIN_DSN name different databases"]


def test_an_installation_with_two_logins_begins_before_there_is_a_warehouse(empty: Database) -> None:
    env = {
        "TENANTRY_ADMIN_DSN": empty.conninfo,
        "TENANTRY_DSN": Database(empty.server, empty.name, "whadmin").conninfo,
    }
    succeed(None, "init", env=env)
    succeed(None, "status", env=env)
    succeed(None, "upgrade", env=dict.fromkeys(env, empty.conninfo))


@pytest.fixture
def empty(server: Server, maker: Maker, templates: None) -> Database:
    """A database that was never installed, as the administrator."""
    return Database(server, maker.clone("template0", "empty"), "postgres")


@pytest.fixture
def another(warehouse: Warehouse, source: Database) -> Warehouse:
    """Another database that whadmin may log into."""
    return Warehouse(source.server, source.name, "whadmin")


@pytest.mark.parametrize(
    "grant",
    [
        "CREATEROLE",
        "BYPASSRLS",
        "REPLICATION",
        "IN ROLE pg_execute_server_program",
        "IN ROLE pg_read_server_files",
    ],
)
def test_a_member_of_whadmin_with_rights_over_the_server_does_not_act_as_whadmin_in_his_own_session(
    warehouse: Warehouse, grant: LiteralString
) -> None:
    name = f"powerful_{secrets.token_hex(4)}"
    warehouse.server.save_password(name, "a password")
    with warehouse.admin.connect() as admin:
        admin.execute(
            f"CREATE ROLE {name} LOGIN PASSWORD 'a password' {grant}; GRANT whadmin TO {name}".encode()
        )
        try:
            with open_session(Database(warehouse.server, warehouse.name, name).conninfo) as opened:
                assert opened.execute("SELECT session_user::text").fetchone() == ("whadmin",)
        finally:
            admin.execute(f"DROP ROLE {name}".encode())


def test_a_role_that_whadmin_calls_a_reader_is_neither_changed_nor_dropped(warehouse: Warehouse) -> None:
    name = f"colleague_{secrets.token_hex(4)}"
    warehouse.admin.run(f"CREATE ROLE {name} LOGIN")
    try:
        warehouse.run("INSERT INTO _wh.readers (reader_name, tenants) VALUES (%s, NULL)", (name,))
        for command in (("add", name, "--all"), ("drop", name, "--yes")):
            refused = run(warehouse.admin, "reader", *command)
            assert refused.errors == [f'role "{name}" exists and is not a reader of this warehouse']
        assert warehouse.admin.value("SELECT to_regrole(%s) IS NOT NULL", (name,))
    finally:
        warehouse.admin.run(f"DROP ROLE {name}")


def test_a_reader_that_cannot_be_given_its_tenants_is_not_left_behind(warehouse: Warehouse) -> None:
    name = f"reports_{secrets.token_hex(4)}"
    refused = run(warehouse.admin, "reader", "add", name, "--tenant", "nowhere")
    assert refused.code != 0
    assert warehouse.admin.value("SELECT to_regrole(%s) IS NULL", (name,))
