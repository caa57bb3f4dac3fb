"""What the program itself writes into the audit trail: each command that changes something, as it begins and as it ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg

_GROUPS = {"tenant", "slice", "year", "template", "schedule", "reader", "audit", "server"}

_READING = {
    "status", "sizes", "logs", "plan", "export", "audit", "demo", "server", "list", "show", "lint", "test", "new", "check",
    "next", "history", "doctor", "verify", "queries",
}  # fmt: skip

_CHANGING_BY = {"doctor": "--fix", "verify": "--fix", "queries": "--cancel"}
"""Commands that only look, unless they are given this."""

_OF_AUTHORS = {
    ("template", "list"), ("template", "show"), ("template", "lint"), ("template", "new"), ("template", "test"), ("template", "load"),
    ("template", "edit"), ("template", "drop"), ("tenant", "list"),
}  # fmt: skip
"""The commands of template authors."""

_OPERATORS = {
    "tenantry refresh", "tenantry backfill", "tenantry verify", "tenantry slice rebuild", "tenantry year convert",
    "tenantry tenant disable", "tenantry tenant enable", "tenantry schedule enable", "tenantry schedule disable",
}  # fmt: skip
"""What an operator does: each is done by functions of `_wh` that are for him, and that write the trail."""

_WHADMINS_BY = {"tenantry backfill": "--outdated"}
"""Such commands that take whadmin after all, if they are given this."""

_INSTEAD = {
    "tenantry schedule run": "tenantry refresh loads what a job loads, and tenantry year convert folds years.",
    "tenantry doctor": "tenantry backfill creates missing views again.",
}
"""What an operator may do in the place of such a command."""

_ASKING = {"tenant test", "template new", "template test"}
"""Commands that only look, but at a source, whose login is a secret."""

_PEOPLE = {
    "tenantry_auditor": "an auditor",
    "tenantry_operator": "an operator",
    "tenantry_template_author": "a template author",
}
"""What a member of each group is called."""


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
    """Raise DatabaseError if the command is not for the groups of ours that the session acts as."""
    from tenantry.core.errors import DatabaseError
    from tenantry.core.model import AUDITOR, AUTHOR, OPERATOR, OWNER
    from tenantry.db.connect import groups_of

    groups = groups_of(opened)
    if not groups:
        return
    who = f'role "{opened.info.user}" is {" and ".join(_PEOPLE[group] for group in groups)}'
    said = words()
    what = command(said)
    names = tuple([word for word in said if not word.startswith("-")][:2])
    begin = " ".join(names)
    if AUTHOR in groups and names in _OF_AUTHORS:
        return
    flag = _WHADMINS_BY.get(what or "", "")
    if OPERATOR in groups and what in _OPERATORS and flag not in said:
        return
    hint = f"Log in as {OWNER} or a member of it."
    asking = (
        begin if begin in _ASKING else "verify" if OPERATOR not in groups and said[:1] == ["verify"] else None
    )
    if AUTHOR in groups and OPERATOR not in groups and (what or AUDITOR not in groups):
        refusal = f"{who}, who writes and tests templates"
        own = ", ".join(" ".join(names) for names in sorted(_OF_AUTHORS))
        hint = f"These commands are for authors: {own}. For others, log in as {OWNER} or a member of it."
    elif asking:
        refusal = f"tenantry {asking} asks a source, which needs {OWNER}, but {who}"
    elif what is None:
        return
    elif OPERATOR in groups:
        refusal = f"{f'{what} {flag}'.rstrip()} needs {OWNER}, but {who}"
        hint = f"{hint} {_INSTEAD.get(what, '')}".rstrip()
    else:
        refusal = f"{who}, who can read but not change anything"
    raise DatabaseError(refusal, sqlstate="42501", hint=hint)


@contextmanager
def kept(opened: psycopg.Connection | None, conninfo: str) -> Iterator[None]:
    """Keep a trail of the block, if the command changes something; without a session `opened` of its end alone."""
    from tenantry.db import audit
    from tenantry.db.connect import groups_of

    said = words()
    what = command(said)
    # What is done by a group's functions, these write down: the database trusts nobody else with the trail.
    if what is None or (opened is not None and groups_of(opened)):
        yield
        return
    subject = audit.without_secrets(said[len(what.split()) - 1 :])
    with audit.kept(conninfo, what, subject, opened, begun=False):
        yield
