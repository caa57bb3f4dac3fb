"""A backup is data: whoever wrote one, a restore gives it no right that whadmin has not, and runs no text but functions."""

from __future__ import annotations

import dataclasses
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tenantry.core.errors import TenantryError
from tenantry.db.connect import session
from tenantry.db.passing_login import passing_session
from tenantry.embedded import Server
from tenantry.recovery import restore
from tenantry.recovery.content import Content
from tests.support.databases import Database, Maker, Warehouse
from tests.support.samples import backups

pytestmark = pytest.mark.any_server

MADE = "CREATE FUNCTION _wh.mine() RETURNS int LANGUAGE sql AS $$SELECT 1$$"
EVIL = "DO $$ BEGIN RESET ROLE; CREATE ROLE {name} SUPERUSER; END $$"


@pytest.fixture
def empty(server: Server, templates: None, maker: Maker) -> Database:
    """A database that was never installed, as the administrator."""
    return Database(server, maker.clone("template0", "empty"), "postgres")


@pytest.fixture
def name(empty: Database) -> Iterator[str]:
    """The name of a role that an attack makes, or of a reader."""
    name = f"reader_{secrets.token_hex(4)}"
    yield name
    with empty.connect() as opened:
        if opened.execute("SELECT FROM pg_roles WHERE rolname = %s", (name,)).fetchone():
            opened.execute(f"DROP OWNED BY {name}".encode())
            opened.execute(f"DROP ROLE {name}".encode())


@pytest.fixture
def content(warehouse: Warehouse) -> Content:
    with session(warehouse.admin.conninfo, role=None) as opened:
        return backups.read(opened)


def put(database: Database, content: Content, **lines: list[Any]) -> dict[str, str]:
    """Restore a backup with other lines in it; what was left out, and why."""
    changed = {kind.replace("__", " "): [json.dumps(line) for line in texts] for kind, texts in lines.items()}
    with session(database.conninfo, role=None) as opened:
        result = restore.run(opened, dataclasses.replace(content, lines=content.lines | changed), {})
    return {left.what: left.reason for left in result.left_out}


def test_no_text_of_a_backup_is_run_but_a_function_of_the_operators_own(
    content: Content, empty: Database, name: str, tmp_path: Path
) -> None:
    evil = EVIL.format(name=name)
    tmp_path.chmod(0o777)
    texts = [
        evil,
        f"RESET ROLE; CREATE ROLE {name} SUPERUSER",
        f"{MADE}; {evil}",
        f"{evil}; {MADE}",
        f"/* CREATE FUNCTION _wh.mine() */ {evil}",
        f"CREATE FUNCTION _wh.mine() RETURNS int LANGUAGE sql AS 'SELECT 1\\'; {evil} --'",
        f"COPY (SELECT 1) TO PROGRAM 'touch {tmp_path}/program'",
        "CREATE FUNCTION _wh.mine(cstring) RETURNS int LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler'",
        "CREATE FUNCTION _wh.mine(internal) RETURNS text LANGUAGE internal AS 'pg_read_file'",
        "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION \"_WH\".mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION _wh_internal.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE FUNCTION _wh_internal.pins() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE FUNCTION _wh.current_date_utc() RETURNS date LANGUAGE sql AS 'SELECT DATE ''2000-01-01'''",
        "CREATE FUNCTION _wh.refresh_mv(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION _wh.mine(internal) RETURNS internal LANGUAGE sql SUPPORT _wh.mine AS 'SELECT 1'",
        "CREATE FUNCTION _wh.mine() RETURNS int LANGUAGE sql LANGUAGE plpgsql AS 'SELECT 1'",
        "CREATE FUNCTION _wh.mine() RETURNS int AS 'SELECT 1'",
        "ALTER ROLE whadmin SUPERUSER",
        "SELECT 1",
        "",
    ]
    told = put(empty, content, function=texts)
    assert told, "each is named"
    assert (
        empty.rows("SELECT FROM pg_roles WHERE rolname = %s OR rolname = 'whadmin' AND rolsuper", (name,))
        == []
    )
    assert list(tmp_path.iterdir()) == []
    assert empty.rows("SELECT p.oid::regprocedure FROM pg_proc p WHERE p.proname = 'mine'") == []
    assert empty.value("SELECT _wh.current_date_utc() > DATE '2020-01-01'")
    assert empty.value("SELECT count(*) FROM pg_proc WHERE proname = 'refresh_mv'") == 1


