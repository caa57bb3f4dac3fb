"""Running a job's command, and recording how it ended."""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Event
from typing import Literal

import psycopg
from psycopg.conninfo import make_conninfo

from tenantry.core import syntax
from tenantry.core.errors import InputError
from tenantry.core.model import OWNER
from tenantry.core.visible import kept
from tenantry.db.connect import open_session
from tenantry.db.queries import one_row, query

# The first run of a scheduler, which has begun, would wait for it.
syntax.load()

_TOGETHER = {
    "SelectStmt",
    "InsertStmt",
    "UpdateStmt",
    "DeleteStmt",
    "MergeStmt",
    "TruncateStmt",
    "RefreshMatViewStmt",
    "CreateTableAsStmt",
}
"""Statements that can share a transaction with the record of their success. A CALL or DO may commit; a VACUUM must be alone."""


@dataclass(frozen=True)
class Ended:
    """How a run ended: PostgreSQL's command tag or its error, and the time it took, in seconds."""

    status: Literal["succeeded", "failed"]
    message: str
    seconds: float


def open_worker(conninfo: str, name: str) -> psycopg.Connection:
    """A session as whadmin that both sides close soon after the other is gone.

    Raises the same errors as `open_session`.
    """
    timely = make_conninfo(
        conninfo,
        keepalives_idle=4,
        keepalives_interval=2,
        keepalives_count=3,
        tcp_user_timeout=10000,
    )
    session = open_session(timely, name=name)
    # Each command is sent unchanged, and may be several statements in one message.
    session.prepare_threshold = None
    session.execute(query("scheduler", "outlive"))
    try:
        session.execute(query("scheduler", "check_client"))
    except psycopg.Error:
        if session.closed:
            raise
    return session


def require_owner_login(session: psycopg.Connection) -> None:
    """Raise InputError unless whadmin itself has logged in: with RESET ROLE a command gets every right of the login."""
    login = one_row(session, query("session", "login"))[0]
    if login != OWNER:
        raise InputError(
            f'jobs run with the rights of the login, which is "{login}"',
            hint=f"Log in as {OWNER}: user={OWNER} in --dsn or TENANTRY_DSN.",
        )


def not_ours(username: str, database: str, session: psycopg.Connection) -> str | None:
    """Why a job is not run here, or None: it would get whadmin's rights, or another database's data."""
    if username != OWNER:
        return f'the job belongs to role "{username}"; only jobs of {OWNER} are run'
    if database != session.info.dbname:
        return f'the job is for database "{database}"; this is "{session.info.dbname}"'
    return None


def shares_transaction(command: str) -> bool:
    """Whether a command can be committed together with the record of its success: then a kill leaves both or neither."""
    kinds = {kind for statement in syntax.statements(command) for kind in statement}
    return bool(kinds) and kinds <= _TOGETHER


def run(
    session: psycopg.Connection, command: str, runid: int | None, cancelled: Event | None = None
) -> Ended:
    """Run a command and record its end in the row `runid` of cron.job_run_details (None: nowhere).

    Raises:
        psycopg.Error: the session is lost, or `cancelled` was set and then the statement was cancelled. Nothing was
            recorded, and nothing that shares a transaction was kept.
    """
    begun = time.monotonic()
    # As under pg_cron, a command finds unqualified names through the role's own search_path.
    session.execute(query("scheduler", "path_of_the_role"))
    together = runid is not None and shares_transaction(command)
    text = command
    if together:
        record = psycopg.ClientCursor(session).mogrify(query("scheduler", "succeeded"), {"runid": runid})
        text = f"{command}\n;{record}"
    try:
        cursor = session.execute(text.encode())
        tags = [cursor.statusmessage or ""]
        while cursor.nextset():
            tags.append(cursor.statusmessage or "")
        if together:
            tags.pop()
        elif runid is not None:
            session.execute(query("scheduler", "succeeded"), {"runid": runid})
        session.execute(query("scheduler", "own_path"))
        if runid is not None:
            session.execute(query("scheduler", "message"), {"runid": runid, "message": tags[-1]})
        return Ended("succeeded", tags[-1], time.monotonic() - begun)
    except psycopg.Error as error:
        wanted = cancelled is not None and cancelled.is_set()
        if session.closed or (wanted and isinstance(error, psycopg.errors.QueryCanceled)):
            raise
        message = _said(error)
        if runid is not None:
            record_failure(session, runid, message)
        return Ended("failed", kept(message), time.monotonic() - begun)


def record_failure(session: psycopg.Connection, runid: int, message: str) -> None:
    """Record why a run failed."""
    if session.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
        # The command contained its own BEGIN.
        session.execute("ROLLBACK")
    session.execute(query("scheduler", "own_path"))
    session.execute(query("scheduler", "failed"), {"runid": runid, "message": kept(message)})


def _said(error: psycopg.Error) -> str:
    """The server's message, as pg_cron stores it."""
    said = error.diag
    lines = [f"{said.severity_nonlocalized or 'ERROR'}: {said.message_primary or error}"]
    for word, text in (("DETAIL", said.message_detail), ("HINT", said.message_hint)):
        if text:
            lines.append(f"{word}: {text}")
    return "\n".join(lines)
