"""Roles: what an administrator who is not a superuser may do with them, and how they come to all nodes of a Citus cluster."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from tenantry.core.errors import DatabaseError
from tenantry.core.model import OWNER, READER
from tenantry.db.queries import one_row, query


def require_admin_option(session: psycopg.Connection, names: Collection[str]) -> None:
    """Raise DatabaseError if the session's role may not grant and alter these roles; skip roles that do not exist."""
    others = [row[0] for row in session.execute(query("install", "made_by_others"), {"names": list(names)})]
    if others:
        me = session.execute("SELECT current_user::text").fetchone()
        user = me[0] if me else session.info.user
        listed = ", ".join(sql.Identifier(name).as_string() for name in others)
        raise DatabaseError(
            f'role "{user}" may not grant or alter {", ".join(others)}, which another role made',
            sqlstate="42501",
            hint="As that role, or as a superuser: "
            f"GRANT {listed} TO {sql.Identifier(user).as_string()} WITH ADMIN OPTION",
        )


def may_not_act(user: str) -> DatabaseError:
    """The error for a login that is not a member of whadmin."""
    name = sql.Identifier(user).as_string()
    return DatabaseError(
        f'role "{user}" may not act as {OWNER}',
        sqlstate="42501",
        hint=f"As the role that made {OWNER}, or as a superuser: GRANT {OWNER} TO {name}, "
        f"or for an administrator: GRANT {OWNER}, {READER} TO {name} WITH ADMIN OPTION",
    )


@contextmanager
def of_a_member(session: psycopg.Connection) -> Iterator[None]:
    """If the block is denied a right, raise an error that says that the session's role is not a member of whadmin."""
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        if session.info.user == OWNER:
            raise
        raise may_not_act(session.info.user) from error


@contextmanager
def on_all_nodes(session: psycopg.Connection) -> Iterator[None]:
    """In this block, statements about roles and distributed tables are carried out on all nodes.

    Sessions of the program keep Citus's propagation off: see queries/session.sql. Without Citus, nothing is special.
    """
    if not one_row(session, query("session", "is_cluster"))[0]:
        yield
        return
    session.execute(query("session", "propagate"), {"value": "on"})
    try:
        yield
    finally:
        if session.info.transaction_status != psycopg.pq.TransactionStatus.INERROR:
            session.execute(query("session", "propagate"), {"value": "off"})
