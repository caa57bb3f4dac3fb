"""How to connect to a source if nobody said how secure the connection must be: as securely as both the warehouse and this machine can."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import psycopg

from tenantry.core.errors import SourceError
from tenantry.core.model import Connection, SourceFacts
from tenantry.flow.source import connection as connections
from tenantry.flow.source.session import open_source, source_conninfo

AUTHORITIES = ("system", "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
"""Where the certificates of public authorities are, for `sslrootcert`: libpq 16 asks OpenSSL; then Debian's file, and Red Hat's."""

_HERE = ("localhost", "127.0.0.1", "::1")


def store(
    session: psycopg.Connection, connection: Connection, password: str | None
) -> tuple[Connection, SourceFacts, str | None]:
    """Store a connection as `connections.replace` does, with the safest `sslmode` that works if it names none.

    Returns the stored connection, what the source reports, and a sentence about its security. The sentence is None if
    the operator chose the mode, now or when this address was stored, or if the connection does not leave the
    warehouse's host.

    Raises:
        SourceError: the source refuses, or does not answer within 10 seconds; nothing has changed then.
    """
    former = connections.find(session, connection.name)
    if (
        "sslmode" not in connection.options
        and former
        and (former.host, former.port) == (connection.host, connection.port)
        and "sslmode" in former.options
    ):
        kept = {word: value for word, value in former.options.items() if word.startswith("ssl")}
        connection = _with(connection, kept | dict(connection.options))
    if "sslmode" in connection.options or _is_local(connection.host):
        return connection, connections.replace(session, connection, password), None
    chosen, told = _safest(session, connection, password)
    return chosen, connections.replace(session, chosen, password), told


def _is_local(host: str) -> bool:
    return all(name in _HERE or name.startswith("/") for name in host.split(","))


def _with(connection: Connection, words: Mapping[str, str]) -> Connection:
    return replace(connection, options=dict(sorted({**connection.options, **words}.items())))


def _safest(
    session: psycopg.Connection, connection: Connection, password: str | None
) -> tuple[Connection, str]:
    with session.transaction(force_rollback=True):
        connections.replace(session, connection, password)
        reached = _reached(session, connection.name)
    required = _with(connection, {"sslmode": "require"})
    try:
        if not _works(session, required, password, reached):
            return connection, (
                "not encrypted: the source offers no TLS, so anyone on the network path can read and change its rows"
            )
    except psycopg.errors.FeatureNotSupported:
        return connection, (
            "not encrypted: the warehouse's server was built without TLS, so anyone on the network path can read and change its rows"
        )
    given = connection.options.get("sslrootcert")
    for authority in (given,) if given else AUTHORITIES:
        verified = _with(connection, {"sslmode": "verify-full", "sslrootcert": authority})
        if _works(session, verified, password, reached):
            return verified, f"encrypted, and the source's certificate is verified: {_said(verified)}"
    return required, (
        f"encrypted, but not verified, so anyone on the network path can impersonate the source: {_said(required)}. Put the certificate of its "
        f"authority at the same path on the warehouse's server and here, then: tenantry tenant edit {connection.name} "
        "--option sslmode=verify-full --option sslrootcert=PATH"
    )


def _said(connection: Connection) -> str:
    return ", ".join(
        f"{word}={connection.options[word]}"
        for word in ("sslmode", "sslrootcert")
        if word in connection.options
    )


def _works(session: psycopg.Connection, connection: Connection, password: str | None, reached: bool) -> bool:
    """Whether the warehouse's server can log in this way, and this machine, too, if it reaches the source at all. Stores nothing."""
    try:
        with session.transaction(force_rollback=True):
            connections.replace(session, connection, password)
            return not reached or _reached(session, connection.name)
    except SourceError:
        return False


def _reached(session: psycopg.Connection, name: str) -> bool:
    """Whether this machine can log in to the source, as a streaming load does."""
    login = source_conninfo(session, name)
    try:
        open_source(login).close()
    except psycopg.Error:
        return False
    return True
