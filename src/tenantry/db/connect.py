"""Sessions on the warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from tenantry.db.errors import translated

OWNER = "whadmin"
"""The role that owns the warehouse and does all the work in it."""

OLDEST_SERVER = 150000
"""PostgreSQL 15, as `server_version_num`: earlier ones let everyone create objects in the schema public."""


def open_session(conninfo: str, *, role: str | None = OWNER, name: str = "tenantry") -> psycopg.Connection:
    """Open a session in autocommit mode, acting as `role` (None: as whoever logs in).

    `name` is its application_name. The session's time zone is UTC, so that times print alike everywhere.

    Raises:
        WarehouseUnreachable: the server does not answer, refuses the login, or is lost.
        DatabaseError: the login may not act as `role`.
    """
    with translated():
        connection = psycopg.connect(conninfo, autocommit=True, application_name=name, connect_timeout=10)
        try:
            connection.execute("SET TIME ZONE 'UTC'")
            connection.execute("SET client_min_messages = warning")
            if role is not None:
                connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def session(
    conninfo: str, *, role: str | None = OWNER, name: str = "tenantry"
) -> Iterator[psycopg.Connection]:
    """`open_session` for a `with` block; closes at its end, and turns PostgreSQL's errors into Tenantry's."""
    connection = open_session(conninfo, role=role, name=name)
    try:
        with translated():
            yield connection
    finally:
        connection.close()
