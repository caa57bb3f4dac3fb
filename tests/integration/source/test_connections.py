"""Connections: what a source is told, how one changes, and who may use it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.support.databases import SECRET, Source, Warehouse
from tests.support.samples.small_template import QUERY, define, make_ticks, spoil

DAY = date(2024, 3, 8)


@pytest.fixture
def ticking(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse with one slice of `ticks` of two rows."""
    make_ticks(source, DAY, 1)
    define(acme)
    pull(acme)
    return acme


def pull(warehouse: Warehouse) -> None:
    warehouse.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)", (DAY,))


def ask(warehouse: Warehouse, question: str, connection: str = "acme") -> Any:
    """What the source answers to a question of one text column, asked as the manual does."""
    return warehouse.value(
        "SELECT answer FROM public.dblink(_wh.get_tenant_connection_string(%s), %s) AS t(answer text)",
        (connection, question),
    )


def set_options(warehouse: Warehouse, **options: str) -> None:
    warehouse.run(
        "UPDATE _wh.tenant_connections SET options = %s WHERE tenant_name = 'acme'",
        (Jsonb(options),),
    )


def servers(warehouse: Warehouse) -> list[str]:
    return [name for (name,) in warehouse.rows("SELECT srvname FROM pg_foreign_server ORDER BY 1")]


def change_password(source: Source, password: str) -> None:
    with source.connect() as session:
        secret = session.pgconn.encrypt_password(
            password.encode(), source.reader.encode(), b"scram-sha-256"
        ).decode()
        session.execute(
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(source.reader), sql.Literal(secret))
        )


def test_a_source_session_is_read_only_in_utc_and_says_who_it_is(acme: Warehouse) -> None:
    for setting, value in (
        ("TimeZone", "UTC"),
        ("DateStyle", "ISO, MDY"),
        ("default_transaction_read_only", "on"),
        ("statement_timeout", "30min"),
        ("lock_timeout", "1min"),
        ("application_name", "tenantry"),
    ):
        assert ask(acme, f"SELECT current_setting('{setting}')") == value, setting


def test_a_source_cannot_be_written_to(acme: Warehouse, source: Source) -> None:
    source.run("CREATE TABLE mine (n int)")
    source.run("GRANT ALL ON mine TO source_reader")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        ask(acme, "INSERT INTO mine VALUES (1) RETURNING 'done'")


def test_a_statement_timeout_of_the_connection_ends_a_statement_at_the_source(
    ticking: Warehouse, source: Source
) -> None:
    set_options(ticking, statement_timeout="1s")
    assert ask(ticking, "SELECT current_setting('statement_timeout')") == "1s"
    define(ticking, query=QUERY.replace("pg_sleep(0.3)", "pg_sleep(60)"))
    spoil(source, DAY, "slow")
    with pytest.raises(psycopg.errors.QueryCanceled, match="canceling statement due to statement timeout"):
        pull(ticking)


