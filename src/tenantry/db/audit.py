"""The audit trail: who changed what, where whadmin adds entries and can neither change nor remove any."""

from __future__ import annotations

import getpass
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

from tenantry.core.errors import NotInstalled, TenantryError
from tenantry.db.connect import session
from tenantry.db.errors import translated
from tenantry.db.queries import one_row, query

_PASSWORD = re.compile(r"(password\s*=\s*)('(?:[^'\\]|\\.)*'|\S+)", re.IGNORECASE)
_OF_URI = re.compile(r"(://[^:/@\s]*:)[^/\s]*@")


_PROGRAM = "tenantry audit"

_within: ContextVar[bool] = ContextVar("within an operation that is kept", default=False)


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


def tell_user(opened: psycopg.Connection) -> None:
    """Let the session's entries say who runs the program, and where."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = ""
    opened.execute(query("audit", "tell_user"), {"user": user, "host": socket.gethostname()})


def add(opened: psycopg.Connection, what: str, subject: str, result: str) -> None:
    """Add an entry, as whadmin."""
    tell_user(opened)
    opened.execute(query("audit", "add"), {"what": what, "subject": subject, "result": result})


@contextmanager
def kept(
    conninfo: str, what: str, subject: str, opened: psycopg.Connection | None = None, *, begun: bool = True
) -> Iterator[None]:
    """Keep a trail of the block: an entry as it begins, by the session `opened` if one is given, and one as it ends, by a session of its own.

    What is part of an operation that is kept already is not kept once more. Without `begun` only the end is: the block may make the very trail.
    """
    if _within.get():
        yield
        return
    within = _within.set(True)
    try:
        if opened is not None:
            with translated():
                add(opened, what, subject, "begun")
        elif begun:
            with session(conninfo, name=_PROGRAM) as own:
                add(own, what, subject, "begun")
        yield
    except BaseException as error:
        _end(conninfo, what, subject, f"failed: {_reason(error)}")
        raise
    else:
        _end(conninfo, what, subject, "done")
    finally:
        _within.reset(within)


def _end(conninfo: str, what: str, subject: str, result: str) -> None:
    # What was done is done: an end that cannot be written leaves the beginning.
    with suppress(TenantryError, psycopg.Error), session(conninfo, name=_PROGRAM) as opened:
        add(opened, what, subject, result)


def _reason(error: BaseException) -> str:
    if isinstance(error, TenantryError):
        return error.message
    return type(error).__name__ if str(error) in {"", "0"} else f"{type(error).__name__}: {error}"


def entries(
    opened: psycopg.Connection, *, since: timedelta | None = None, after: int = 0, most: int = 1000
) -> list[Entry]:
    """The newest entries with an id greater than `after`, oldest first. Raises NotInstalled if there is no trail."""
    require(opened)
    names = {"since": since, "after": after, "most": most}
    return [Entry(*row) for row in opened.execute(query("audit", "entries"), names)]


def restored(opened: psycopg.Connection, *, since: timedelta | None = None, most: int = 1000) -> list[Former]:
    """The newest entries that backups brought here, oldest first."""
    require(opened)
    if "restored" not in readable(opened):
        return []
    return [
        Former(*row) for row in opened.execute(query("audit", "restored"), {"since": since, "most": most})
    ]


def readable(opened: psycopg.Connection) -> list[str]:
    """The tables of the trail that are there and that the session may read."""
    return [row[0] for row in opened.execute(query("audit", "readable"))]


def prune(opened: psycopg.Connection, before: datetime) -> int:
    """Remove the entries before a moment, as the administrator, and note that; how many they were."""
    require(opened)
    with opened.transaction():
        tell_user(opened)
        removed = opened.execute(query("audit", "prune"), {"before": before}).rowcount
        if "restored" in readable(opened):
            removed += opened.execute(query("audit", "prune_restored"), {"before": before}).rowcount
        result = f"done: {removed} entries"
        opened.execute(
            query("audit", "note_prune"), {"before": f"before {before.isoformat()}", "result": result}
        )
    return removed


def is_there(opened: psycopg.Connection) -> bool:
    """Whether there is a trail that is the administrator's."""
    return bool(one_row(opened, query("audit", "is_there"))[0])


def require(opened: psycopg.Connection) -> None:
    """Raise NotInstalled if there is no trail that is the administrator's."""
    if not is_there(opened):
        raise NotInstalled(
            "this warehouse has no audit trail",
            hint="Run, as the administrator: tenantry upgrade",
        )
