"""Sessions that tests have used, for the next statement: a new one takes ten milliseconds of the server, and as much to warm up.

What a statement may leave behind is taken away, and only plans stay. What a login alone reads are the settings of roles and
databases: a session is used again as long as those are what they were when it began.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

_AS_NEW = (
    "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; DEALLOCATE ALL; UNLISTEN *;"
    " SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD SEQUENCES; DISCARD TEMP"
)
"""DISCARD ALL, except for DISCARD PLANS: to make those takes most of the time of a short statement."""

_SETTINGS = "SELECT session_user, array_agg(s::text ORDER BY s::text) FROM pg_catalog.pg_db_role_setting s"


@dataclass
class _Session:
    """A session, and its login's name and the settings of roles and databases when it began: a role may be renamed."""

    connection: psycopg.Connection
    settings: Any


_idle: dict[str, list[_Session]] = defaultdict(list)


@contextmanager
def of(conninfo: str) -> Iterator[psycopg.Connection]:
    """A session in autocommit mode that nobody else uses meanwhile."""
    session = _idle_one(conninfo) or _new_one(conninfo)
    try:
        yield session.connection
    finally:
        if _made_as_new(session.connection):
            _idle[conninfo].append(session)
        else:
            session.connection.close()


def close(database: str) -> None:
    """Close the sessions of a database."""
    for sessions in list(_idle.values()):
        for session in [
            one for one in sessions if one.connection.closed or one.connection.info.dbname == database
        ]:
            sessions.remove(session)
            session.connection.close()


def _made_as_new(connection: psycopg.Connection) -> bool:
    # What an interrupted statement or an open transaction holds goes with the session.
    if connection.info.transaction_status != TransactionStatus.IDLE:
        return False
    with suppress(psycopg.Error):
        connection.execute(_AS_NEW)
        return True
    return False


def _new_one(conninfo: str) -> _Session:
    # DEALLOCATE takes prepared statements away from under psycopg.
    connection = psycopg.connect(conninfo, autocommit=True, prepare_threshold=None)
    return _Session(connection, connection.execute(_SETTINGS).fetchone())


def _idle_one(conninfo: str) -> _Session | None:
    idle = _idle[conninfo]
    while idle:
        try:
            session = idle.pop()
        except IndexError:
            # Another thread was faster.
            break
        with suppress(psycopg.Error):
            if session.connection.execute(_SETTINGS).fetchone() == session.settings:
                return session
        session.connection.close()
    return None
