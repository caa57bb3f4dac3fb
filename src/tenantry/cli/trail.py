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
    """Raise DatabaseError if the session is an auditor's or a template author's, and the command is not for him."""
    from tenantry.core.errors import DatabaseError
    from tenantry.core.model import AUDITOR, AUTHOR
    from tenantry.db.queries import query
    from tenantry.db.roles import acts_as_owner

    if acts_as_owner(opened):
        return
    groups = {row[0] for row in opened.execute(query("session", "groups"))}
    said = [word for word in words() if not word.startswith("-")]
    if AUTHOR in groups and tuple(said[:2]) in _OF_AUTHORS:
        return
    if AUTHOR in groups and (command(words()) or AUDITOR not in groups):
        raise DatabaseError(
            f'role "{opened.info.user}" is a template author, who writes and tests templates',
            sqlstate="42501",
            hint=f"These commands are for authors: {', '.join(' '.join(names) for names in sorted(_OF_AUTHORS))}. "
            "For others, log in as whadmin or a member of it.",
        )
    if command(words()):
        raise DatabaseError(
            f'role "{opened.info.user}" is an auditor, who reads and changes nothing',
            sqlstate="42501",
            hint="Log in as whadmin or a member of it.",
        )


@contextmanager
def kept(opened: psycopg.Connection | None, conninfo: str) -> Iterator[None]:
    """Keep a trail of the block, if the command changes something; without a session `opened` of its end alone."""
    from tenantry.db import audit
    from tenantry.db.roles import acts_as_owner

    said = words()
    what = command(said)
    # What a template author changes is written down by the database, which trusts nobody else with the trail.
    if what is None or (opened is not None and not acts_as_owner(opened)):
        yield
        return
    subject = audit.without_secrets(said[len(what.split()) - 1 :])
    with audit.kept(conninfo, what, subject, opened, begun=False):
        yield
