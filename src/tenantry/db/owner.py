"""How whadmin logs in when the given login is an administrator's.

Code that runs as whadmin in a session can return to the login's rights (RESET ROLE). So an administrator's session
never reads or runs what whadmin can change; a separate session of whadmin's does that.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
from psycopg.conninfo import make_conninfo

from tenantry.core.errors import DatabaseError
from tenantry.core.model import OWNER
from tenantry.db.passwords import usable_file
from tenantry.db.queries import query

PASSWORD = "TENANTRY_WHADMIN_PASSWORD"  # noqa: S105 - the name of a variable, not a password
"""The variable that holds whadmin's password."""

IS_ADMINISTRATOR = "TN001"
"""The SQLSTATE with which a session refuses to act as whadmin, because its login has more power over the server than whadmin."""

_CHOSEN: dict[str, str] = {}


def choose(administrator: str, conninfo: str) -> None:
    """From now on, open whadmin's sessions beside those of `administrator` with `conninfo`."""
    _CHOSEN[administrator] = conninfo


def conninfos(administrator: str, password: str | None = None) -> Iterator[str]:
    """The ways in which whadmin may log in where an administrator does, to be tried in this order."""
    if password is not None:
        yield make_conninfo(administrator, user=OWNER, password=password)
        return
    if administrator in _CHOSEN:
        yield _CHOSEN[administrator]
    given = os.environ.get(PASSWORD)
    if given:
        yield make_conninfo(administrator, user=OWNER, password=given)
        return
    # An empty password stops libpq from using PGPASSWORD, which is the administrator's, and makes it read its
    # password file.
    yield make_conninfo(administrator, user=OWNER, password="")
    generated, _ = usable_file()
    if generated is not None:
        yield make_conninfo(administrator, user=OWNER, password="", passfile=str(generated))


def has_power(opened: psycopg.Connection) -> bool:
    """Whether the login of a session that acts as itself has power over the server, and so does not act as whadmin."""
    try:
        opened.execute(query("session", "refuse_administrator"))
    except psycopg.Error as error:
        if error.sqlstate != IS_ADMINISTRATOR:
            raise
        return True
    return False


def refused(user: str, why: str) -> DatabaseError:
    """The error for an administrator's login if whadmin cannot log in."""
    return DatabaseError(
        f'role "{user}" is an administrator, but only {OWNER} works in the warehouse',
        sqlstate=IS_ADMINISTRATOR,
        hint=f"Log in as {OWNER} or a member of it, or set {PASSWORD}, or put it into ~/.pgpass. ({why})",
    )
