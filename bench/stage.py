"""The databases of a measurement: a tenant's source, and a warehouse that is as new before each run."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from tenantry.core.days import Span
from tenantry.core.model import OWNER, Connection
from tenantry.db.connect import session
from tenantry.db.install import install
from tenantry.embedded import Server
from tenantry.flow.slice.feed import find_feed
from tenantry.loader import planning, run
from tenantry.loader.events import Silent

TENANT = "acme"
TEMPLATE = "foodlogstats"

EMPTY = "empty"
"""A warehouse to begin with: installed, with an open feed in matview storage and no slice."""
PARTITIONS = "partitions"
"""The same in partition storage."""

_READER = "source_reader"
_SOURCE, _NEW, _WAREHOUSE = "source", "warehouse_new", "warehouse"
_SCHEMA = Path(__file__).with_name("source.sql")


@dataclass(frozen=True)
class Size:
    """How much there is to load: `days` UTC days from `first`, `per_day` rows each."""

    first: date
    days: int
    per_day: int

    @property
    def last(self) -> date:
        """The last day, inclusive."""
        return self.first + timedelta(days=self.days - 1)

    @property
    def rows(self) -> int:
        """The rows of all days."""
        return self.days * self.per_day


class Stage:
    """A source with rows and, after each `reset`, an installed warehouse with an open feed and no slice."""

    def __init__(self, server: Server, size: Size, files: Path) -> None:
        self.server = server
        self.size = size
        self.files = files
        """A directory for scripts and logs."""
        self.source_password = secrets.token_urlsafe(24)
        self._owner_password = secrets.token_urlsafe(24)
        self._starts = {EMPTY: _NEW}

    @property
    def source(self) -> str:
        """The connection string of the source, for its reader; the password is in libpq's password file."""
        return self.server.conninfo(user=_READER, dbname=_SOURCE)

    @property
    def source_with_password(self) -> str:
        """The connection string of the source as operators give it to dblink."""
        return f"host=127.0.0.1 port={self.server.port} dbname={_SOURCE} user={_READER} password={self.source_password}"

    @property
    def warehouse(self) -> str:
        """The connection string of the warehouse, for its owner."""
        return self.server.conninfo(user=OWNER, dbname=_WAREHOUSE)

    @property
    def source_url(self) -> str:
        """The source's address as a URL, with its reader's password, for programs that know no password file."""
        return self._url(_READER, self.source_password, _SOURCE)

    @property
    def warehouse_url(self) -> str:
        """The warehouse's address as a URL, with its owner's password."""
        return self._url(OWNER, self._owner_password, _WAREHOUSE)

    @property
    def bare_urls(self) -> tuple[str, str]:
        """The addresses of source and warehouse as URLs without passwords, which are in `passfile`."""
        return self._url(_READER, None, _SOURCE), self._url(OWNER, None, _WAREHOUSE)

    @property
    def passfile(self) -> str:
        """The path of libpq's password file."""
        return str(conninfo_to_dict(self.source)["passfile"])

    def _url(self, user: str, password: str | None, database: str) -> str:
        login = user if password is None else f"{user}:{password}"
        return f"postgresql://{login}@127.0.0.1:{self.server.port}/{database}?sslmode=disable"

    @property
    def administrator(self) -> str:
        """The connection string of the warehouse, for the server's superuser."""
        return self.server.conninfo(dbname=_WAREHOUSE)

    def prepare(self) -> None:
        """Create the source, and the warehouses that `reset` copies."""
        with self._administrator() as admin:
            for name in (_SOURCE, _NEW):
                admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            admin.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                    sql.Identifier(_READER), sql.Literal(self.source_password)
                )
            )
        self.server.save_password(_READER, self.source_password)
        self.server.save_password(OWNER, self._owner_password)
        self._fill_source()
        with session(self.server.conninfo(dbname=_NEW), role=None) as admin:
            install(admin, {OWNER: self._owner_password})
            admin.execute("UPDATE _wh.mv_templates SET storage = 'matview'")
        self._take_in(_NEW)
        self.add_start(PARTITIONS, _use_partitions)

    def add_start(self, name: str, fill: Callable[[str], None], *, start: str = EMPTY) -> None:
        """Store another warehouse to begin with: a copy of `start` whose connection string was passed to `fill`."""
        database = f"warehouse_{name}"
        with self._administrator() as admin:
            _copy(admin, self._starts[start], database)
        fill(self.server.conninfo(user=OWNER, dbname=database))
        with psycopg.connect(self.server.conninfo(dbname=database), autocommit=True) as admin:
            # Now, so that autovacuum does not run during a measurement.
            admin.execute("VACUUM (ANALYZE)")
        self._starts[name] = database

    def add_earlier_start(self, name: str, source: Path, storage: str) -> None:
        """Store a warehouse to begin with that another version of Tenantry creates; its packages are in the directory `source`."""
        database = f"warehouse_{name}"
        with self._administrator() as admin:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        subprocess.run(
            [sys.executable, "-m", "tenantry", "--dsn", self.server.conninfo(dbname=database), "init"],
            env={**os.environ, "PYTHONPATH": str(source), "TENANTRY_WHADMIN_PASSWORD": self._owner_password},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        with session(self.server.conninfo(user=OWNER, dbname=database)) as owner:
            owner.execute("UPDATE _wh.mv_templates SET storage = %s", (storage,))
        self._take_in(database)
        self._starts[name] = database

    def new_database(self, name: str) -> str:
        """Create an empty database that `reset` copies as that warehouse to begin with; returns its name."""
        database = f"warehouse_{name}"
        with self._administrator() as admin:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        self._starts[name] = database
        return database

    def keep(self, name: str) -> None:
        """Store the present warehouse as another one to begin with."""
        with self._administrator() as admin:
            _copy(admin, _WAREHOUSE, f"warehouse_{name}")
        self._starts[name] = f"warehouse_{name}"

    def reset(self, start: str = EMPTY) -> None:
        """Create the warehouse again, and make the server write everything to the disk."""
        with self._administrator() as admin:
            admin.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(_WAREHOUSE))
            )
            _copy(admin, self._starts[start], _WAREHOUSE)
            admin.execute("CHECKPOINT")

    def address(self, name: str) -> Connection:
        """Create a connection to the source with that name."""
        return Connection(name, "127.0.0.1", self.server.port or 0, _SOURCE, _READER)

    def load(self, conninfo: str) -> None:
        """Load all days of the source into a warehouse that has none."""
        with session(conninfo) as owner:
            feed = find_feed(owner, TEMPLATE, TENANT)
        plans = planning.plan(conninfo, [feed], Span(self.size.first, self.size.last))
        run.run(conninfo, plans, run.Limits(), Silent())

    def change_source(self, statement: LiteralString, parameters: Mapping[str, object] | None = None) -> None:
        """Change the source."""
        with psycopg.connect(self.server.conninfo(dbname=_SOURCE), autocommit=True) as admin:
            admin.execute(statement, parameters)

    def show_rows(self, view: LiteralString, query: str) -> None:
        """Make the source show a query's result as a view, replacing what it showed before."""
        with psycopg.connect(self.server.conninfo(dbname=_SOURCE), autocommit=True) as admin:
            admin.execute(
                sql.SQL("CREATE OR REPLACE VIEW {} AS ").format(sql.Identifier(view)).as_bytes(admin)
                + query.encode()
            )
            admin.execute(
                sql.SQL("GRANT SELECT ON {} TO {}").format(sql.Identifier(view), sql.Identifier(_READER))
            )

    def keep_rows(self, view: LiteralString, schema: str, table: str, columns: str, indexes: str) -> None:
        """Make a table of the source from the rows of one of its views, with these columns and indexes."""
        with psycopg.connect(self.server.conninfo(dbname=_SOURCE), autocommit=True) as admin:
            names = sql.Identifier(schema), sql.Identifier(schema, table)
            admin.execute(sql.SQL("CREATE SCHEMA {}").format(names[0]))
            admin.execute(
                sql.SQL("CREATE TABLE {} ").format(names[1]).as_bytes(admin) + f"({columns})".encode()
            )
            admin.execute(sql.SQL("INSERT INTO {} SELECT * FROM {}").format(names[1], sql.Identifier(view)))
            admin.execute(indexes.encode())
            admin.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(names[0], sql.Identifier(_READER)))
            admin.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(names[1], sql.Identifier(_READER)))
            admin.execute(sql.SQL("VACUUM (ANALYZE) {}").format(names[1]))

    def template(self) -> Template:
        """The template as it is installed."""
        return self._template

    @cached_property
    def _template(self) -> Template:
        with session(self.server.conninfo(user=OWNER, dbname=_NEW)) as owner:
            row = owner.execute(
                "SELECT query_template, column_definitions, indexes FROM _wh.mv_templates WHERE template_name = %s",
                (TEMPLATE,),
            ).fetchone()
        assert row is not None
        return Template(*row)

    def version(self) -> str:
        """The version of PostgreSQL, such as 18.1."""
        return self.server.status().version

    def _fill_source(self) -> None:
        script = _SCHEMA.read_text(encoding="utf-8")
        with psycopg.connect(self.server.conninfo(dbname=_SOURCE), autocommit=True) as admin:
            for name in ("first", "days", "per_day"):
                admin.execute(
                    "SELECT set_config('bench.' || %s, %s, false)", (name, str(getattr(self.size, name)))
                )
            admin.execute(script.encode())
            admin.execute(
                sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(sql.Identifier(_READER))
            )
            # Now, so that autovacuum does not run during a measurement.
            admin.execute("VACUUM (ANALYZE)")

    def _take_in(self, database: str) -> None:
        """Open a feed of the tenant in an installed warehouse."""
        address = self.address(TENANT)
        with session(self.server.conninfo(user=OWNER, dbname=database)) as owner:
            # In SQL, as any version of the functions accepts it.
            owner.execute(
                "INSERT INTO _wh.tenant_connections (tenant_name, host, port, dbname, username, password)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                (TENANT, address.host, address.port, address.dbname, address.username, self.source_password),
            )
            owner.execute("SELECT _wh_internal.create_tenant_schema(%s)", (TENANT,))
            owner.execute("SELECT _wh_internal.open_feed(%s, %s, %s)", (TEMPLATE, TENANT, TENANT))

    def _administrator(self) -> psycopg.Connection:
        return psycopg.connect(self.server.conninfo(), autocommit=True)


