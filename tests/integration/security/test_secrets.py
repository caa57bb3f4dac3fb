"""The password of a source can be written and used, and read nowhere."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from tenantry.core.model import Connection
from tenantry.db.connect import session
from tenantry.embedded import Server
from tenantry.flow.source.connection import put
from tests.support.databases import SECRET, Database, Source, Warehouse
from tests.support.program import succeed
from tests.support.samples.healthy import findings

DAY = date(2024, 3, 8)

MARK = SECRET[:20]
"""A part of the password that no way of quoting changes."""


@pytest.fixture
def loaded(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse with one slice of foodlogstats and the public view."""
    source.fill(DAY, 1)
    acme.load(DAY, DAY)
    acme.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    return acme


@pytest.fixture
def logged(loaded: Warehouse) -> Callable[[], str]:
    """What the server has written to its log since the test began."""
    log = loaded.server.directory / "server.log"
    begin = log.stat().st_size

    def read() -> str:
        with log.open(encoding="utf-8", errors="replace") as file:
            file.seek(begin)
            return file.read()

    return read


def test_neither_the_log_nor_the_statistics_of_statements_hold_the_password(
    make_server: Callable[..., Server],
) -> None:
    """On a server that logs all statements with their parameters, and counts those within functions."""
    server = make_server(
        shared_preload_libraries="pg_stat_statements",
        log_statement="all",
        log_min_duration_statement="0",
        **{"pg_stat_statements.track": "all"},
    )
    server.start()
    told = Warehouse(server, "postgres", "postgres")
    for role in ("whadmin", "phood_ro"):
        server.save_password(role, "known")
    succeed(told, "init", env={"TENANTRY_WHADMIN_PASSWORD": "known", "TENANTRY_READER_PASSWORD": "known"})
    told.run("CREATE EXTENSION pg_stat_statements")
    with session(Database(server, "postgres", "whadmin").conninfo) as opened:
        put(opened, Connection("acme", "h", 5432, "d", "u", {}), SECRET)
    counted = "\n".join(str(query) for (query,) in told.rows("SELECT query FROM pg_stat_statements"))
    assert "INSERT INTO _wh.tenant_connections" in counted
    assert MARK not in counted
    # In a session that has asked nothing else: a reader sees the own statements.
    with told.reader.connect() as reader:
        seen = {query for (query,) in reader.execute("SELECT query FROM pg_stat_statements")}
    assert seen == {"<insufficient privilege>"}, "a reader sees that there are statements, and none of them"
    log = (server.directory / "server.log").read_text(encoding="utf-8", errors="replace")
    assert "INSERT INTO _wh.tenant_connections" in log
    assert MARK not in log
    telling = {"log_statement", "pg_stat_statements.track"}
    assert telling.isdisjoint(found.subject for found in findings(told, "server"))
    told.run(
        "REVOKE SET ON PARAMETER log_parameter_max_length, pg_stat_statements.track_utility FROM whadmin"
    )
    assert telling <= {found.subject for found in findings(told, "server")}


def test_no_relation_of_the_warehouse_holds_the_password(loaded: Warehouse) -> None:
    relations = loaded.rows(
        "SELECT relnamespace::regnamespace::text, relname FROM pg_class WHERE relkind IN ('r', 'v', 'm')"
        " AND relnamespace::regnamespace::text IN ('_wh', '_wh_internal', 'acme', 'public')"
    )
    assert ("_wh", "tenant_connections") in relations
    with loaded.admin.connect() as session:
        for relation in relations:
            for row in session.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(*relation))):
                assert MARK not in row[0], relation


def test_no_definition_holds_the_password(loaded: Warehouse) -> None:
    definitions = loaded.admin.rows(
        "SELECT definition FROM pg_matviews UNION ALL SELECT definition FROM pg_views"
        " UNION ALL SELECT array_to_string(srvoptions, ' ') FROM pg_foreign_server"
        " UNION ALL SELECT _wh.get_tenant_connection_string('acme')"
    )
    assert any(loaded.server_of() in str(text) for (text,) in definitions)
    assert not any(MARK in str(text) for (text,) in definitions)


