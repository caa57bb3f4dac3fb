"""How whadmin logs in where the login at hand is an administrator's.

Whatever runs as whadmin in somebody's session can come back to whoever logged in (RESET ROLE). So the session of an
administrator never reads or runs what whadmin can change: that is left to a session of whadmin's own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from psycopg.conninfo import make_conninfo

from tenantry.core.errors import DatabaseError
from tenantry.core.model import OWNER
from tenantry.db.passwords import generated_file

PASSWORD = "TENANTRY_WHADMIN_PASSWORD"  # noqa: S105 - the name of a variable, not a password
"""The variable with whadmin's password."""

IS_ADMINISTRATOR = "TN001"
"""The SQLSTATE by which a session refuses to act as whadmin: whoever logged in could do more to the server than whadmin."""

_CHOSEN: dict[str, str] = {}


def choose(administrator: str, conninfo: str) -> None:
    """From now on, whadmin's sessions beside those of `administrator` are opened by `conninfo`."""
    _CHOSEN[administrator] = conninfo


def conninfos(administrator: str, password: str | None = None) -> Iterator[str]:
    """How whadmin may log in where an administrator does, to be tried in this order."""
    if password is not None:
        yield make_conninfo(administrator, user=OWNER, password=password)
        return
    if administrator in _CHOSEN:
        yield _CHOSEN[administrator]
    given = os.environ.get(PASSWORD)
    if given:
        yield make_conninfo(administrator, user=OWNER, password=given)
        return
    # An empty password keeps libpq from PGPASSWORD, which is the administrator's, and lets it look into its file.
    yield make_conninfo(administrator, user=OWNER, password="")
    generated = generated_file()
    if generated.exists():
        yield make_conninfo(administrator, user=OWNER, password="", passfile=str(generated))


def refused(user: str, why: str) -> DatabaseError:
    """What to raise for an administrator's login where whadmin cannot log in."""
    return DatabaseError(
        f'role "{user}" is an administrator, but only {OWNER} works in the warehouse',
        sqlstate=IS_ADMINISTRATOR,
        hint=f"Log in as {OWNER} or a member of it, or set {PASSWORD}, or put it into ~/.pgpass. ({why})",
    )
