"""The databases of the tests: warehouses and sources, cloned for each test from templates made once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from tenantry.embedded import Server
from tests.support import sessions
from tests.support.waiting import wait_until

SECRET = "s3cret-of-the-source'\\ "
"""The password of every source: with a quote, a backslash and a blank, to see that all of them are quoted."""

SOURCE_SCHEMA = (Path(__file__).parents[1] / "data/source_schema.sql").read_text()


def quick_secret(password: str) -> str:
    """What PostgreSQL keeps of an ASCII password for SCRAM-SHA-256 (RFC 5802 and 7677), with one round instead of 4096.

    Logins are as real with it, and both sides spend milliseconds less on each of the tests' many thousands.
    """
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 1)
    client, server = (hmac.digest(salted, word, "sha256") for word in (b"Client Key", b"Server Key"))
    stored = hashlib.sha256(client).digest()
    salt64, stored64, server64 = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256$1:{salt64}${stored64}:{server64}"


_SESSIONS: LiteralString = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'"
)

_END_SESSIONS: LiteralString = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = ANY(%s)"
)


@dataclass(frozen=True)
class Database:
    """One database of the test's server, reached over loopback with a real password."""

    server: Server
    name: str
    user: str

    @property
    def conninfo(self) -> str:
        """A connection string for psycopg and for --dsn."""
        return self.server.conninfo(user=self.user, dbname=self.name)

    def connect(self) -> psycopg.Connection:
        """A session in autocommit mode."""
        return psycopg.connect(self.conninfo, autocommit=True)

    def rows(
        self, statement: LiteralString, parameters: Sequence[Any] | None = None
    ) -> list[tuple[Any, ...]]:
        """The rows of a statement run in a session that is like a new one; empty if it gives none."""
        with sessions.of(self.conninfo) as session:
            cursor = session.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def value(self, statement: LiteralString, parameters: Sequence[Any] | None = None) -> Any:
        """The first column of the first row."""
        return self.rows(statement, parameters)[0][0]

    def run(self, statement: LiteralString, parameters: Sequence[Any] | None = None) -> None:
        """Run a statement for what it does."""
        self.rows(statement, parameters)

    def settle(self) -> None:
        """Wait until nobody else is there: a session tells pg_stat_* its counts while it ends, a moment after its program has left."""
        sessions.close(self.name)
        with psycopg.connect(self.server.conninfo(), autocommit=True) as admin:
            wait_until(lambda: admin.execute(_SESSIONS, [self.name]).fetchone() == (0,))


@dataclass(frozen=True)
class Source(Database):
    """A tenant's source: `admin` may change it, `reader` with `password` is what the warehouse uses."""

    reader: str = "source_reader"
    password: str = SECRET

    def log(self, rows: Sequence[tuple[int, str]]) -> None:
        """Add rows to phood_foodlogsum: id and logged_time as ISO 8601 with a zone."""
        with sessions.of(self.conninfo) as session, session.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO phood_foodlogsum (id, location_id, action_reason_id, action_taken_id, inventory_item_id,"
                " pan_id, quantity, validation_status, logged_time)"
                " VALUES (%s, 1, 1, 1, 1, 1, 10, 'valid', %s)",
                rows,
            )

    def fill(self, first: date, days: int, per_day: int = 3) -> None:
        """Add `per_day` rows to each day, spread over it from 00:00 UTC, with ids that follow each other."""
        self.run(
            "INSERT INTO phood_foodlogsum (id, location_id, action_reason_id, action_taken_id, inventory_item_id,"
            " pan_id, quantity, validation_status, logged_time)"
            " SELECT (%(first)s::date - DATE '2000-01-01' + d) * 1000 + n, 1 + n %% 3, 1, 1, 1 + n %% 5, 1, 10 + n,"
            " 'valid', (%(first)s::date + d)::timestamp AT TIME ZONE 'UTC' + n * interval '24 hours' / %(per_day)s"
            " FROM generate_series(0, %(days)s - 1) d, generate_series(0, %(per_day)s - 1) n",
            {"first": first, "days": days, "per_day": per_day},  # type: ignore[arg-type]
        )


