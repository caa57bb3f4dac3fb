"""A warehouse that operators made by hand, from the manual alone, with all that years of work by hand leave behind.

Nothing of Tenantry is in it. Its roles have other rights than Tenantry's, so that it needs a server of its own.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import conninfo, sql

from tenantry.embedded import Server
from tests.support.databases import Database
from tests.support.psql import SQL, psql

SCRIPTS = Path(__file__).parents[2] / "data/by_hand"

CONNECTIONS = {"acme": "acme_conn", "bolt": "bolt_conn", "CornerShop": "bolt_conn"}
"""Each tenant's schema, and the name of its connection: two schemas share one, and one has an odd name."""

FOLDED = (2023, 2024)
OPEN = 2025

_AT_ONCE = 200


@dataclass(frozen=True)
class ByHand:
    """A running warehouse by hand in `database` of `server`; its sources are databases beside it."""

    server: Server
    database: str = "postgres"

    @property
    def conninfo(self) -> str:
        """How the administrator connects."""
        return self.server.conninfo(dbname=self.database)

    def connect(self) -> psycopg.Connection:
        """A session of the administrator's, in autocommit mode."""
        return psycopg.connect(self.conninfo, autocommit=True)

    @property
    def reader_conninfo(self) -> str:
        """How phood_ro connects."""
        return f"{self.server.conninfo(user='phood_ro', dbname=self.database)} password=phood_ro-by-hand"

    @property
    def owner_conninfo(self) -> str:
        """How whadmin connects."""
        return f"{self.server.conninfo(user='whadmin', dbname=self.database)} password=whadmin-by-hand"

    def change_source(self, connection: str, statement: LiteralString) -> None:
        """Run a statement at a source."""
        with psycopg.connect(self.server.conninfo(dbname=f"source_{connection}"), autocommit=True) as session:
            session.execute(statement)

    def as_owner(self, script: str = "", text: str = "") -> None:
        """Run one of Tenantry's scripts, or some SQL, as whadmin with psql."""
        done = subprocess.run(
            [
                str(self.server.program("psql")),
                "-Xq",
                "--set=ON_ERROR_STOP=on",
                self.owner_conninfo,
                *([f"--file={SQL / script}"] if script else []),
            ],
            input=text,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    def rows(self, statement: LiteralString) -> list[tuple[Any, ...]]:
        """The rows of a statement, for the administrator."""
        with self.connect() as session:
            return session.execute(statement).fetchall()

    def run(self, statement: str) -> None:
        """Run a statement as the administrator."""
        with self.connect() as session:
            session.execute(statement)

    def schema_dump(self) -> str:
        """What pg_dump shows of the schema, without the word that it draws by lot."""
        done = subprocess.run(
            [str(self.server.program("pg_dump")), "--schema-only", self.conninfo],
            capture_output=True,
            text=True,
            check=True,
        )
        return re.sub(r"\\(un)?restrict .*", "", done.stdout)

    def drop_sources(self) -> None:
        """Take the sources away: from now on nobody can ask them."""
        with psycopg.connect(self.server.conninfo(), autocommit=True) as session:
            for connection in set(CONNECTIONS.values()):
                session.execute(
                    sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(f"source_{connection}"))
                )


