"""Where a tenant's source is, is seen by nobody who may only read; and a source gets no secret that it has no business with."""

from __future__ import annotations

from typing import LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from tenantry.db.connect import session
from tenantry.flow.source.session import open_source, source_conninfo
from tests.support.databases import Database, Source, Warehouse

pytestmark = pytest.mark.any_server

HOST = "127.0.0.77"
"""An address that stands nowhere else, and where nobody listens: libpq then goes on to the next of its list."""

CATALOGS: list[LiteralString] = [
    "SELECT s::text FROM pg_foreign_server s",
    "SELECT s::text FROM pg_user_mappings s",
    "SELECT s::text FROM information_schema.foreign_server_options s",
    "SELECT s::text FROM information_schema.user_mapping_options s",
    "SELECT pg_get_viewdef(oid) FROM pg_class WHERE relkind IN ('m', 'v')",
    "SELECT s::text FROM pg_matviews s",
    "SELECT s::text FROM pg_views s",
    "SELECT s::text FROM pg_stat_activity s WHERE datname = current_database()",
    "SELECT s::text FROM pg_prepared_statements s",
    "SELECT s::text FROM pg_description s",
    "SELECT s::text FROM pg_stats s",
    "SELECT s::text FROM pg_rewrite s",
]


@pytest.fixture
def hidden(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse with a day in a materialized view, whose source is at HOST."""
    source.log([(1, "2024-03-10 12:00:00+00")])
    acme.run("UPDATE _wh.tenant_connections SET host = %s", (f"{HOST},127.0.0.1",))
    acme.run("SELECT _wh.update_mv_by_template('foodlogstats', 'acme', 'acme', '2024-03-10')")
    return acme


def seen(database: Database) -> str:
    found = []
    with database.connect() as session:
        for statement in CATALOGS:
            found += [str(row) for row in session.execute(statement)]
    return "\n".join(found)


def test_a_reader_sees_no_address_of_a_source_in_any_catalog(hidden: Warehouse, source: Source) -> None:
    with hidden.connect() as busy:
        busy.execute("SELECT _wh_internal.hold_source('acme')")
        text = seen(hidden.reader)
    assert "source_login" in text, "the definition of the materialized view is among what everybody sees"
    for word in (HOST, source.name, source.reader, source.password, "wh_acme", f"port={source.server.port}"):
        assert word not in text, word


def test_a_materialized_view_is_refreshed_by_hand_all_the_same(hidden: Warehouse, source: Source) -> None:
    source.log([(2, "2024-03-10 13:00:00+00")])
    for database in (hidden, hidden.admin):
        database.run("REFRESH MATERIALIZED VIEW acme.foodlogstats_2024_03_10")
    assert hidden.value("SELECT count(*) FROM acme.foodlogstats") == 2


def test_a_view_of_an_older_version_is_loaded_and_tells_what_to_call_when_it_is_refreshed_by_hand(
    hidden: Warehouse, source: Source
) -> None:
    """It names the server itself, which says nothing any more: no password goes to whoever listens on a socket here."""
    server = hidden.server_of()
    (definition,) = hidden.rows("SELECT definition FROM pg_matviews WHERE schemaname = 'acme'")[0]
    old = definition.replace(f"_wh_internal.source_login('{server}'::text)", f"'{server}'::text")
    assert old != definition
    with hidden.connect() as session:
        session.execute("DROP MATERIALIZED VIEW acme.foodlogstats_2024_03_10 CASCADE")
        session.execute("SELECT _wh.get_tenant_connection_string('acme')")
        session.execute("SELECT _wh_internal.begin_source('acme')")
        statement = f"CREATE MATERIALIZED VIEW acme.foodlogstats_2024_03_10 AS {old.rstrip(';')}"
        session.execute(statement.encode())
    source.log([(2, "2024-03-10 13:00:00+00")])
    with pytest.raises(psycopg.Error, match="could not establish connection") as caught:
        hidden.run("REFRESH MATERIALIZED VIEW acme.foodlogstats_2024_03_10")
    assert "/call/_wh.refresh_mv/" in str(caught.value.diag.message_detail)
    assert hidden.value("SELECT _wh.refresh_mv('acme', 'foodlogstats_2024_03_10')") is True
    assert hidden.value("SELECT count(*) FROM acme.foodlogstats_2024_03_10") == 2


@pytest.mark.parametrize(
    "keyword",
    ["hostaddr", "passfile", "service", "servicefile", "requirepeer", "krbsrvname", "gsslib", "gssdelegation",
        "sslpassword", "replication", "options", "user", "fallback_application_name", "oauth_issuer", "scram_client_key"],
)  # fmt: skip
def test_an_option_that_is_not_on_the_list_is_refused(acme: Warehouse, keyword: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=f"options may not contain {keyword}"):
        acme.run("UPDATE _wh.tenant_connections SET options = %s", (Jsonb({keyword: "1"}),))


def test_a_connection_without_a_password_says_so_and_sends_none_of_the_operators(
    acme: Warehouse, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme.run("DELETE FROM _wh.tenant_connections")
    acme.run(
        "INSERT INTO _wh.tenant_connections (tenant_name, host, port, dbname, username) VALUES ('acme', '127.0.0.1', %s, %s, %s)",
        (source.server.port, source.name, source.reader),
    )
    with pytest.raises(psycopg.errors.InvalidPassword, match='connection "acme" has no password'):
        acme.run("SELECT _wh_internal.hold_source('acme')")
    with session(acme.conninfo) as opened:
        monkeypatch.setenv("PGPASSWORD", source.password)
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            open_source(source_conninfo(opened, "acme"))


def test_a_source_that_asks_for_the_password_in_another_way_does_not_get_it_unless_that_is_said(
    acme: Warehouse, source: Source
) -> None:
    """One that lets everybody in asks for none; it may be anybody."""
    with source.connect() as there:
        role = sql.Identifier(f"md5_{source.name}")
        there.execute("SET password_encryption = md5")
        there.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'p'").format(role))
    acme.run("UPDATE _wh.tenant_connections SET username = %s, password = 'p'", (f"md5_{source.name}",))
    knows = acme.value("SELECT _wh_internal.libpq_knows('require_auth')")
    with session(acme.conninfo) as opened, pytest.raises(psycopg.OperationalError):
        open_source(source_conninfo(opened, "acme"))
    if knows:
        with pytest.raises(psycopg.Error, match="could not establish connection"):
            acme.run("SELECT _wh_internal.hold_source('acme')")
    assert (
        "require_auth" in acme.value("SELECT _wh_internal.source_login(_wh_internal.server_name('acme'))")
    ) is knows


def test_a_connection_of_an_older_version_goes_on_with_the_ways_that_it_had(acme: Warehouse) -> None:
    acme.run('UPDATE _wh.tenant_connections SET options = \'{"require_auth": "scram-sha-256,md5,password"}\'')
    acme.run("SELECT _wh_internal.hold_source('acme')")
    with session(acme.conninfo) as opened:
        open_source(source_conninfo(opened, "acme")).close()
