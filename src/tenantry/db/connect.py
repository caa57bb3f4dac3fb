"""Sessions on the warehouse."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
from psycopg import sql

from tenantry.core.errors import InputError, NotInstalled
from tenantry.core.model import OWNER
from tenantry.db.errors import one_line, translated, without_quotes

ENCODING = "UTF8"
"""The client_encoding of all sessions, whatever PGCLIENTENCODING says: what a source sends is handed on unread."""

OLDEST_SERVER = 150000
"""PostgreSQL 15, as `server_version_num`: earlier ones let everyone create objects in the schema public."""


def open_session(
    conninfo: str, *, role: str | None = OWNER, name: str = "tenantry", patience: int = 10
) -> psycopg.Connection:
    """Open a session in autocommit mode, acting as `role` (None: as whoever logs in).

    `name` is its application_name, `patience` how many seconds an answer may take. The session's time zone is UTC, so that times print alike everywhere.

    Raises:
        InputError: the connection string cannot be read.
        WarehouseUnreachable: the server does not answer, refuses the login, or is lost.
        NotInstalled: the server has no such role.
        DatabaseError: the login may not act as `role`.
    """
    with translated():
        try:
            connection = psycopg.connect(
                conninfo,
                autocommit=True,
                application_name=name,
                connect_timeout=patience,
                client_encoding=ENCODING,
            )
        except psycopg.ProgrammingError as error:
            raise InputError(
                f"the connection string cannot be read: {without_quotes(str(error))}",
                hint="Write it as 'host=db.example.com dbname=warehouse user=whadmin' or as a postgresql:// URI.",
            ) from None
        try:
            _set_up(connection, role)
        except BaseException:
            connection.close()
            raise
    return connection


def _set_up(connection: psycopg.Connection, role: str | None) -> None:
    # In one message: a warehouse may be far away. psycopg reads no other style of dates than ISO's; a database, a role
    # or PGDATESTYLE may have set one.
    settings = sql.SQL(
        "SET TIME ZONE 'UTC'; SET DateStyle = ISO; SET client_min_messages = warning; {}"
    ).format(sql.SQL("SET ROLE {}").format(sql.Identifier(role)) if role else sql.SQL(""))
    try:
        connection.execute(settings)
    except psycopg.errors.InvalidParameterValue as error:
        # The server has no such role, so no database of it was ever a warehouse.
        raise NotInstalled(
            f"this database holds no warehouse: {one_line(str(error))}", hint="Run: tenantry init"
        ) from error


@contextmanager
def session(
    conninfo: str, *, role: str | None = OWNER, name: str = "tenantry", patience: int = 10
) -> Iterator[psycopg.Connection]:
    """`open_session` for a `with` block; closes at its end, and turns PostgreSQL's errors into Tenantry's."""
    connection = open_session(conninfo, role=role, name=name, patience=patience)
    try:
        with translated():
            yield connection
    finally:
        connection.close()


@contextmanager
def as_login(session: psycopg.Connection) -> Iterator[None]:
    """Act as whoever logged in, not as whadmin; within a transaction, which restores the role if it fails."""
    session.execute("RESET ROLE")
    yield
    session.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(OWNER)))


def cut(connection: psycopg.Connection) -> None:
    """Break a session's line, from another thread: whoever waits for its server gets an error at once."""
    with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)
