"""The audit trail: who changed what. whadmin can add entries, but not change or remove them."""

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
from psycopg.pq import TransactionStatus

from tenantry.core.errors import NotInstalled, TenantryError
from tenantry.core.words import count
from tenantry.db.connect import session
from tenantry.db.errors import translated
from tenantry.db.queries import one_row, query

_PASSWORD = re.compile(r"(password\s*=\s*)('(?:[^'\\]|\\.)*'|\S+)", re.IGNORECASE)
_OF_URI = re.compile(r"(://[^:/@\s]*:)[^/\s]*@")


_PROGRAM = "tenantry audit"

_within: ContextVar[bool] = ContextVar("within an operation that is kept", default=False)


@dataclass(frozen=True)
class Entry:
    """An entry. The program reports `os_user` and `host`; the server sets everything else before `what`."""

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
    """An entry from the trail of another warehouse, as a restored backup reports it, with the time and the login of the restore."""

    backup: str
    restored_at: datetime
    restored_by: str


def without_secrets(words: Sequence[str]) -> str:
    """Return a command's arguments as one line, without passwords."""
    return _OF_URI.sub(r"\1…@", _PASSWORD.sub(r"\1…", " ".join(words)))


def tell_user(opened: psycopg.Connection) -> None:
    """Let the session's entries say who runs the program, and where."""
    opened.execute(query("audit", "tell_user"), _whoever_runs_this())


def add(opened: psycopg.Connection, what: str, subject: str, result: str) -> None:
    """Add an entry, as whadmin, and let the session's further entries say who runs the program, too."""
    names = {"what": what, "subject": subject, "result": result} | _whoever_runs_this()
    opened.execute(query("audit", "add"), names)


def _whoever_runs_this() -> dict[str, str]:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = ""
    return {"user": user, "host": socket.gethostname()}


@contextmanager
def kept(
    conninfo: str, what: str, subject: str, opened: psycopg.Connection | None = None, *, begun: bool = True
) -> Iterator[None]:
    """Keep a trail of the block: an entry as it begins, and one as it ends; by the session `opened`, if one is given, as long as it is good for it.

    A part of an operation that already has a trail gets no entry of its own. Without `begun`, only the end is recorded,
    because the block may create the trail itself.
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
        _end(conninfo, opened, what, subject, f"failed: {_reason(error)}")
        raise
    else:
        _end(conninfo, opened, what, subject, "done")
    finally:
        _within.reset(within)


def _end(conninfo: str, opened: psycopg.Connection | None, what: str, subject: str, result: str) -> None:
    if opened is not None and opened.info.transaction_status == TransactionStatus.IDLE:
        with suppress(psycopg.Error):
            add(opened, what, subject, result)
            return
    # What was done is done: an end that cannot be written leaves the beginning.
    with suppress(TenantryError, psycopg.Error), session(conninfo, name=_PROGRAM) as own:
        add(own, what, subject, result)


def _reason(error: BaseException) -> str:
    if isinstance(error, TenantryError):
        return error.message
    return type(error).__name__ if str(error) in {"", "0"} else f"{type(error).__name__}: {error}"


def entries(
    opened: psycopg.Connection,
    *,
    since: timedelta | None = None,
    about: str | None = None,
    who: str | None = None,
    text: str | None = None,
    after: int = 0,
    before: int | None = None,
    most: int = 1000,
) -> list[Entry]:
    """Return the newest entries with an id between `after` and `before`, oldest first; with `about`, those whose subject has this name.

    Raises NotInstalled if there is no trail.
    """
    require(opened)
    names = {
        "since": since,
        "about": about,
        "who": who,
        "text": text,
        "after": after,
        "before": before,
        "most": most,
    }
    return [Entry(*row) for row in opened.execute(query("audit", "entries"), names)]


def restored(opened: psycopg.Connection, *, since: timedelta | None = None, most: int = 1000) -> list[Former]:
    """Return the newest entries that restored backups brought, oldest first."""
    require(opened)
    if "restored" not in readable(opened):
        return []
    return [
        Former(*row) for row in opened.execute(query("audit", "restored"), {"since": since, "most": most})
    ]


def readable(opened: psycopg.Connection) -> list[str]:
    """The existing tables of the trail that the session may read."""
    return [row[0] for row in opened.execute(query("audit", "readable"))]


def prune(opened: psycopg.Connection, before: datetime) -> int:
    """Remove entries before a time, as the administrator, and record that; return the number of removed entries."""
    require(opened)
    with opened.transaction():
        tell_user(opened)
        removed = opened.execute(query("audit", "prune"), {"before": before}).rowcount
        if "restored" in readable(opened):
            removed += opened.execute(query("audit", "prune_restored"), {"before": before}).rowcount
        result = f"done: {count(removed, 'entry', 'entries')}"
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
