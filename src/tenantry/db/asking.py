"""Passwords for the warehouse that libpq does not find: those in tenantry/pgpass, and those that a person types.

libpq comes first, with its own order: the connection string, PGPASSWORD, the password file. Only a server that asks for a
password and gets none is told another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Lock
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from tenantry.db.passwords import usable_file

Ask = Callable[[str], str | None]
"""Asks a person for a password, by who logs in where; None if there is nobody to ask."""

_asks: list[Ask] = []

_known: dict[str, dict[str, str]] = {}
"""What a connection string lacked, once a server has accepted it."""

_typed: dict[tuple[bytes, bytes, bytes], str | None] = {}
"""What a person typed, by user, host and port: nobody is asked twice."""

_lock = Lock()


def ask_with(ask: Ask) -> None:
    """From now on, ask for passwords that are missing."""
    _asks[:] = [ask]


def connect(conninfo: str, given: str, **settings: Any) -> psycopg.Connection:
    """A session, as psycopg opens it. `given` is the connection string as the user wrote it.

    Raises psycopg.OperationalError, with libpq's words, if the server refuses the login.
    """
    if given in _known:
        return psycopg.connect(make_conninfo(conninfo, **_known[given]), **settings)
    try:
        return psycopg.connect(conninfo, **settings)
    except psycopg.OperationalError as error:
        if not needs_password(error):
            raise
        refused = error
    for found in _ways(refused):
        try:
            opened = psycopg.connect(make_conninfo(conninfo, **found), **settings)
        except psycopg.OperationalError as error:
            if not needs_password(error):
                raise
        else:
            _known[given] = found
            return opened
    raise refused


def forget(given: str) -> None:
    """Forget what a connection string lacked."""
    _known.pop(given, None)


def needs_password(error: psycopg.OperationalError) -> bool:
    """Whether a login failed because the server asked for a password and libpq knew none."""
    return error.pgconn is not None and error.pgconn.needs_password


def _ways(refused: psycopg.OperationalError) -> Iterator[dict[str, str]]:
    file, _ = usable_file()
    if file is not None:
        yield {"password": "", "passfile": str(file)}
    if refused.pgconn is not None and (password := _ask(refused.pgconn)):
        yield {"password": password}


def _ask(pgconn: Any) -> str | None:
    login = (pgconn.user, pgconn.host, pgconn.port)
    with _lock:
        if login not in _typed:
            user, host, port = (part.decode(errors="replace") for part in login)
            who = f"{user} on {host}" + (f" port {port}" if port not in ("", "5432") else "")
            _typed[login] = _asks[0](who) if _asks else None
        return _typed[login]
