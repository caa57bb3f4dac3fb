"""A temporary login with whadmin's rights and no others, for what an administrator has to do in `_wh`."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tenantry.core.errors import DatabaseError, WarehouseUnreachable
from tenantry.core.model import OWNER
from tenantry.db.connect import open_session
from tenantry.db.errors import translated
from tenantry.db.passwords import verifier
from tenantry.db.queries import one_row, query
from tenantry.db.roles import require_admin_option

_MARK = "Tenantry: a login for one command"


@contextmanager
def passing_session(administrator: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """Yield a session as whadmin, through a temporary login that is a member of whadmin and of nothing else.

    In an administrator's session, code that runs as whadmin could take back the administrator's rights (RESET ROLE). In
    this session it cannot. The administrator's session must not be within a transaction. The login is dropped at the
    end. If a killed command leaves one, it is useless after five minutes, and the next command drops it.

    Raises:
        DatabaseError: the administrator may not grant whadmin, or the server accepts no new login with a password from
            here.
    """
    require_admin_option(administrator, (OWNER,))
    for (left,) in administrator.execute(query("install", "expired_logins"), (_MARK,)).fetchall():
        _drop(administrator, left)
    name, password = f"tenantry_login_{secrets.token_hex(8)}", secrets.token_urlsafe(32)
    _make(administrator, name, password)
    try:
        opened = _opened(make_conninfo(administrator.info.dsn, user=name, password=password))
        try:
            with translated():
                yield opened
        finally:
            opened.close()
    finally:
        with suppress(psycopg.OperationalError):
            _drop(administrator, name)


def _make(administrator: psycopg.Connection, name: str, password: str) -> None:
    role, (until,) = sql.Identifier(name), one_row(administrator, query("install", "soon"))
    with administrator.transaction():
        administrator.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} VALID UNTIL {}").format(
                role, verifier(administrator, name, password), sql.Literal(until)
            )
        )
        administrator.execute(sql.SQL("COMMENT ON ROLE {} IS {}").format(role, sql.Literal(_MARK)))
        administrator.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(OWNER), role))


def _opened(conninfo: str) -> psycopg.Connection:
    try:
        return open_session(conninfo)
    except WarehouseUnreachable as error:
        raise DatabaseError(
            f"the server refuses a new login with a password from here: {error.message.partition(': ')[2]}",
            hint="Name the server by its host (--dsn 'host=localhost …'), or allow such logins in pg_hba.conf.",
        ) from error


def _drop(administrator: psycopg.Connection, name: str) -> None:
    administrator.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))
