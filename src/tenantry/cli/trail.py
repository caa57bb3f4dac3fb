"""The program's own entries in the audit trail: each command that changes something, when it begins and when it ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tenantry.cli.group import called
from tenantry.cli.target import options

if TYPE_CHECKING:
    import psycopg

_READING = {
    "status", "sizes", "logs", "plan", "export", "audit", "list", "show", "lint", "test", "new", "check", "next", "history",
    "doctor", "verify", "queries", "schema", "describe",
}  # fmt: skip
"""The last words of commands that only read."""

_SENDING = {"alert test"}
"""Commands with such a word that do more than read."""

_CHANGING_BY = {"doctor": "fix", "verify": "fix", "queries": "cancel"}
"""Those of them that change something if they are given this option."""

_OF_AUTHORS = {
    "template list", "template show", "template lint", "template new", "template test", "template load", "template edit",
    "template drop", "tenant list", "override list", "override show", "override set", "override check", "override drop",
}  # fmt: skip
"""The commands of template authors."""

_OPERATORS = {
    "refresh", "backfill", "verify", "slice reload", "year fold", "tenant disable", "tenant enable", "schedule enable",
    "schedule disable", "action cancel",
}  # fmt: skip
"""What an operator can do: functions of `_wh` for operators carry it out, and write the trail."""

_WHADMINS_BY = {"backfill": "outdated"}
"""Commands of these that require whadmin if they are given this option."""

_INSTEAD = {
    "schedule run": "tenantry refresh loads what a job loads, and tenantry year fold folds years.",
    "doctor": "tenantry backfill creates missing views again.",
}
"""What an operator can do instead of such a command."""

_ASKING = {"tenant test", "connection test", "template new", "template test", "override check"}
"""Commands that only read, but from a source, whose login is a secret."""

_PEOPLE = {
    "tenantry_auditor": "an auditor",
    "tenantry_operator": "an operator",
    "tenantry_template_author": "a template author",
}
"""The name for a member of each group."""


def changes(name: str, options: Mapping[str, Any]) -> bool:
    """Whether a command changes something, with its options as click has read them."""
    if options.get("dry_run"):
        return False
    reading = name.rpartition(" ")[2] in _READING and name not in _SENDING
    return not reading or bool(options.get(_CHANGING_BY.get(name, "")))


def require_changer(opened: psycopg.Connection) -> None:
    """Raise DatabaseError if the command is not for the group that the session acts as."""
    from tenantry.core.errors import DatabaseError
    from tenantry.core.model import AUDITOR, AUTHOR, OPERATOR, OWNER
    from tenantry.db.connect import groups_of

    groups = groups_of(opened)
    if not groups:
        return
    who = f'role "{opened.info.user}" is {" and ".join(_PEOPLE[group] for group in groups)}'
    name = called.name
    changing = changes(name, called.options)
    if AUTHOR in groups and name in _OF_AUTHORS:
        return
    option = _WHADMINS_BY.get(name, "")
    if OPERATOR in groups and name in _OPERATORS and not called.options.get(option):
        return
    hint = f"Log in as {OWNER} or a member of it."
    if AUTHOR in groups and OPERATOR not in groups and (changing or AUDITOR not in groups):
        refusal = f"{who}, who writes and tests templates"
        own = ", ".join(sorted(_OF_AUTHORS))
        hint = f"These commands are for authors: {own}. For others, log in as {OWNER} or a member of it."
    elif name in _ASKING or (name == "verify" and OPERATOR not in groups):
        refusal = f"tenantry {name} asks a source, which needs {OWNER}, but {who}"
    elif not changing:
        return
    elif OPERATOR in groups:
        with_option = f" --{option}" if option else ""
        refusal = f"tenantry {name}{with_option} needs {OWNER}, but {who}"
        hint = f"{hint} {_INSTEAD.get(name, '')}".rstrip()
    else:
        refusal = f"{who}, who can read but not change anything"
    raise DatabaseError(refusal, sqlstate="42501", hint=hint)


@contextmanager
def kept(opened: psycopg.Connection | None, conninfo: str) -> Iterator[None]:
    """Record the block in the trail, if the command changes something; without a session `opened`, only its end."""
    from tenantry.db import audit
    from tenantry.db.connect import groups_of

    # The functions of a group record this themselves: the database lets nobody else write the trail.
    if not changes(called.name, called.options) or (opened is not None and groups_of(opened)):
        yield
        return
    subject = audit.without_secrets([*_without_address(called.words), *called.environment])
    with audit.kept(conninfo, f"tenantry {called.name}", subject, opened, begun=False):
        yield


def _without_address(words: Sequence[str]) -> list[str]:
    """The words without the warehouse's address, which may hold a password. A value that only looks like it stays."""
    given, kept = ["--dsn", options.dsn], list(words)
    for place in reversed(range(len(kept))):
        if kept[place : place + 2] == given:
            del kept[place : place + 2]
        elif kept[place] == f"--dsn={options.dsn}":
            del kept[place]
    return kept
