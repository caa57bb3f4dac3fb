"""Connections to the tenants' source databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import psycopg
from psycopg.types.json import Jsonb

from tenantry.core import advice
from tenantry.core.errors import InputError, SourceError
from tenantry.core.model import Connection, SourceFacts
from tenantry.db.errors import one_line
from tenantry.db.queries import one_row, query


def put(session: psycopg.Connection, connection: Connection, password: str | None) -> None:
    """Store a new or changed connection. A password of None keeps the stored one."""
    with session.transaction():
        session.execute(query("source", "hide_parameters"))
        session.execute(
            query("source", "put_connection"),
            {
                "name": connection.name,
                "host": connection.host,
                "port": connection.port,
                "dbname": connection.dbname,
                "username": connection.username,
                "password": password,
                "options": Jsonb(dict(connection.options)),
            },
        )


def find(session: psycopg.Connection, name: str) -> Connection | None:
    """The stored connection with that name, or None."""
    row = session.execute(query("source", "get_connection"), (name,)).fetchone()
    return Connection(*row) if row else None


def get(session: psycopg.Connection, name: str) -> Connection:
    """The stored connection with that name. Raises InputError if it does not exist."""
    found = find(session, name)
    if found is None:
        known = [row[0] for row in session.execute(query("source", "connection_names"))]
        raise InputError(
            f'connection "{name}" does not exist', hint=f"Known connections: {', '.join(known) or 'none'}"
        )
    return found


def every(session: psycopg.Connection) -> list[tuple[Connection, datetime | None, list[str]]]:
    """All connections by name, each with the date of its password and the tenants that use it."""
    rows = session.execute(query("source", "connections"))
    return [(Connection(*address), set_at, tenants) for *address, set_at, tenants in rows]


def replace(session: psycopg.Connection, connection: Connection, password: str | None) -> SourceFacts:
    """Store a connection and test it, in one transaction: if the source does not answer, nothing changes.

    Raises:
        SourceError: the source refuses, or does not answer within 10 seconds.
    """
    with session.transaction():
        put(session, connection, password)
        return probe(session, connection.name)


def of_tenant(session: psycopg.Connection, name: str) -> Connection:
    """Return the connection of a tenant, or the connection with that name. Raises InputError if there is none, or more than one."""
    names = [row[0] for row in session.execute(query("source", "connections_of"), {"schema": name})]
    if len(names) > 1:
        raise InputError(
            f'tenant "{name}" uses several connections: {", ".join(names)}',
            hint="Name the connection instead of the tenant.",
        )
    return get(session, names[0] if names else name)


def users(session: psycopg.Connection, name: str) -> list[str]:
    """The tenants that use a connection."""
    return [row[0] for row in session.execute(query("source", "tenants_of"), (name,))]


def hold(session: psycopg.Connection, name: str) -> None:
    """Keep others from changing a connection, or adding a tenant with it, until the transaction ends."""
    session.execute(query("source", "hold_connection"), (name,))


def remove(session: psycopg.Connection, name: str) -> None:
    """Delete a connection with its stored password; slices that were loaded through it stay."""
    session.execute(query("source", "delete_connection"), (name,))


def probe(session: psycopg.Connection, name: str, patience: int = 10) -> SourceFacts:
    """Log in to the source from the warehouse, as a load would.

    Raises:
        SourceError: the source refuses, or does not answer within `patience` seconds.
    """
    get(session, name)
    try:
        # Rolled back, so that its patience ends with it, even in a transaction of the caller's.
        with asking(session, name), session.transaction(force_rollback=True):
            session.execute(query("session", "patience"), (patience * 1000,))
            row = one_row(session, query("source", "probe_source"), (name, patience))
    except SourceError as error:
        if isinstance(error.__cause__, psycopg.errors.QueryCanceled):
            raise SourceError(
                f'the source of "{name}" does not answer within {patience} seconds',
                connection=name,
                hint="Check its address; a firewall may be dropping what is sent there.",
            ) from error
        raise
    return SourceFacts(*row)


@contextmanager
def asking(session: psycopg.Connection, name: str) -> Iterator[None]:
    """Turn a source's errors inside the block into SourceError.

    Errors of a connection or template that cannot be used at all, and of a lost warehouse, stay psycopg.Error.
    """
    try:
        yield
    except psycopg.Error as error:
        if session.broken or isinstance(
            error, psycopg.errors.UndefinedObject | psycopg.errors.FeatureNotSupported
        ):
            raise
        words = (error.diag.message_primary, error.diag.message_detail)
        reason = one_line(": ".join(word for word in words if word))
        raise SourceError(
            f'the source of "{name}" cannot be used: {reason}',
            connection=name,
            sqlstate=error.sqlstate,
            hint=one_line(error.diag.message_hint)
            if error.diag.message_hint
            else advice.of_source(error.sqlstate),
        ) from error