@dataclass(frozen=True)
class Warehouse(Database):
    """An installed warehouse, seen as whadmin; `admin` and `reader` are the same database for other roles."""

    @property
    def admin(self) -> Database:
        """As the superuser postgres."""
        return Database(self.server, self.name, "postgres")

    @property
    def reader(self) -> Database:
        """As phood_ro."""
        return Database(self.server, self.name, "phood_ro")

    def connect_to(self, source: Source, name: str = "acme") -> str:
        """Insert a connection to the source, as the manual does; returns its name."""
        self.run(
            "INSERT INTO _wh.tenant_connections (tenant_name, host, port, dbname, username, password)"
            " VALUES (%s, '127.0.0.1', %s, %s, %s, %s)",
            (name, source.server.port, source.name, source.reader, source.password),
        )
        return name

    def index_less(self) -> None:
        """Let each day of foodlogstats have one index, the unique one, in place of four: a year is loaded in half of the time."""
        self.run(
            "UPDATE _wh.mv_templates SET indexes = split_part(indexes, ';', 1) WHERE template_name = 'foodlogstats'"
        )

    def server_of(self, connection: str = "acme") -> LiteralString:
        """The foreign server of a connection."""
        name: LiteralString = self.value("SELECT _wh_internal.server_name(%s)", (connection,))
        return name

    def make_schema(self, name: str = "acme") -> str:
        """A tenant's schema, made by postgres as in the manual; returns its name."""
        schema = sql.Identifier(name)
        with sessions.of(self.admin.conninfo) as session:
            for statement in (
                "CREATE SCHEMA {}",
                "GRANT ALL PRIVILEGES ON SCHEMA {} TO whadmin",
                "GRANT USAGE ON SCHEMA {} TO phood_ro",
            ):
                session.execute(sql.SQL(statement).format(schema))
        return name

    def load(self, first: date, last: date, schema: str = "acme", connection: str = "acme") -> Any:
        """Load a window of foodlogstats by SQL; returns what the function does."""
        return self.value(
            "SELECT _wh.update_mv_window_by_template('foodlogstats', %s, %s, %s, %s)",
            (connection, schema, first, last),
        )


@dataclass
class Maker:
    """Clones databases from templates, and drops what it made, as the administrator."""

    server: Server
    made: list[str] = field(default_factory=list)

    def clone(self, template: str, name: str) -> str:
        """A copy of a template database under a name that nobody else has."""
        unique = f"{name}_{secrets.token_hex(4)}"
        sessions.close(template)
        self.run("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", unique, template)
        self.made.append(unique)
        return unique

    def run(self, statement: LiteralString, *names: str) -> None:
        """Run a statement about databases, with their names in it."""
        with sessions.of(self.server.conninfo()) as session:
            session.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def drop_all(self) -> None:
        """Drop what was made, sessions and all."""
        for name in self.made:
            sessions.close(name)
        if self.made:
            self._end_sessions()
        for name in self.made:
            self.run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _end_sessions(self) -> None:
        """Wait for the sessions of what was made: DROP DATABASE sleeps for a tenth of a second if one is about to end."""
        give_up = time.monotonic() + 1
        with sessions.of(self.server.conninfo()) as session:
            while session.execute(_END_SESSIONS, [self.made]).fetchone() != (0,):
                if time.monotonic() > give_up:
                    return
                time.sleep(0.002)


def days(first: date, count: int) -> list[date]:
    """`count` days from `first`."""
    return [first + timedelta(days=n) for n in range(count)]


def plpgsql_checked(database: Database, functions: LiteralString) -> set[tuple[str, str]]:
    """What plpgsql_check says of the functions of ours that fit a condition on pg_proc p: signature and message."""
    database.run("CREATE EXTENSION IF NOT EXISTS plpgsql_check")
    found = database.rows(
        "SELECT p.oid::regprocedure::text, c.message"
        " FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang AND l.lanname = 'plpgsql'"
        " LEFT JOIN pg_trigger t ON t.tgfoid = p.oid,"
        " LATERAL public.plpgsql_check_function(p.oid::regprocedure, coalesce(t.tgrelid, 0), fatal_errors => false) AS c(message)"
        " WHERE p.pronamespace::regnamespace::text IN ('_wh', '_wh_internal', 'cron') AND " + functions
    )
    return {
        # A line's number changes with every comment above it.
        (name, re.sub(r"^(warning|error)( extra)?:(\w+):\d+:", r"\1\2:\3:", message))
        for name, message in found
        if message.startswith(("error", "warning"))
    }