def _copy(admin: psycopg.Connection, original: str, database: str) -> None:
    names = sql.Identifier(database), sql.Identifier(original), sql.Identifier(OWNER)
    admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(*names))
    # The copy has its objects' rights, but none of its own.
    admin.execute(sql.SQL("GRANT CREATE ON DATABASE {0} TO {2}").format(*names))


def _use_partitions(conninfo: str) -> None:
    with session(conninfo) as owner:
        owner.execute("UPDATE _wh.mv_templates SET storage = 'partition'")
        # The feed was opened before, and nothing was loaded into it.
        owner.execute("UPDATE _wh.feeds SET storage = 'partition'")


@dataclass(frozen=True)
class Template:
    """The parts of a template, to be filled in by hand."""

    query: str
    columns: str
    indexes: str

    @property
    def column_names(self) -> list[str]:
        """The names of the columns; each is on its own line."""
        return [line.split()[0] for line in self.columns.strip().splitlines()]

    def asked(self, first: date, last: date, schema: str = TENANT) -> str:
        """The query for the UTC days from first to last, both included."""
        return (
            self.query.replace("{SCHEMA}", schema)
            .replace("{START_TIME}", f"{first} 00:00:00+00")
            .replace("{END_TIME}", f"{last + timedelta(days=1)} 00:00:00+00")
        )

    def indexed(self, relation: str, schema: str = TENANT) -> str:
        """The statements that index a relation."""
        return self.indexes.replace("{SCHEMA}", schema).replace("{VIEW_NAME}", relation)
