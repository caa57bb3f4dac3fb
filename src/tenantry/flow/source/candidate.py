"""A source that is asked before its connection is stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from tenantry.core.errors import InputError
from tenantry.core.model import OWNER, Connection
from tenantry.db.connect import acting
from tenantry.flow.source import line


@dataclass(frozen=True)
class Candidate:
    """A source without a stored connection: its address, and the password (None: that of the stored connection of this name)."""

    connection: Connection
    password: str | None = field(repr=False)


@contextmanager
def reachable(session: psycopg.Connection, source: str | Candidate) -> Iterator[str]:
    """The name of a source's connection, for a block. That of a candidate exists only in the block, in a transaction that is rolled back.

    Raises SourceError: a candidate refuses, or does not answer within 10 seconds.
    """
    if isinstance(source, str):
        yield source
        return
    if acting(session) != OWNER:
        raise InputError(
            f"a source without a stored connection needs {OWNER}", hint="Name a connection or a tenant."
        )
    with session.transaction(force_rollback=True):
        line.store(session, source.connection, source.password)
        yield source.connection.name
