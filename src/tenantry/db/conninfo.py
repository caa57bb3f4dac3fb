"""Connection strings as people write them. Invalid ones are refused without repeating what may be a part of a password."""

from __future__ import annotations

import re
from difflib import get_close_matches

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from tenantry.core.errors import InputError
from tenantry.db.errors import one_line

_UNKNOWN = re.compile(r'(invalid connection option|invalid URI query parameter):? "(.*)"', re.DOTALL)


def parse(conninfo: str, what: str, hint: str) -> dict[str, str]:
    """Return the keywords of a connection string or URI. `what` names it in the error, and `hint` says how to write it.

    Raises InputError if it cannot be read, or if the password cannot be told from the rest: libpq would then show half
    of it in an error, as a host or port.
    """
    scheme, separator, rest = conninfo.strip().partition("://")
    if separator and scheme in ("postgresql", "postgres") and "@" in re.split("[@/]", rest, maxsplit=1)[-1]:
        raise InputError(
            f"{what} cannot be read: there is an @ after the one before the host, or a / before it",
            hint="In a URI write %40 for an @ in a password, %2F for a / and %25 for a %.",
        )
    try:
        return {key: str(value) for key, value in conninfo_to_dict(conninfo).items() if value is not None}
    except psycopg.Error as error:
        raise InputError(
            f"{what} cannot be read: {without_values(str(error), conninfo)}", hint=hint
        ) from None


def without_values(text: str, conninfo: str) -> str:
    """Return libpq's message about a connection string, without the parts of the string that it repeats.

    An unknown keyword is repeated, unless it may be the rest of a password that a blank or an & cut off.
    """
    unknown = _UNKNOWN.match(one_line(text))
    if unknown and "password" not in conninfo and "@" not in conninfo:
        return unknown[0]
    known = [option.keyword.decode() for option in pq.Conninfo.get_defaults()]
    if unknown and get_close_matches(unknown[2], known, 1, cutoff=0.7):
        return unknown[0]
    return re.sub('".+"', '"…"', one_line(text))


def address(connection: psycopg.Connection, user: str) -> dict[str, str]:
    """Return where a session is connected to, for a login of another user: its server, database and encryption."""
    used = {option.keyword.decode(): (option.val or b"").decode() for option in connection.pgconn.info}
    info = connection.info
    return {
        "host": info.host,
        "port": str(info.port),
        "dbname": info.dbname,
        "user": user,
        **{key: used[key] for key in ("sslmode", "sslrootcert") if used.get(key)},
    }
