"""What the program itself writes into the audit trail: each command that changes something, as it begins and as it ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from tenantry.core.errors import TenantryError

if TYPE_CHECKING:
    import psycopg

_GROUPS = {"tenant", "slice", "year", "template", "schedule", "reader", "audit", "server"}

_READING = {
    "status", "sizes", "logs", "plan", "export", "audit", "demo", "server", "list", "show", "lint", "test", "new", "check",
    "next", "history", "doctor", "verify", "queries",
}  # fmt: skip

_CHANGING_BY = {"doctor": "--fix", "verify": "--fix", "queries": "--cancel"}
"""Commands that only look, unless they are given this."""

_OPERATORS = {
    "tenantry refresh", "tenantry backfill", "tenantry verify", "tenantry slice rebuild", "tenantry year convert",
    "tenantry tenant disable", "tenantry tenant enable", "tenantry schedule enable", "tenantry schedule disable",
}  # fmt: skip
"""What an operator does: each is done by functions of `_wh` that are for him, and that write the trail."""

_WHADMINS_BY = {"tenantry backfill": "--outdated"}
"""Such commands that take whadmin after all, if they are given this."""

_INSTEAD = {
    "tenantry schedule run": "What a job loads tenantry refresh loads, too, and tenantry year convert folds.",
    "tenantry doctor": "Views come back with tenantry backfill.",
}
"""What an operator may do in the place of such a command."""

_ASKING = {"tenant test", "template new", "template test"}
"""Commands that only look, but at a source, whose login is a secret."""

_PEOPLE = {"tenantry_auditor": "an auditor", "tenantry_operator": "an operator"}
"""What a member of each group is called."""

_written: list[str] = []


def command(words: list[str]) -> str | None:
    """What the words of a command line change, in the words of the program; None if they only look."""
    names = [word for word in words if not word.startswith("-")]
    if not names or "--dry-run" in words:
        return None
    chosen = names[:2] if names[0] in _GROUPS else names[:1]
    if chosen[0] == "audit" and chosen != ["audit", "prune"]:
        return None
    if chosen[-1] in _READING and not any(
        word == flag or word.startswith(f"{flag}=")
        for word in words
        for flag in (_CHANGING_BY.get(chosen[-1]),)
        if flag
    ):
        return None
    return " ".join(["tenantry", *chosen])


def words() -> list[str]:
    """The command line from the command on, without the options before it, which may hold a password."""
    found = sys.argv[1:]
    while found and found[0].startswith("-"):
        found = found[1 if "=" in found[0] or found[0] == "--debug" else 2 :]
    return found


def require_changer(opened: psycopg.Connection) -> None:
    """Raise DatabaseError if the command is not for the group of ours that the session acts as."""
    from tenantry.core.errors import DatabaseError
    from tenantry.core.model import AUDITOR, OPERATOR, OWNER
    from tenantry.db.connect import acting

    group = acting(opened)
    if group == OWNER:
        return
    who = f'role "{opened.info.user}" is {_PEOPLE[group]}'
    said = words()
    what = command(said)
    begin = " ".join([word for word in said if not word.startswith("-")][:2])
    asking = begin if begin in _ASKING else "verify" if group == AUDITOR and said[:1] == ["verify"] else None
    refusal = None
    if asking:
        refusal = f"tenantry {asking} asks a source, which takes {OWNER}, and {who}"
    elif what is not None and group == AUDITOR:
        refusal = f"{who}, who reads and changes nothing"
    elif what is not None and group == OPERATOR:
        flag = _WHADMINS_BY.get(what, "")
        if what not in _OPERATORS or flag in said:
            refusal = f"{f'{what} {flag}'.rstrip()} takes {OWNER}, and {who}"
    if refusal:
        instead = _INSTEAD.get(what or "") if group == OPERATOR else None
        hint = f"Log in as {OWNER} or a member of it."
        raise DatabaseError(refusal, sqlstate="42501", hint=f"{hint} {instead}" if instead else hint)


@contextmanager
def kept(opened: psycopg.Connection | None, conninfo: str) -> Iterator[None]:
    """Keep a trail of the block, if the command changes something: by `opened` at its beginning, by another session at its end."""
    from tenantry.core.model import OWNER
    from tenantry.db.connect import acting
    from tenantry.db.errors import translated
    from tenantry.flow import audit

    said = words()
    what = command(said)
    if what is None or _written or (opened is not None and acting(opened) != OWNER):
        # What is done by a group's functions, these write down.
        yield
        return
    _written.append(what)
    subject = audit.without_secrets(said[len(what.split()) - 1 :])
    try:
        if opened is not None:
            with translated():
                audit.add(opened, what, subject, "begun")
        yield
    except BaseException as error:
        _end(conninfo, what, subject, f"failed: {_reason(error)}")
        raise
    else:
        _end(conninfo, what, subject, "done")
    finally:
        _written.clear()


def _reason(error: BaseException) -> str:
    if isinstance(error, TenantryError):
        return error.message
    return type(error).__name__ if str(error) in {"", "0"} else f"{type(error).__name__}: {error}"


def _end(conninfo: str, what: str, subject: str, result: str) -> None:
    import psycopg

    from tenantry.db.connect import session
    from tenantry.flow import audit

    # What was done is done: an end that cannot be written leaves the beginning.
    with suppress(TenantryError, psycopg.Error), session(conninfo, name="tenantry audit") as opened:
        audit.add(opened, what, subject, result)
