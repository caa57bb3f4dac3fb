"""The demo's tenants: three production databases with food-waste logs that look real.

Each row depends only on its tenant's seed and its own place (day, store, meal, number), never on when or in which range
it was created; see sql/demo/log.sql. So a source of thirty days has the same rows as those days in a source of two
years, and an extension continues where the last one ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tenantry.core.errors import InputError
from tenantry.db.connect import session
from tenantry.db.passwords import verifier
from tenantry.db.queries import SQL, sql_text

_MARK = "Made by tenantry demo"
"""The comment on a finished source: databases without it belong to somebody else."""

_ROLES, _SOURCES = 8321567905, 1743902518
"""Keys of advisory locks in the administrator's database: one for roles, and the first half of those for sources."""


@dataclass(frozen=True)
class DemoTenant:
    """A tenant of the demo. `name` is that of its schema in the warehouse and of its file in sql/demo.

    `stores`: how many of the stores in that file it has. `daily_rows`: roughly the mean over a year; at most 4000,
    since a day has 10,000 ids and some days are busier. `timezone`: where its meals are eaten, and its database's
    default.
    """

    name: str
    database: str
    title: str
    stores: int
    daily_rows: int
    timezone: str
    seed: int


TENANTS = (
    DemoTenant("harvest", "harvest_production", "Harvest University Dining", 24, 420, "America/Chicago", 101),
    DemoTenant("marina", "marina_production", "Marina Hotels & Resorts", 12, 260, "America/Los_Angeles", 202),
    DemoTenant("orchard", "orchard_production", "Orchard Health", 8, 140, "America/New_York", 303),
)


def source_exists(connection: psycopg.Connection, tenant: DemoTenant) -> bool:
    """Whether the tenant's source exists and is complete. `connection` may be to any database of the server."""
    found = connection.execute(
        "SELECT FROM pg_database WHERE datname = %s AND shobj_description(oid, 'pg_database') = %s",
        (tenant.database, _MARK),
    )
    return found.rowcount > 0


def create_source(
    admin_conninfo: str,
    tenant: DemoTenant,
    first_day: date,
    last_day: date,
    *,
    until: datetime,
    reader: str,
    password: str,
) -> int:
    """Create the tenant's database with the rows of the UTC days from `first_day` to `last_day` that were logged before
    `until` (aware), and let the role `reader` read it. The role is created if necessary, and gets `password`.
    Returns the number of rows.

    The administrator may create databases and roles. What an interrupted or failed call leaves is not a source, and the
    next call removes it. Calls for several tenants may run at the same time; those for one wait for each other.

    Raises:
        InputError: a database with that name already exists, the demo's or not.
        WarehouseUnreachable, DatabaseError: as `session` does.
    """
    # Only its final name says that a source is complete.
    unfinished = f"{tenant.database}.unfinished"
    to_time = min(until, _midnight(last_day + timedelta(days=1)))
    with session(admin_conninfo, role=None, name="tenantry demo", path="public, pg_temp") as admin:
        admin.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", (_SOURCES, tenant.database))
        if _exists(admin, tenant.database):
            raise InputError(
                f'the database "{tenant.database}" exists already', hint="Extend it, or drop it first."
            )
        _make_reader(admin, reader, password)
        _drop(admin, unfinished)
        # template0 accepts no connections, so no session can be in the way, as may happen with template1.
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(
                sql.Identifier(unfinished)
            )
        )
        with _generator(make_conninfo(admin_conninfo, dbname=unfinished), tenant) as source:
            source.execute(sql_text(SQL / "demo" / "schema.sql"))
            _set_run(source, tenant, _midnight(first_day), to_time)
            source.execute(sql_text(SQL / "demo" / "dimensions.sql"))
            rows = source.execute(sql_text(SQL / "demo" / "log.sql")).rowcount
            source.execute(sql_text(SQL / "demo" / "finish.sql"))
            _set_up(source, unfinished, tenant.timezone, reader)
        admin.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                sql.Identifier(unfinished), sql.Identifier(tenant.database)
            )
        )
    return rows


