"""PostgreSQL's errors in one line, with its hint as the next step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tenantry.core.errors import DatabaseError, InputError, NotInstalled, TenantryError, WarehouseUnreachable
from tenantry.core.visible import kept

_NO_SUCH = {"42704", "3F000", "22023", "42703"}
"""undefined_object, invalid_schema_name, invalid_parameter_value, undefined_column: the caller used a wrong name."""

_NOT_INSTALLED = {"42P01", "42883"}
"""undefined_table, undefined_function."""


_READ_ONLY = "25006"
"""read_only_sql_transaction."""


def one_line(text: str) -> str:
    """Return a message from outside in one line of readable length, without characters that a terminal obeys."""
    return kept(" ".join(text.split()))


def libpq_words(text: str) -> str:
    """Return libpq's message in one line, without its guesses, which are on lines that begin with a tab, and without
    its remarks on the socket.

    A login that tried several addresses has one line for each.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("\t")]
    several = [line for line in lines if line.partition('"')[0] == lines[0].partition('"')[0] and '"' in line]
    return one_line(" ".join(several or lines[:1]))


def unreachable(error: psycopg.OperationalError, hint: str | None = None) -> WarehouseUnreachable:
    """The Tenantry error for a failed login to the warehouse; `hint` replaces the usual one."""
    return WarehouseUnreachable(
        f"the warehouse cannot be reached: {libpq_words(str(error))}",
        hint=hint or "Check --dsn, TENANTRY_DSN, PGSERVICE or tenantry.toml, and that the server is running.",
        sqlstate=error.sqlstate,
    )


def translate(error: psycopg.Error) -> TenantryError:
    """The Tenantry error with PostgreSQL's message."""
    diagnosis = error.diag
    if isinstance(error, psycopg.OperationalError) and diagnosis.sqlstate is None:
        return WarehouseUnreachable(
            f"the session was lost: {libpq_words(str(error))}", hint="Run the same command again."
        )
    message = one_line(diagnosis.message_primary or str(error))
    state = diagnosis.sqlstate or error.sqlstate
    if state in _NOT_INSTALLED and re.search(r'\b_wh(_internal)?["."]', message):
        return NotInstalled(
            f"this database holds no warehouse: {message}", hint="Run: tenantry init", sqlstate=state
        )
    # A server that is killed while a session commits may end that session with a PANIC of any SQLSTATE.
    if diagnosis.severity_nonlocalized == "PANIC" or (
        state is not None
        and state.startswith(("57P", "08"))
        and not isinstance(error, psycopg.ProgrammingError)
    ):
        return WarehouseUnreachable(
            f"the session was lost: {message}", hint="Run the same command again.", sqlstate=state
        )
    hint = one_line(diagnosis.message_hint) if diagnosis.message_hint else None
    if state == _READ_ONLY and hint is None and "dblink" not in (diagnosis.context or ""):
        message = f"default_transaction_read_only is on, or the server is a standby: {message}"
        hint = "See: tenantry doctor --only server"
    if state in _NO_SUCH:
        return InputError(message, hint=hint, sqlstate=state)
    return DatabaseError(message, sqlstate=state, hint=hint)


@contextmanager
def translated() -> Iterator[None]:
    """Turn psycopg's errors inside the block into Tenantry's."""
    try:
        yield
    except psycopg.Error as error:
        raise translate(error) from error
