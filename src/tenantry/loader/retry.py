"""Which failures may be temporary: by SQLSTATE, never by text, which may be in any language."""

from __future__ import annotations

import psycopg

from tenantry.db.errors import libpq_words, one_line
from tenantry.flow.source.login import ASKS, LoginFailed
from tenantry.flow.source.session import is_of_source

PAUSES = (0.5, 2.0, 5.0)
"""Seconds before the second, third and last attempt for a slice."""

_PASSING_STATES = {"40001", "40P01", "53300", "55P03", "57P01", "57P02", "57P03"}
"""serialization_failure, deadlock_detected, too_many_connections, lock_not_available, admin_shutdown,
crash_shutdown, cannot_connect_now (PostgreSQL documentation, appendix A)."""

UNKNOWN = "08001"
"""sqlclient_unable_to_establish_sqlconnection: dblink gives the reason for a failed login only as text."""

NO_PLACE = "53300"
"""too_many_connections: of the server, the database or the role."""

_CANCELLED = "57014"
"""query_canceled: by hand, or by a statement_timeout."""


_OF_CITUS = {"adaptive_executor.c", "connection_management.c", "remote_commands.c"}
"""Files of Citus that report what is wrong with a node: their errors have the SQLSTATEs of a lost source."""

_MARKS = {"said by the source", "cancelled by the source"}
"""What `_wh_internal.load_slice` sets in place of a constraint's name."""


def words(error: psycopg.Error) -> str:
    """PostgreSQL's message in one line, with its hint; for a lost connection with the reason, which dblink gives as detail."""
    primary = error.diag.message_primary or str(error)
    detail = error.diag.message_detail
    if error.diag.message_primary and is_connection_loss(error):
        # dblink passes on libpq's message.
        primary = libpq_words(primary)
        if detail and (reason := libpq_words(detail)) not in primary:
            primary = f"{primary}: {reason}"
    if is_of_source(error) and error.sqlstate == _CANCELLED:
        primary = f"the source cancelled the query: {primary}"
    if error.diag.message_primary is None:
        return libpq_words(primary)
    hint = error.diag.message_hint
    return one_line(f"{primary} ({hint.rstrip('.')})" if hint else primary)


def is_connection_loss(error: psycopg.Error) -> bool:
    """Whether the source could not be reached or was lost (SQLSTATE class 08)."""
    return (error.sqlstate or "").startswith("08")


def comes_from_source(error: psycopg.Error) -> bool:
    """Whether the error comes from the source or the connection to it, and not from the warehouse."""
    return (
        is_of_source(error)
        or isinstance(error, LoginFailed)
        or ((error.sqlstate or "").startswith(("08", "HV")) and not is_of_node(error))
        or error.diag.constraint_name in _MARKS
    )


def is_of_node(error: psycopg.Error) -> bool:
    """Whether a node of the warehouse's own cluster does not answer."""
    return error.diag.source_file in _OF_CITUS


def may_pass(error: psycopg.Error) -> bool:
    """Whether the same load may work a little later."""
    if isinstance(error, LoginFailed):
        return not refuses(error.sqlstate)
    return is_connection_loss(error) or error.sqlstate in _PASSING_STATES


def refuses(state: str | None) -> bool:
    """Whether a login that failed like this is refused for good: trying again only fills the source's log, and may lock
    the account.

    `state` is the SQLSTATE of the login, or what `login.knock` returns for a source that nobody has logged in to.
    """
    return state == ASKS or (
        state is not None and state not in _PASSING_STATES and not state.startswith("08")
    )