def test_the_column_reads_null_after_every_way_to_write_it(loaded: Warehouse) -> None:
    for statement in (
        "UPDATE _wh.tenant_connections SET password = %s",
        (
            "INSERT INTO _wh.tenant_connections (tenant_name, host, dbname, username, password)"
            " VALUES ('other', 'h', 'd', 'u', %s)"
        ),
    ):
        loaded.run(statement, (SECRET,))
        assert loaded.rows("SELECT DISTINCT password FROM _wh.tenant_connections") == [(None,)]


def test_copy_writes_connections_without_their_passwords_and_reads_passwords_in(loaded: Warehouse) -> None:
    with loaded.admin.connect() as session, session.cursor() as cursor:
        with cursor.copy("COPY _wh.tenant_connections TO STDOUT") as out:
            text = b"".join(out).decode()
        assert MARK not in text
        cursor.execute("DELETE FROM _wh.tenant_connections")
        columns = text.rstrip("\n").split("\t")
        columns[5] = SECRET.replace("\\", "\\\\")
        with cursor.copy("COPY _wh.tenant_connections FROM STDIN") as into:
            into.write("\t".join(columns) + "\n")
    assert loaded.value("SELECT _wh.refresh_mv('acme', 'foodlogstats_2024_03_08')") is True


def test_readers_see_nothing_of_the_connections_and_cannot_use_them(loaded: Warehouse) -> None:
    server = loaded.server_of()
    for statement in (
        "SELECT * FROM _wh.tenant_connections",
        "SELECT * FROM _wh.source_servers",
        "SELECT * FROM _wh.function_logs",
        "SELECT _wh.get_tenant_connection_string('acme')",
        "SELECT _wh.refresh_mv('acme', 'foodlogstats_2024_03_08')",
        f"SELECT * FROM public.dblink('{server}', 'SELECT 1') AS t(n int)",
        f"SELECT public.dblink_connect('{server}')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            loaded.reader.run(statement)
    assert loaded.reader.rows("SELECT srvname, umoptions FROM pg_user_mappings") == [(server, None)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        loaded.reader.run("SELECT * FROM pg_user_mapping")


def test_failures_with_the_password_at_hand_tell_it_to_nobody(
    loaded: Warehouse, logged: Callable[[], str]
) -> None:
    """A bad option, a bad port, a missing column, a refused login: the client and the server's log."""
    told = []
    for statement, parameters in (
        ("UPDATE _wh.tenant_connections SET password = %s, options = %s", (SECRET, Jsonb({"nonsense": "1"}))),
        ("UPDATE _wh.tenant_connections SET password = %s, port = 0", (SECRET,)),
        ("UPDATE _wh.tenant_connections SET password = %s, host = NULL", (SECRET,)),
        (
            "INSERT INTO _wh.tenant_connections (tenant_name, password) VALUES ('other', %s)",
            (SECRET,),
        ),
    ):
        with pytest.raises(psycopg.Error) as caught:
            loaded.run(statement, parameters)
        told.append(f"{caught.value} {caught.value.diag.message_detail} {caught.value.diag.context}")
    loaded.run("UPDATE _wh.tenant_connections SET password = %s", (f"{SECRET} no more",))
    with pytest.raises(psycopg.errors.SqlclientUnableToEstablishSqlconnection) as refused:
        loaded.run("SELECT _wh.update_mv_by_template('foodlogstats', 'acme', 'acme', '2024-03-08')")
    told.append(f"{refused.value} {refused.value.diag.message_detail} {refused.value.diag.context}")
    assert "password authentication failed" in told[-1]
    assert not any(MARK in text for text in told), told

    log = logged()
    assert "cannot be stored" in log
    assert "password authentication failed" in log
    assert MARK not in log


def test_a_failed_day_tells_the_password_to_no_log(loaded: Warehouse) -> None:
    loaded.run("UPDATE _wh.tenant_connections SET password = %s", (f"{SECRET} no more",))
    with suppress(psycopg.Error):
        loaded.load(DAY, DAY)
    loaded.run("UPDATE _wh.tenant_connections SET password = %s", (SECRET,))
    loaded.load(DAY, DAY)
    entries = loaded.rows("SELECT l::text FROM _wh.function_logs l")
    assert len(entries) >= 2
    assert not any(MARK in text for (text,) in entries)