def extend_source(admin_conninfo: str, tenant: DemoTenant, *, until: datetime) -> int:
    """Add the rows logged since the last existing one and before `until` (aware); return how many. Can be repeated.

    Raises:
        InputError: the database is not the demo's.
        WarehouseUnreachable: there is no such database, or the server does not answer.
        DatabaseError: as `session` does; nothing was added then.
    """
    with _generator(make_conninfo(admin_conninfo, dbname=tenant.database), tenant) as source:
        if not source_exists(source, tenant):
            raise InputError(f'the database "{tenant.database}" was not made by the demo')
        row = source.execute("SELECT max(logged_time) FROM phood_foodlogsum").fetchone()
        last = row[0] if row else None
        _set_run(source, tenant, last or _midnight(until.astimezone(UTC).date()), until)
        return source.execute(sql_text(SQL / "demo" / "log.sql")).rowcount


def drop_source(connection: psycopg.Connection, tenant: DemoTenant) -> None:
    """Remove the tenant's database, finished or not, whoever is connected to it. Its reader stays, without rights.

    A database with that name that is not the demo's stays, too. `connection` is in autocommit mode and to another
    database.
    """
    _drop(connection, f"{tenant.database}.unfinished")
    if source_exists(connection, tenant):
        _drop(connection, tenant.database)


@contextmanager
def _generator(conninfo: str, tenant: DemoTenant) -> Iterator[psycopg.Connection]:
    """A transaction in a source's database, with the tables from which this tenant's rows are made."""
    with (
        session(conninfo, role=None, name="tenantry demo", path="public, pg_temp") as source,
        source.transaction(),
    ):
        source.execute(sql_text(SQL / "demo" / "generator.sql"))
        source.execute(sql_text(SQL / "demo" / f"{tenant.name}.sql"))
        yield source


def _set_run(source: psycopg.Connection, tenant: DemoTenant, from_time: datetime, to_time: datetime) -> None:
    source.execute(
        "INSERT INTO demo_run VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (tenant.name, tenant.seed, tenant.timezone, tenant.stores, tenant.daily_rows, from_time, to_time),
    )


def _set_up(source: psycopg.Connection, database: str, timezone: str, reader: str) -> None:
    """The rights, the time zone and the mark of the session's database."""
    names = {"database": sql.Identifier(database), "reader": sql.Identifier(reader)}
    for statement in (
        sql.SQL("REVOKE ALL ON DATABASE {database} FROM PUBLIC").format(**names),
        sql.SQL("GRANT CONNECT ON DATABASE {database} TO {reader}").format(**names),
        sql.SQL("GRANT USAGE ON SCHEMA public TO {reader}").format(**names),
        sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {reader}").format(**names),
        # A production server is seldom in UTC.
        sql.SQL("ALTER DATABASE {database} SET timezone = {zone}").format(
            zone=sql.Literal(timezone), **names
        ),
        sql.SQL("COMMENT ON DATABASE {database} IS {mark}").format(mark=sql.Literal(_MARK), **names),
    ):
        source.execute(statement)


def _make_reader(admin: psycopg.Connection, reader: str, password: str) -> None:
    with admin.transaction():
        # Threads that create several sources with one reader would change its row at the same time.
        admin.execute("SELECT pg_advisory_xact_lock(%s)", (_ROLES,))
        known = admin.execute("SELECT FROM pg_roles WHERE rolname = %s", (reader,)).rowcount
        verb = sql.SQL("ALTER ROLE" if known else "CREATE ROLE")
        admin.execute(
            sql.SQL("{} {} LOGIN PASSWORD {}").format(
                verb, sql.Identifier(reader), verifier(admin, reader, password)
            )
        )


def _exists(connection: psycopg.Connection, database: str) -> bool:
    return connection.execute("SELECT FROM pg_database WHERE datname = %s", (database,)).rowcount > 0


def _drop(admin: psycopg.Connection, database: str) -> None:
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
