"""Sessions on a source, opened from this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg import generators
from psycopg._queries import PostgresQuery
from psycopg.abc import PQGen
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.rows import TupleRow

from tenantry.core import libpq
from tenantry.db.connect import ENCODING
from tenantry.db.errors import one_line
from tenantry.db.queries import one_row, query
from tenantry.flow.source.login import connected


@dataclass(frozen=True)
class Login:
    """How to log in to a source, and what to send before anything is read from it."""

    conninfo: str = field(repr=False)
    begin: str
    settle: str


class OneStatement(psycopg.Cursor[TupleRow]):
    """A cursor whose texts a server takes as one statement, or refuses, because they use the extended protocol."""

    def _execute_send(
        self, query: PostgresQuery, *, force_extended: bool = False, binary: bool | None = None
    ) -> None:
        del force_extended
        super()._execute_send(query, force_extended=True, binary=binary)


class SourceSession(psycopg.Connection):
    """A session on a source, which knows how its transactions begin. Everything else sent to it is one statement at a time."""

    login: Login


def source_conninfo(session: psycopg.Connection, connection: str) -> Login:
    """How to log in to a source from here, with the settings and the password that the warehouse has stored."""
    asked = {"connection": connection, "encoding": ENCODING}
    keywords, begin, settle = one_row(session, query("source", "source_conninfo"), asked)
    if keywords.get("sslrootcert") == "system":
        keywords = {"sslmode": "verify-full"} | keywords
    return Login(libpq.only(keywords | {"client_encoding": ENCODING}), begin, settle)


def open_source(login: Login) -> SourceSession:
    """Log in to a source. Raises LoginFailed if it refuses or cannot be reached from this machine."""
    source = SourceSession(connected(login.conninfo))
    source.autocommit = True
    source.cursor_factory = OneStatement
    # Behind a pooler, a prepared statement may belong to another session.
    source.prepare_threshold = None
    source.login = login
    with speaking():
        source.execute(login.settle.encode())
    return source


_ITS_OWN = "(an error of the source)"


@contextmanager
def speaking() -> Iterator[None]:
    """Mark the errors of a block that only talks to a source, so that none is mistaken for an error of the warehouse."""
    try:
        yield
    except psycopg.Error as error:
        error.add_note(_ITS_OWN)
        raise


def is_of_source(error: psycopg.Error) -> bool:
    """Whether an error was marked as a source's."""
    return _ITS_OWN in getattr(error, "__notes__", ())


def begin(source: psycopg.Connection) -> None:
    """Begin a read-only transaction on a source, with one snapshot for all its statements and with its settings read
    back.

    Raises:
        psycopg.errors.ObjectNotInPrerequisiteState: a setting is not as requested; the message names it.
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
                f"the source does not apply the settings of a load: {difference}"
            )


@contextmanager
def reading(source: psycopg.Connection) -> Iterator[None]:
    """A transaction as `begin` begins it, for a block; or the transaction that the source is already in, which then
    continues.

    An error caused by a row security policy says what to do.
    """
    own = source.info.transaction_status == TransactionStatus.IDLE
    if own:
        begin(source)
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        # The C source file has the same name in every language.
        if error.diag.source_file != "rls.c":
            raise
        with speaking():
            raise psycopg.errors.InsufficientPrivilege(
                f"{one_line(error.diag.message_primary or str(error))}: give the login at the source "
                "BYPASSRLS, or set the option row_security=on of the connection to load only the rows that the policy shows"
            ) from error
    finally:
        if own and not source.closed:
            try:
                source.rollback()
            except psycopg.Error:
                # A statement was left unfinished. The next use logs in again.
                source.close()


@dataclass(frozen=True)
class Columns:
    """The columns of a query as the source describes them: their names, and its own types (oids)."""

    names: Sequence[str]
    types: Sequence[int]


def columns(source: psycopg.Connection, describe: str) -> Columns:
    """The columns of a query, which the source parses and does not plan."""
    with speaking(), source.lock:
        answer = source.wait(_described(source.pgconn, describe.encode()))
        if answer.status == ExecStatus.FATAL_ERROR:
            raise psycopg.errors.error_from_result(answer, encoding=source.info.encoding)
    return Columns(
        [(answer.fname(at) or b"").decode() for at in range(answer.nfields)],
        [answer.ftype(at) for at in range(answer.nfields)],
    )


def _described(connection: PGconn, text: bytes) -> PQGen[PGresult]:
    """Have a statement described in one round trip, or return the first error."""
    connection.enter_pipeline_mode()
    connection.send_prepare(b"", text)
    connection.send_describe_prepared(b"")
    connection.pipeline_sync()
    yield from generators.send(connection)
    # The answers: to the statement, to the question, and to the end of the pipeline.
    parsed: list[PGresult] = yield from generators.fetch_many(connection)
    described: list[PGresult] = yield from generators.fetch_many(connection)
    yield from generators.fetch_many(connection)
    connection.exit_pipeline_mode()
    return parsed[0] if parsed[0].status == ExecStatus.FATAL_ERROR else described[0]
