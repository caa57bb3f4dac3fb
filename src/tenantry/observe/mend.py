"""Fixing what is safe to fix."""

from __future__ import annotations

import psycopg

from tenantry.db import log


def run(session: psycopg.Connection, subject: str, statement: str) -> None:
    """Run a statement that a check named, in one transaction with its entry in the log.

    Raises psycopg.Error; nothing was changed then.
    """
    with session.transaction():
        session.execute(statement.encode())
        log.write(session, "doctor", "INFO", f"mended {subject}", statement=statement)
