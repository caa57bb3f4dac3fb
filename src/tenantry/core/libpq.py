"""Connection strings that take nothing from libpq's environment variables, and nothing from files in a home directory."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import Conninfo

NOT_GIVEN = "/dev/null/not-given-in-the-connection"
"""A file that never exists. Without a file name, libpq looks into the home directory."""

_NOT_OURS = {
    "passfile": NOT_GIVEN,
    "sslcert": NOT_GIVEN,
    "sslkey": NOT_GIVEN,
    "sslrootcert": NOT_GIVEN,
    "sslcrl": NOT_GIVEN,
    "sslcertmode": "allow",
    "sslmode": "prefer",
    "connect_timeout": "10",
    "keepalives": "1",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
    "require_auth": "scram-sha-256",
    "gssencmode": "disable",
    "min_protocol_version": "3.0",
    "max_protocol_version": "3.0",
}
"""The values of keywords that the connection does not name, where these differ from libpq's compiled-in defaults or from empty."""

_LEFT_OUT = {"service", "servicefile", "scram_client_key", "scram_server_key"}
"""Keywords that have no value for "none". A service in the environment only sets what is not set elsewhere, so it sets nothing."""


def only(given: Mapping[str, str]) -> str:
    """The connection string of these keywords and all others of libpq, so that none comes from the environment or a file.

    Those are for another server: PGHOSTADDR would lead to it, and PGPASSWORD would be sent to this one.
    """
    known = {option.keyword.decode(): (option.compiled or b"").decode() for option in Conninfo.get_defaults()}
    others = {name: _NOT_OURS.get(name, value) for name, value in known.items() if name not in _LEFT_OUT}
    return make_conninfo("", **{**others, **given})


def names_server(conninfo: str) -> bool:
    """Whether a connection string names a server itself, by a host or a service. False if it cannot be read."""
    try:
        words = conninfo_to_dict(conninfo)
    except psycopg.Error:
        return False
    return any(words.get(name) for name in ("host", "hostaddr", "service"))