def make_by_hand(
    server: Server,
    folded_days: int = 4,
    open_days: int = 12,
    password: str = "reads-the-source",
    tenants: Mapping[str, str] = CONNECTIONS,
) -> ByHand:
    """Build it: `folded_days` of each folded year, and `open_days` daily views from the open one on, for each of `tenants`.

    The table holds the sources' `password` as its functions need it: in libpq's quotes if it has odd characters.
    """
    made = ByHand(server)
    stored = conninfo.make_conninfo(password=password).removeprefix("password=")
    with psycopg.connect(server.conninfo(), autocommit=True) as session:
        session.execute(sql.SQL("CREATE ROLE source_reader LOGIN PASSWORD {}").format(sql.Literal(password)))
        for connection in sorted(set(CONNECTIONS.values())):
            session.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(f"source_{connection}")))
            _fill_source(server, f"source_{connection}")
    for script in ("create.sql", "functions.sql", "template.sql"):
        done = psql_file(made, script)
        assert done == "", done
    with made.connect() as session:
        for connection in sorted(set(CONNECTIONS.values())):
            session.execute(
                "INSERT INTO _wh.tenant_connections (tenant_name, host, port, dbname, username, password)"
                " VALUES (%s, '127.0.0.1', %s, %s, 'source_reader', %s)",
                (connection, server.port, f"source_{connection}", stored),
            )
        for schema, connection in tenants.items():
            _make_tenant(session, schema, connection, folded_days, open_days)
        session.execute("SELECT _wh.update_public_view_by_template('foodlogstats')")
    done = psql_file(made, "irregular.sql")
    assert done == "", done
    if made.rows("SHOW shared_preload_libraries") == [("pg_cron",)]:
        done = psql_file(made, "jobs.sql")
        assert done == "", done
    return made


def psql_file(made: ByHand, script: str) -> str:
    """Run one of the scripts as the administrator; returns what psql complains about."""
    return psql(
        Database(made.server, made.database, "postgres"),
        "--set=ON_ERROR_STOP=on",
        f"--set=database={made.database}",
        "--output=/dev/null",
        # An administrator who is no superuser is told what it may not grant.
        "--command=SET client_min_messages = error",
        f"--file={SCRIPTS / script}",
    ).stderr


def _fill_source(server: Server, name: str) -> None:
    with psycopg.connect(server.conninfo(dbname=name), autocommit=True) as session:
        session.execute((SCRIPTS / "source.sql").read_text())
        session.execute(
            "INSERT INTO phood_foodlogsum SELECT (d - DATE '2020-01-01') * 10 + n, 'Store ' || n, d - DATE '2023-01-01' + n,"
            " d::timestamp AT TIME ZONE 'UTC' + n * interval '7 hours' FROM generate_series(0, 1460) g,"
            " LATERAL (SELECT DATE '2023-01-01' + g AS d) days, generate_series(0, 2) n"
        )
        session.execute("GRANT SELECT ON phood_foodlogsum TO source_reader")


def _make_tenant(
    session: psycopg.Connection, schema: str, connection: str, folded_days: int, open_days: int
) -> None:
    name = sql.Identifier(schema)
    for statement in (
        "CREATE SCHEMA {}",
        "GRANT ALL PRIVILEGES ON SCHEMA {} TO whadmin",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA {} GRANT ALL ON TABLES TO whadmin",
        "GRANT USAGE ON SCHEMA {} TO phood_ro",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA {} GRANT SELECT ON TABLES TO phood_ro",
    ):
        session.execute(sql.SQL(statement).format(name))
    for year, count in (*((year, folded_days) for year in FOLDED), (OPEN, open_days)):
        # As many in a transaction as the server has locks for.
        for first in range(0, count, _AT_ONCE):
            session.execute(
                "SELECT _wh.update_mv_window_by_template('foodlogstats', %s, %s, %s::date + %s, %s::date + %s)",
                (
                    connection,
                    schema,
                    start := date(year, 1, 1),
                    first,
                    start,
                    min(first + _AT_ONCE, count) - 1,
                ),
            )
        if year in FOLDED:
            session.execute(
                "SELECT _wh.create_combined_table_from_template_by_year('foodlogstats', %s, %s)",
                (schema, year),
            )
    # A day that was never loaded.
    session.execute(
        sql.SQL("DROP MATERIALIZED VIEW {} CASCADE").format(
            sql.Identifier(schema, f"foodlogstats_{OPEN}_01_06")
        )
    )
    session.execute(
        "SELECT _wh.update_tenant_union_view_by_template('foodlogstats', %s, %s)", (connection, schema)
    )
