"""Which failures may pass by themselves."""

from __future__ import annotations

import psycopg

from tenantry.db.errors import one_line

PAUSES = (0.5, 2.0, 5.0)
"""Seconds before the second, third and last try of a slice."""

_PASSING_STATES = {"40001", "40P01", "53300", "55P03", "57P01", "57P02", "57P03"}
"""serialization_failure, deadlock_detected, too_many_connections, lock_not_available, admin_shutdown,
crash_shutdown, cannot_connect_now (PostgreSQL documentation, appendix A)."""

_PERMANENT_LOGIN = (
    "authentication failed",
    "does not exist",
    "no pg_hba.conf entry",
    "not permitted",
    "password",
)
"""Words of a refused login: trying again only fills the source's log, and may lock the account."""


def words(error: psycopg.Error) -> str:
    """What PostgreSQL said, in one line; for a lost connection with the reason, which dblink gives as detail."""
    primary = error.diag.message_primary or str(error)
    detail = error.diag.message_detail
    if detail and is_connection_loss(error) and detail not in primary:
        primary = f"{primary}: {detail}"
    return one_line(primary)


def is_connection_loss(error: psycopg.Error) -> bool:
    """Whether the source could not be reached or was lost (SQLSTATE class 08)."""
    return (error.sqlstate or "").startswith("08")


def may_pass(error: psycopg.Error) -> bool:
    """Whether the same load may work a little later."""
    if is_connection_loss(error):
        return not any(word in words(error) for word in _PERMANENT_LOGIN)
    return error.sqlstate in _PASSING_STATES
