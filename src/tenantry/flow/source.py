"""Sessions on a source itself, from this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg.conninfo import make_conninfo

from tenantry.db.connect import ENCODING
from tenantry.db.queries import one_row, query


def source_conninfo(session: psycopg.Connection, connection: str) -> str:
    """How to log in to a source from here, with the settings and the password that the warehouse keeps now."""
    keywords = one_row(session, query("flow", "source_conninfo"), (connection,))[0]
    return make_conninfo("", **keywords, client_encoding=ENCODING)


def open_source(conninfo: str) -> psycopg.Connection:
    """Log in to a source. Raises psycopg.OperationalError if it refuses or cannot be reached from this machine."""
    return psycopg.connect(conninfo, autocommit=True)


def begin(source: psycopg.Connection) -> None:
    """Begin a read-only transaction on a source, all of whose statements see one moment of it."""
    source.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")


@dataclass(frozen=True)
class Columns:
    """The columns of a query as the source says them: their names, and its own types (oids)."""

    names: Sequence[str]
    types: Sequence[int]


def columns(source: psycopg.Connection, describe: str) -> Columns:
    """The columns of a query, which describes and gives no rows."""
    found = source.execute(describe.encode()).description or ()
    return Columns([column.name for column in found], [column.type_code for column in found])
