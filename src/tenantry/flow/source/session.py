"""Sessions on a source itself, from this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg._queries import PostgresQuery
from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo, TransactionStatus
from psycopg.rows import TupleRow

from tenantry.db.connect import ENCODING
from tenantry.db.errors import one_line
from tenantry.db.login import connected
from tenantry.db.queries import one_row, query

NOT_GIVEN = "/dev/null/not-given-in-the-connection"
"""A file that is never there. Told of no file, libpq looks into the home directory."""

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
"""What a keyword is that the connection does not name, where that is not what libpq was compiled with, or empty."""

_LEFT_OUT = {"service", "servicefile", "scram_client_key", "scram_server_key"}
"""Keywords that have no value for "none". A service in the environment gives only what is given nowhere else: nothing."""


@dataclass(frozen=True)
class Login:
    """How to log in to a source, and what to send it before anything is read."""

    conninfo: str = field(repr=False)
    begin: str
    settle: str


class OneStatement(psycopg.Cursor[TupleRow]):
    """A cursor whose texts a server takes as one statement, or refuses: they go by the extended protocol."""

    def _execute_send(
        self, query: PostgresQuery, *, force_extended: bool = False, binary: bool | None = None
    ) -> None:
        del force_extended
        super()._execute_send(query, force_extended=True, binary=binary)


class SourceSession(psycopg.Connection):
    """A session on a source; it knows how its transactions begin. What else it is sent is one statement each."""

    login: Login


def source_conninfo(session: psycopg.Connection, connection: str) -> Login:
    """How to log in to a source from here, with the settings and the password that the warehouse keeps now."""
    asked = {"connection": connection, "encoding": ENCODING}
    keywords, begin, settle = one_row(session, query("source", "source_conninfo"), asked)
    return Login(make_conninfo("", **_complete(keywords)), begin, settle)


def _complete(keywords: dict[str, str]) -> dict[str, str]:
    """The keywords of a connection, and all others of libpq: what is not named it takes from the environment and files.

    Those are the operator's, for the warehouse: PGHOSTADDR would lead to another server, PGPASSWORD would be shown to it.
    """
    given = keywords | {"client_encoding": ENCODING}
    if given.get("sslrootcert") == "system":
        given = {"sslmode": "verify-full"} | given
    known = {option.keyword.decode(): (option.compiled or b"").decode() for option in Conninfo.get_defaults()}
    others = {name: _NOT_OURS.get(name, value) for name, value in known.items() if name not in _LEFT_OUT}
    return others | given


def open_source(login: Login) -> SourceSession:
    """Log in to a source. Raises LoginFailed if it refuses or cannot be reached from this machine."""
    source = SourceSession(connected(login.conninfo))
    source.autocommit = True
    source.cursor_factory = OneStatement
    # Behind a pooler a prepared statement may be another session's.
    source.prepare_threshold = None
    source.login = login
    with speaking():
        source.execute(login.settle.encode())
    return source


_ITS_OWN = "(an error of the source)"


@contextmanager
def speaking() -> Iterator[None]:
    """Mark the errors of a block that does nothing but ask a source, so that none is taken for one of the warehouse."""
    try:
        yield
    except psycopg.Error as error:
        error.add_note(_ITS_OWN)
        raise


def is_of_source(error: psycopg.Error) -> bool:
    """Whether an error was marked as one of a source."""
    return _ITS_OWN in getattr(error, "__notes__", ())


def begin(source: psycopg.Connection) -> None:
    """Begin a read-only transaction on a source, all of whose statements see one moment of it, and whose settings were read back.

    Raises:
        psycopg.errors.ObjectNotInPrerequisiteState: a setting is not as it was asked for; the message names it.
    """
    if not isinstance(source, SourceSession):
        raise TypeError("a source's transactions begin in a session that open_source opened")
    with speaking():
        answer = psycopg.Cursor(source).execute(source.login.begin.encode())
    while answer.nextset():
        pass
    (difference,) = answer.fetchone() or ("nothing",)
    if difference is not None:
        source.rollback()
        with speaking():
            raise psycopg.errors.ObjectNotInPrerequisiteState(
                f"the source does not keep the settings of a load: {difference}"
            )


@contextmanager
def reading(source: psycopg.Connection) -> Iterator[None]:
    """A transaction as `begin` begins it, for a block; or the one that the source is in already, which then goes on.

    An error that a row security policy makes says what to do.
    """
    own = source.info.transaction_status == TransactionStatus.IDLE
    if own:
        begin(source)
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        # The C file is named in no language but its own.
        if error.diag.source_file != "rls.c":
            raise
        with speaking():
            raise psycopg.errors.InsufficientPrivilege(
                f"{one_line(error.diag.message_primary or str(error))}: give the reader there BYPASSRLS, or the "
                "connection the option row_security=on, to take the rows that the policy shows it"
            ) from error
    finally:
        if own and not source.closed:
            try:
                source.rollback()
            except psycopg.Error:
                # A statement was left in the middle. The next use logs in anew.
                source.close()


@dataclass(frozen=True)
class Columns:
    """The columns of a query as the source says them: their names, and its own types (oids)."""

    names: Sequence[str]
    types: Sequence[int]


def columns(source: psycopg.Connection, describe: str) -> Columns:
    """The columns of a query, which describes and gives no rows."""
    with speaking():
        found = source.execute(describe.encode()).description or ()
    return Columns([column.name for column in found], [column.type_code for column in found])