def test_libpq_options_of_the_connection_take_effect(acme: Warehouse) -> None:
    set_options(acme, application_name="warehouse of acme", sslmode="disable")
    assert ask(acme, "SELECT current_setting('application_name')") == "warehouse of acme"
    assert ask(acme, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == "f"


def test_an_sslmode_that_the_source_cannot_meet_is_an_error_and_not_ignored(acme: Warehouse) -> None:
    set_options(acme, sslmode="require")
    with pytest.raises(psycopg.errors.SqlclientUnableToEstablishSqlconnection) as caught:
        ask(acme, "SELECT 1")
    assert "SSL" in str(caught.value.diag.message_detail)


def test_an_option_taken_back_is_gone(acme: Warehouse) -> None:
    set_options(acme, sslmode="require")
    set_options(acme)
    assert ask(acme, "SELECT 'works'") == "works"


@pytest.mark.parametrize(
    "key", ["user", "password", "host", "port", "dbname", "service", "passfile", "options", "client_encoding"]
)
def test_an_option_that_has_a_place_of_its_own_is_refused(acme: Warehouse, key: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=f"options may not contain {key}"):
        set_options(acme, **{key: "x"})
    assert acme.value("SELECT options = '{}' FROM _wh.tenant_connections") is True


@pytest.mark.parametrize("options", [{"nonsense": "1"}, {"hostaddr": "127.0.0.1", "replication": "1"}])
def test_an_option_that_no_connection_has_is_refused(acme: Warehouse, options: dict[str, str]) -> None:
    with pytest.raises(psycopg.Error, match='connection "acme" cannot be stored'):
        set_options(acme, **options)


def test_a_session_setting_cannot_be_smuggled_in_by_a_timeout(acme: Warehouse) -> None:
    set_options(acme, statement_timeout="1s -c default_transaction_read_only=off")
    with pytest.raises(psycopg.Error) as caught:
        ask(acme, "SELECT 1")
    assert "statement_timeout" in str(caught.value.diag.message_detail)


def test_writing_null_keeps_the_password(acme: Warehouse) -> None:
    acme.run("UPDATE _wh.tenant_connections SET password = NULL, port = port")
    assert ask(acme, "SELECT 'works'") == "works"


def test_a_rotated_password_takes_effect_in_a_materialized_view_that_exists(
    ticking: Warehouse, source: Source
) -> None:
    change_password(source, "rotated")
    try:
        with pytest.raises(psycopg.Error, match="could not establish connection"):
            ticking.run("SELECT _wh.refresh_mv('acme', 'ticks_2024_03_08')")
        ticking.run("UPDATE _wh.tenant_connections SET password = 'rotated'")
        assert ticking.value("SELECT _wh.refresh_mv('acme', 'ticks_2024_03_08')") is True
    finally:
        change_password(source, SECRET)


def test_a_moved_source_takes_effect_in_a_materialized_view_that_exists(
    ticking: Warehouse, make_source: Callable[[], Source]
) -> None:
    other = make_source()
    make_ticks(other, DAY, 1, per_day=5)
    ticking.run("UPDATE _wh.tenant_connections SET dbname = %s", (other.name,))
    ticking.run("SELECT _wh.refresh_mv('acme', 'ticks_2024_03_08')")
    assert ticking.value("SELECT count(*) FROM acme.ticks") == 5


def test_an_insert_that_does_nothing_changes_nothing(acme: Warehouse) -> None:
    attempt: LiteralString = (
        "INSERT INTO _wh.tenant_connections (tenant_name, host, dbname, username, password)"
        " VALUES ('acme', 'nowhere', 'x', 'y', 'wrong') ON CONFLICT DO NOTHING"
    )
    acme.run(attempt)
    assert ask(acme, "SELECT 'works'") == "works"
    # Nor does a later statement of the same transaction find the password that was not taken.
    with acme.connect() as session, session.transaction():
        session.execute(attempt)
        session.execute("UPDATE _wh.tenant_connections SET updated_at = now()")
    assert ask(acme, "SELECT 'works'") == "works"


def test_an_insert_that_becomes_an_update_changes_the_password(acme: Warehouse) -> None:
    upsert: LiteralString = (
        "INSERT INTO _wh.tenant_connections AS c (tenant_name, host, port, dbname, username, password)"
        " SELECT tenant_name, host, port, dbname, username, %s FROM _wh.tenant_connections"
        " ON CONFLICT (tenant_name) DO UPDATE SET password = excluded.password"
    )
    acme.run(upsert, ("wrong",))
    with pytest.raises(psycopg.Error, match="could not establish connection"):
        ask(acme, "SELECT 1")
    acme.run(upsert, (SECRET,))
    assert ask(acme, "SELECT 'works'") == "works"


def test_deleting_a_connection_removes_its_server_and_its_password(acme: Warehouse) -> None:
    assert servers(acme) == [acme.server_of()]
    acme.run("DELETE FROM _wh.tenant_connections")
    assert servers(acme) == []
    assert acme.admin.value("SELECT count(*) FROM pg_user_mapping") == 0
    with pytest.raises(psycopg.errors.UndefinedObject, match='connection "acme" does not exist'):
        ask(acme, "SELECT 1")


def test_a_connection_is_not_renamed_under_its_materialized_views(acme: Warehouse) -> None:
    with pytest.raises(psycopg.errors.FeatureNotSupported, match='connection "acme" cannot be renamed'):
        acme.run("UPDATE _wh.tenant_connections SET tenant_name = 'bistro'")


def test_an_insert_that_is_rolled_back_leaves_no_server(acme: Warehouse) -> None:
    with acme.connect() as session, session.transaction(force_rollback=True):
        session.execute(
            "INSERT INTO _wh.tenant_connections (tenant_name, host, dbname, username, password)"
            " VALUES ('bistro', 'h', 'd', 'u', 'p')"
        )
    assert servers(acme) == [acme.server_of()]


def test_the_administrator_may_write_connections_too_and_whadmin_owns_them(
    warehouse: Warehouse, source: Source
) -> None:
    warehouse.admin.run(
        "INSERT INTO _wh.tenant_connections (tenant_name, host, port, dbname, username, password)"
        " VALUES ('acme', '127.0.0.1', %s, %s, %s, %s)",
        (source.server.port, source.name, source.reader, source.password),
    )
    assert warehouse.value("SELECT srvowner::regrole::text FROM pg_foreign_server") == "whadmin"
    assert ask(warehouse, "SELECT 'works'") == "works"
