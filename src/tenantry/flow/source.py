"""Sessions on a source itself, from this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg.conninfo import make_conninfo

from tenantry.db.connect import ENCODING
from tenantry.db.login import login
from tenantry.db.queries import one_row, query


def source_conninfo(session: psycopg.Connection, connection: str) -> str:
    """How to log in to a source from here, with the settings and the password that the warehouse keeps now."""
    keywords = one_row(session, query("flow", "source_conninfo"), (connection,))[0]
    return make_conninfo("", **keywords, client_encoding=ENCODING)


def open_source(conninfo: str) -> psycopg.Connection:
    """Log in to a source. Raises LoginFailed if it refuses or cannot be reached from this machine."""
    return login(conninfo)


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
    """Begin a read-only transaction on a source, all of whose statements see one moment of it."""
    with speaking():
        source.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")


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
