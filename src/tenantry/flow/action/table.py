"""The rows of _wh.actions, for those who ask and look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from tenantry.core.errors import InputError
from tenantry.db.queries import one_row, query
from tenantry.flow.action.model import Action, Progress, command_line


def request(session: psycopg.Connection, kind: str, arguments: Mapping[str, Any]) -> int:
    """Ask for an action; return its id, or that of the same one which is waiting or running.

    Raises psycopg.Error if the arguments are not what this kind takes, or the session's role may not ask for it.
    """
    named = {"kind": kind, "arguments": Jsonb(arguments)}
    return int(one_row(session, query("action", "request"), named)[0])


def cancel(session: psycopg.Connection, number: int) -> None:
    """Cancel an action. Raises psycopg.Error if there is none, or the session's role may not."""
    session.execute(query("action", "cancel"), {"id": number})


def listed(session: psycopg.Connection, *, unfinished: bool, most: int) -> list[Action]:
    """The newest actions, newest first; or those that are waiting or running."""
    return _found(session, None, unfinished, most)


def get(session: psycopg.Connection, number: int) -> Action:
    """One action. Raises InputError if there is none."""
    found = _found(session, number, False, 1)
    if not found:
        raise InputError(f"there is no action {number}", hint="Run: tenantry action list")
    return found[0]


def templates(session: psycopg.Connection, tenant: str | None) -> list[str]:
    """The templates of a tenant, or of all."""
    return [row[0] for row in session.execute(query("action", "templates"), {"tenant": tenant})]


def _found(session: psycopg.Connection, number: int | None, unfinished: bool, most: int) -> list[Action]:
    named = {"id": number, "unfinished": unfinished, "most": most}
    rows = session.execute(query("action", "listed"), named).fetchall()
    return [_action(*row) for row in rows]


def _action(*row: Any) -> Action:
    *values, progress, result, templates = row
    command = command_line(row[1], row[2], templates)
    return Action(*values, Progress(**progress) if progress else None, result, command)  # type: ignore[call-arg]