def test_the_operators_own_functions_come_back_as_they_were(content: Content, empty: Database) -> None:
    texts = [
        MADE,
        (
            "CREATE OR REPLACE FUNCTION _wh.named(a text DEFAULT '; DROP TABLE x', OUT b int)\n RETURNS int\n LANGUAGE plpgsql\n"
            " STABLE SECURITY DEFINER COST 7\n SET search_path TO 'pg_catalog', 'pg_temp'\nAS $function$\n"
            "BEGIN\n  -- 100 % of ; what $$ a body may hold\n  b := 2;\nEND\n$function$\n"
        ),
        'CREATE OR REPLACE PROCEDURE _wh."Odd; name"()\n LANGUAGE plpgsql\nAS $procedure$ BEGIN NULL; END $procedure$\n',
        "CREATE OR REPLACE FUNCTION _wh.atomic() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 3; END",
    ]
    assert put(empty, content, function=texts) == {}
    owner = Database(empty.server, empty.name, "whadmin")
    assert owner.rows("SELECT _wh.mine(), _wh.named(), _wh.atomic()") == [(1, 2, 3)]
    owner.run('CALL _wh."Odd; name"()')


def test_a_role_of_a_backup_gets_no_right_setting_or_membership_that_gives_it_more(
    content: Content, empty: Database, name: str
) -> None:
    role: dict[str, Any] = {
        "name": name,
        "connections": 3,
        "verifier": "a password in clear",
        "settings": ["session_preload_libraries=evil", "local_preload_libraries=evil", "role=postgres", "log_statement=none",
                     'search_path="odd, name", acme', "work_mem=9MB"],
        "member_of": ["postgres", "whadmin", "pg_execute_server_program", "pg_read_server_files", "pg_read_all_data", "pg_monitor"],
    }  # fmt: skip
    reader = {"reader_name": name, "tenants": [], "created_at": "2026-01-01T00:00:00Z"}
    strangers = [
        role | {"name": "postgres", "settings": ["work_mem=9MB"]},
        role | {"name": "whadmin"},
        role | {"name": f"{name}_2"},
    ]
    told = put(empty, content, role=[role, *strangers], table__readers=[reader])
    assert {what.removesuffix(f" of role {name}") for what in told} == {
        "setting session_preload_libraries=evil",
        "setting local_preload_libraries=evil",
        "setting role=postgres",
        "setting log_statement=none",
        *(f"membership of role {name} in {group}" for group in role["member_of"][:-1]),
    }
    assert "by hand: GRANT" in told[f"membership of role {name} in postgres"]
    assert empty.rows(
        "SELECT rolsuper, rolconnlimit, (SELECT array_agg(c ORDER BY c) FROM pg_db_role_setting s, unnest(setconfig) c"
        " WHERE s.setrole = r.oid), ARRAY(SELECT roleid::regrole::text FROM pg_auth_members WHERE member = r.oid)"
        " FROM pg_roles r WHERE rolname = %s",
        (name,),
    ) == [
        (
            False,
            3,
            ["constraint_exclusion=on", 'search_path="odd, name", acme', "work_mem=9MB"],
            ["pg_monitor"],
        )
    ]
    assert empty.value("SELECT rolpassword LIKE 'SCRAM%%' FROM pg_authid WHERE rolname = %s", (name,))
    assert empty.rows("SELECT FROM pg_roles WHERE rolname = %s", (f"{name}_2",)) == []
    assert (
        empty.rows(
            "SELECT FROM pg_db_role_setting s WHERE s.setrole = 'postgres'::regrole AND 'work_mem=9MB' = ANY (s.setconfig)"
        )
        == []
    )


@pytest.mark.parametrize("taken", ["postgres", "whadmin", "phood_ro", "pg_monitor"])
def test_a_reader_of_a_backup_does_not_take_the_place_of_another_role(
    content: Content, empty: Database, taken: str
) -> None:
    with pytest.raises(TenantryError, match=f'role "{taken}" exists and was not made by tenantry reader'):
        put(empty, content, table__readers=[{"reader_name": taken, "tenants": None}])
    assert empty.rows("SELECT FROM pg_namespace WHERE nspname = '_wh'") == []


