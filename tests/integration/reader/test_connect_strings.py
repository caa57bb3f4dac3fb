"""The connection strings of a reader lead to its database, whatever the names are."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql

from tenantry.embedded import Server
from tenantry.warehouse import Warehouse as FrontDoor
from tests.support.databases import quick_secret

pytestmark = pytest.mark.any_server

NAMES = (
    'it\'s "odd" ümläut %41 50% a+b',
    "a\\b\\'",
    "semi;colon {brace}",
    "#?/&=@:[x]",
    " p=1 host=evil.example.com ",
)


@pytest.mark.parametrize("name", NAMES)
def test_the_strings_of_libpq_and_the_uri_lead_to_databases_and_logins_of_any_name(
    server: Server, name: str
) -> None:
    with psycopg.connect(server.conninfo(), autocommit=True) as admin:
        for statement in ("CREATE ROLE {} LOGIN PASSWORD {}", "CREATE DATABASE {} TEMPLATE template0"):
            parts = [sql.Identifier(name), sql.Literal(quick_secret("x"))]
            admin.execute(sql.SQL(statement).format(*parts[: statement.count("{}")]))
        try:
            strings = FrontDoor(server.conninfo(dbname=name)).connect_strings(name)
            for string in (strings.libpq, strings.uri):
                assert "password" not in string
                with psycopg.connect(string, password="x") as session:
                    assert session.execute("SELECT current_user, current_database()").fetchone() == (
                        name,
                        name,
                    )
                    assert session.info.host == "127.0.0.1"
        finally:
            admin.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
            admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))
