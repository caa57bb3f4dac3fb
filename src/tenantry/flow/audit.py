"""The audit trail: who changed what, where whadmin adds entries and can neither change nor remove any."""

from __future__ import annotations

import getpass
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

from tenantry.core.errors import NotInstalled
from tenantry.db.queries import one_row, query

_PASSWORD = re.compile(r"(password\s*=\s*)('(?:[^'\\]|\\.)*'|\S+)", re.IGNORECASE)
_OF_URI = re.compile(r"(://[^:/@\s]*:)[^/\s]*@")


@dataclass(frozen=True)
class Entry:
    """An entry. `os_user` and `host` are what the program told; the server itself knows all before `what` but these."""

    id: int
    at: datetime
    login: str
    role: str
    application: str
    address: str | None
    pid: int
    os_user: str | None
    host: str | None
    what: str
    subject: str
    result: str


@dataclass(frozen=True)
class Former(Entry):
    """An entry of the trail of another warehouse, as the backup says that was restored here, then and by that login."""

    backup: str
    restored_at: datetime
    restored_by: str


def without_secrets(words: Sequence[str]) -> str:
    """The arguments of a command in a line, passwords aside."""
    return _OF_URI.sub(r"\1…@", _PASSWORD.sub(r"\1…", " ".join(words)))


def tell_user(session: psycopg.Connection) -> None:
    """Let the session's entries say who runs the program, and where."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = ""
    session.execute(query("audit", "tell_user"), {"user": user, "host": socket.gethostname()})


def add(session: psycopg.Connection, what: str, subject: str, result: str) -> None:
    """Add an entry, as whadmin."""
    tell_user(session)
    session.execute(query("audit", "add"), {"what": what, "subject": subject, "result": result})


def entries(
    session: psycopg.Connection, *, since: timedelta | None = None, after: int = 0, most: int = 1000
) -> list[Entry]:
    """The newest entries with an id greater than `after`, oldest first. Raises NotInstalled if there is no trail."""
    require(session)
    names = {"since": since, "after": after, "most": most}
    return [Entry(*row) for row in session.execute(query("audit", "entries"), names)]


def restored(
    session: psycopg.Connection, *, since: timedelta | None = None, most: int = 1000
) -> list[Former]:
    """The newest entries that backups brought here, oldest first."""
    require(session)
    if "restored" not in readable(session):
        return []
    return [
        Former(*row) for row in session.execute(query("audit", "restored"), {"since": since, "most": most})
    ]


def readable(session: psycopg.Connection) -> list[str]:
    """The tables of the trail that are there and that the session may read."""
    return [row[0] for row in session.execute(query("audit", "readable"))]


def prune(session: psycopg.Connection, before: datetime) -> int:
    """Remove the entries before a moment, as the administrator, and note that; how many they were."""
    require(session)
    with session.transaction():
        tell_user(session)
        removed = session.execute(query("audit", "prune"), {"before": before}).rowcount
        if "restored" in readable(session):
            removed += session.execute(query("audit", "prune_restored"), {"before": before}).rowcount
        result = f"done: {removed} entries"
        session.execute(
            query("audit", "note_prune"), {"before": f"before {before.isoformat()}", "result": result}
        )
    return removed


def require(session: psycopg.Connection) -> None:
    """Raise NotInstalled if there is no trail that is the administrator's."""
    if not one_row(session, query("audit", "is_there"))[0]:
        raise NotInstalled(
            "this warehouse keeps no audit trail",
            hint="Run, as the administrator: tenantry upgrade",
        )
