"""What a worker does with the rows of _wh.actions: take one, say how far it is, and how it ended.

A worker holds an advisory lock of its session on the action it works on. A row that is `running` while nobody holds
its lock was interrupted, and is begun again.
"""

from __future__ import annotations

import os
import socket
from dataclasses import asdict, dataclass

import psycopg
from psycopg.types.json import Jsonb

from tenantry.db.queries import one_row, query
from tenantry.flow.action import table
from tenantry.flow.action.model import Action, Progress, State


@dataclass(frozen=True)
class Taken:
    """An action that this session works on, and whether the login that asked for it may still do so."""

    action: Action
    allowed: bool


def is_any_ready(session: psycopg.Connection) -> bool:
    """Whether an action may begin."""
    return session.execute(query("action", "ready")).fetchone() is not None


def take(session: psycopg.Connection) -> Taken | None:
    """Begin the oldest action that may begin; None if there is none. The session holds its lock until it ends."""
    with session.transaction():
        session.execute(query("action", "choose_alone"))
        row = session.execute(query("action", "ready")).fetchone()
        if row is None or not one_row(session, query("action", "hold"), {"id": row[0]})[0]:
            return None
        me = {"id": row[0], "host": socket.gethostname(), "pid": os.getpid()}
        begun = session.execute(query("action", "take"), me).fetchone()
        # It may have been cancelled since it was chosen.
        return Taken(table.get(session, row[0]), begun[1]) if begun else None


def beat(session: psycopg.Connection, number: int, progress: Progress) -> bool:
    """Write how far the action is; return whether somebody has asked to cancel it."""
    named = {"id": number, "progress": Jsonb(asdict(progress))}
    return bool(one_row(session, query("action", "beat"), named)[0])


def end(
    session: psycopg.Connection, number: int, state: State, result: str, progress: Progress | None = None
) -> None:
    """Record how the action ended."""
    last = Jsonb(asdict(progress)) if progress else None
    named = {"id": number, "state": state, "result": result, "progress": last}
    session.execute(query("action", "ended"), named)


def put_back(session: psycopg.Connection, number: int) -> None:
    """Leave the action to another worker."""
    session.execute(query("action", "put_back"), {"id": number})


def prune(session: psycopg.Connection) -> None:
    """Delete actions that ended 90 days ago."""
    session.execute(query("action", "prune"))