def test_a_backup_writes_no_table_but_those_that_one_holds(content: Content, empty: Database) -> None:
    told = put(
        empty,
        content,
        table__migrations=[{"version": 9999, "name": "evil", "sha256": "0"}],
        table__rebuilds=[{}],
        table__template_indexes=[{"template_name": "foodlogstats", "index_name": "evil"}],
        table__template_columns=[{"template_name": "foodlogstats", "column_name": "evil"}],
    )
    assert sorted(told) == [
        f"table _wh.{table}" for table in ("migrations", "rebuilds", "template_columns", "template_indexes")
    ]
    assert empty.rows("SELECT FROM _wh.migrations WHERE version = 9999") == []


def test_a_job_that_is_more_than_calls_of_our_functions_is_left_out_and_kept_to_be_read(
    content: Content, empty: Database
) -> None:
    command = "SELECT _wh.refresh_mv('a', 'b'), (SELECT string_agg(password, '') FROM _wh.tenant_connections)"
    jobs = [
        {"jobid": 1, "name": "evil", "schedule": "* * * * *", "command": command, "active": True},
        {
            "jobid": 2,
            "name": "good",
            "schedule": "* * * * *",
            "command": "SELECT _wh.refresh_mv('a', 'b')",
            "active": True,
        },
    ]
    told = put(empty, content, job=jobs)
    assert told == {"job evil": f"its command does more than call Tenantry's functions: {command}"}
    assert empty.rows("SELECT jobname::text, active FROM cron.job") == [("good", False)]
    logged = empty.value(
        "SELECT context ->> 'definition' FROM _wh.function_logs WHERE function_name = 'restore'"
    )
    assert logged == f"* * * * * {command}"


def test_nothing_in_a_passing_session_gets_the_administrators_rights_back(warehouse: Warehouse) -> None:
    logins = "SELECT rolname FROM pg_roles WHERE rolname LIKE 'tenantry_login_%'"
    with session(warehouse.admin.conninfo, role=None) as administrator:
        with passing_session(administrator) as owner:
            assert owner.execute("SELECT current_user::text").fetchone() == ("whadmin",)
            for way in ("RESET ROLE", "RESET SESSION AUTHORIZATION", "SET ROLE NONE", "SELECT"):
                owner.execute(way.encode())
                for wanted in ("SET ROLE postgres", "SET SESSION AUTHORIZATION postgres", "CREATE ROLE x", "CREATE DATABASE x",
                               "SELECT pg_read_file('/etc/hostname')"):  # fmt: skip
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        owner.execute(wanted.encode())
        assert administrator.execute(logins).fetchall() == []


def test_a_login_that_a_killed_command_left_is_of_no_use_and_dropped_by_the_next(
    warehouse: Warehouse,
) -> None:
    left, other = (f"{start}_{secrets.token_hex(4)}" for start in ("tenantry_login", "reader"))
    there = "SELECT rolname::text FROM pg_roles WHERE rolname = ANY (%s)"
    with session(warehouse.admin.conninfo, role=None) as administrator:
        with passing_session(administrator) as owner:
            row = owner.execute(
                "SELECT rolvaliduntil <= now() + interval '5 minutes' FROM pg_roles WHERE rolname = session_user"
            )
            assert row.fetchone() == (True,)
        for name in (left, other):
            administrator.execute(
                f"CREATE ROLE {name} LOGIN PASSWORD 'known' VALID UNTIL '2020-01-01'".encode()
            )
        administrator.execute(f"COMMENT ON ROLE {left} IS 'Tenantry: a login for one command'".encode())
        with passing_session(administrator):
            assert administrator.execute(there, ([left, other],)).fetchall() == [(other,)]
        administrator.execute(f"DROP ROLE {other}".encode())


def test_a_restore_that_failed_half_way_is_run_again_with_the_passwords_that_it_told(
    content: Content, empty: Database, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, str] = {}
    role = {"name": name, "connections": -1, "verifier": None, "settings": []}
    rows = {"role": [json.dumps(role)], "table readers": [json.dumps({"reader_name": name, "tenants": None})]}
    changed = dataclasses.replace(content, lines=content.lines | rows)
    with session(empty.conninfo, role=None) as opened:
        with monkeypatch.context() as patched:
            patched.setattr(restore, "_fill", fail)
            with pytest.raises(TenantryError, match="killed"):
                restore.run(opened, changed, {}, keep=told.update)
        assert list(told) == [name]
        again = restore.run(opened, changed, {}, keep=told.update)
    assert (again.kept, again.left_out) == ([name], [])
    with psycopg.connect(
        empty.server.conninfo(user="postgres", dbname=empty.name), user=name, password=told[name]
    ) as theirs:
        theirs.execute("SELECT 1")


def fail(*_: object) -> None:
    raise TenantryError("killed")
