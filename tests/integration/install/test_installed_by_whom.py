"""Which version made the functions of a warehouse, and which administrator may make it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from tenantry import __version__
from tenantry.core.errors import DatabaseError
from tenantry.db.build import build, installed, release
from tenantry.db.connect import open_session, session
from tenantry.db.install import install
from tenantry.embedded import Server
from tests.support.databases import Database, Maker, Source, Warehouse
from tests.support.program import run, succeed
from tests.support.psql import SQL, psql, run_scripts
from tests.support.samples.small_template import define, make_ticks

DAY = date(2024, 3, 10)

DEFAULTS: LiteralString = (
    "SELECT pronamespace::regnamespace::text || '.' || proname, pg_get_expr(proargdefaults, 0) FROM pg_proc"
    " WHERE pronamespace::regnamespace::text IN ('_wh', '_wh_internal') ORDER BY 1"
)


def recorded(warehouse: Warehouse) -> list[tuple[str, str]]:
    return warehouse.rows("SELECT version, functions FROM _wh.installations ORDER BY id")


def installed_by(warehouse: Warehouse, version: str, functions: str = "others") -> None:
    warehouse.run("INSERT INTO _wh.installations (version, functions) VALUES (%s, %s)", (version, functions))


def test_versions_are_compared_by_their_numbers() -> None:
    assert release("1.10.0") > release("1.9.3.dev4") > release("1.9")
    assert release("1.4.0.dev2") == release("1.4.0") == [1, 4, 0]


def test_an_installation_says_once_whose_functions_it_made(warehouse: Warehouse) -> None:
    mine = build()
    assert mine.version == __version__
    assert recorded(warehouse) == [(mine.version, mine.functions)]
    with warehouse.admin.connect() as admin:
        install(admin, {})
        assert installed(admin) == mine
    run_scripts(warehouse, "functions.sql")
    assert recorded(warehouse) == [(mine.version, mine.functions)]


def test_an_older_program_neither_works_with_a_newer_warehouse_nor_replaces_its_functions(
    acme: Warehouse, source: Source
) -> None:
    make_ticks(source, DAY, 1)
    define(acme)
    acme.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', '2024-03-10')")
    installed_by(acme, "99.1.0")
    acme.run(
        "CREATE OR REPLACE FUNCTION _wh.current_date_utc() RETURNS date LANGUAGE sql AS 'SELECT DATE ''2024-03-11'''"
    )
    line = f"the warehouse was installed by tenantry 99.1.0; this is {__version__}"
    for database, arguments in (
        (acme, ("status",)),
        (acme, ("backfill", "ticks", "--tenant", "acme")),
        (acme.admin, ("upgrade",)),
        (acme.admin, ("upgrade", "--dry-run")),
        (acme.admin, ("init",)),
    ):
        refused = run(database, *arguments)
        assert (refused.code, refused.errors) == (4, [line]), arguments
        assert "pip install --upgrade tenantry" in refused.err
    done = psql(acme, "-v", "ON_ERROR_STOP=on", "-f", SQL / "functions.sql")
    assert done.returncode != 0
    assert line in done.stderr
    assert str(acme.value("SELECT _wh.current_date_utc()")) == "2024-03-11"
    assert acme.value("SELECT count(*) FROM _wh.slices WHERE status = 'failed'") == 0


def test_a_newer_program_asks_for_an_upgrade_which_brings_its_functions_and_keeps_the_rows(
    acme: Warehouse, source: Source
) -> None:
    make_ticks(source, DAY, 1)
    define(acme)
    acme.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', '2024-03-10')")
    for version, functions, line in (
        ("0.0.1", "older", f"the warehouse has the functions of tenantry 0.0.1; this is {__version__}"),
        (
            __version__,
            "another",
            f"the warehouse has the functions of another build of tenantry {__version__}",
        ),
    ):
        installed_by(acme, version, functions)
        refused = run(acme, "status")
        assert (refused.code, refused.errors) == (4, [line])
        assert "tenantry upgrade" in refused.err
        succeed(acme.admin, "upgrade")
        succeed(acme, "status")
        assert recorded(acme)[-1] == (__version__, build().functions)
    assert acme.value("SELECT count(*) FROM acme.ticks") == 2


def test_functions_over_tables_that_are_older_bring_them_up_to_date(warehouse: Warehouse) -> None:
    warehouse.run("DROP TABLE _wh.installations")
    warehouse.run("DELETE FROM _wh.migrations WHERE name = 'installations'")
    run_scripts(warehouse, "functions.sql")
    succeed(warehouse, "status")


@pytest.fixture
def empty(server: Server, maker: Maker) -> Database:
    """A database that was never installed, as the administrator."""
    return Database(server, maker.clone("template0", "empty"), "postgres")


@pytest.mark.parametrize("way", ["program", "psql"])
def test_a_warehouse_is_made_the_same_under_any_path(empty: Database, warehouse: Warehouse, way: str) -> None:
    empty.run("CREATE SCHEMA odd")
    empty.run(
        "CREATE FUNCTION odd.now() RETURNS timestamptz LANGUAGE sql AS $$SELECT timestamptz '2001-01-01'$$"
    )
    for path in ("nowhere", "odd, pg_catalog"):
        with empty.connect() as session_of_admin:
            session_of_admin.execute(
                sql.SQL("ALTER DATABASE {} SET search_path = {}").format(
                    sql.Identifier(empty.name), sql.SQL(", ").join(map(sql.Identifier, path.split(", ")))
                )
            )
        if way == "program":
            succeed(
                empty,
                "init",
                env={
                    "TENANTRY_WHADMIN_PASSWORD": "whadmin-password",
                    "TENANTRY_READER_PASSWORD": "reader-password",
                },
            )
        else:
            run_scripts(empty, "create.sql")
            run_scripts(
                Database(empty.server, empty.name, "whadmin"), "functions.sql", "template-foodlogstats.sql"
            )
        with (
            open_session(empty.conninfo, role=None) as there,
            open_session(warehouse.admin.conninfo, role=None) as here,
        ):
            assert there.execute(DEFAULTS).fetchall() == here.execute(DEFAULTS).fetchall()
            assert there.execute(
                "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'dblink'"
            ).fetchone() == ("public",)
        empty.run("DROP SCHEMA IF EXISTS _wh, _wh_internal, cron CASCADE")
        empty.run("DROP EXTENSION IF EXISTS dblink CASCADE")


@contextmanager
def second_administrator(server: Server) -> Iterator[str]:
    """A role with CREATEROLE that made neither whadmin nor phood_ro."""
    with psycopg.connect(server.conninfo(), autocommit=True) as session:
        session.execute("CREATE ROLE second LOGIN CREATEROLE PASSWORD 'second-password'")
        server.save_password("second", "second-password")
        yield "second"
        session.execute("DROP OWNED BY second CASCADE")
        session.execute("DROP ROLE IF EXISTS reports_two")
        session.execute("DROP ROLE second")


def test_a_second_administrator_hears_in_one_line_which_grant_is_missing(
    warehouse: Warehouse, server: Server
) -> None:
    if warehouse.value("SELECT current_setting('server_version_num')::int") < 160000:
        pytest.skip("CREATEROLE is enough before 16")
    with second_administrator(server) as name:
        second = Database(server, warehouse.name, name)
        add = ("reader", "add", "reports_two", "--all")
        for arguments in (add, ("upgrade",), ("init",)):
            refused = run(
                second, *arguments, env={"TENANTRY_READER_PASSWORD": "x"} if arguments == add else {}
            )
            assert refused.code in (1, 2), arguments
            assert len(refused.errors) == 1
            assert refused.errors[0].startswith('role "second" may not'), refused.err
            assert "WITH ADMIN OPTION" in refused.err
        warehouse.admin.run("GRANT whadmin TO second WITH INHERIT TRUE, SET TRUE")
        with session(second.conninfo, role=None) as opened, pytest.raises(DatabaseError) as half:
            install(opened, {"phood_ro": "another"})
        assert half.value.message == 'role "second" may not grant or alter phood_ro, which another role made'
        assert (
            half.value.hint
            == 'As that role, or as a superuser: GRANT "phood_ro" TO "second" WITH ADMIN OPTION'
        )
