"""The operators' own functions in a backup. Their text has to be executed, and is checked before and after."""

from __future__ import annotations

import re
from typing import Any

import psycopg

from tenantry.core.errors import InputError
from tenantry.core.syntax import parts, statements
from tenantry.db.build import function_files
from tenantry.db.queries import one_row, query

_LANGUAGES = {"sql", "plpgsql"}

_OPTIONS = {
    "language",
    "as",
    "volatility",
    "strict",
    "security",
    "leakproof",
    "parallel",
    "cost",
    "rows",
    "set",
    "window",
}
"""What CREATE FUNCTION may contain: not SUPPORT and TRANSFORM, which name other functions."""


def delivered() -> list[str]:
    """The names of Tenantry's functions."""
    return [file.name.removesuffix(".sql") for file in function_files()]


def label(definition: str) -> str:
    """A function's name, as its definition begins."""
    found = re.search(r"(FUNCTION|PROCEDURE) (.*)", definition)
    return f"{found[1].lower()} {found[2].strip()}" if found else "function"


def refusal(definition: str) -> str | None:
    """Return why a definition must not be executed, by PostgreSQL's own grammar; None if it creates one function of
    `_wh` and nothing else.
    """
    found = statements(definition)
    if len(found) != 1 or list(found[0]) != ["CreateFunctionStmt"]:
        return "it is not exactly one CREATE FUNCTION or CREATE PROCEDURE"
    made: dict[str, Any] = found[0]["CreateFunctionStmt"]
    names = parts(made["funcname"])
    if names[:-1] != ["_wh"]:
        return "it is not in the schema _wh"
    if names[-1] in delivered():
        return "it has the name of one of Tenantry's functions"
    options = [option["DefElem"] for option in made.get("options", [])]
    unknown = sorted({option["defname"] for option in options} - _OPTIONS)
    if unknown:
        return f"it has an option that is not restored from a backup: {', '.join(unknown)}"
    languages = [
        option["arg"]["String"].get("sval", "") for option in options if option["defname"] == "language"
    ]
    if len(languages) != 1 or languages[0] not in _LANGUAGES:
        return f"its language is {' and '.join(languages) or 'not given'}: only sql and plpgsql are restored"
    return None


def create(session: psycopg.Connection, definition: str) -> None:
    """Create a function, as whadmin. Call this within a transaction, and roll it back if this fails.

    Raises:
        InputError: this is not such a definition, or it has created something else.
        psycopg.Error: the function cannot be created here.
    """
    reason = refusal(definition)
    if reason is None:
        before = _versions(session)
        # With the extended protocol, the server itself accepts only one statement.
        session.execute(definition.encode(), binary=True)
        reason = _surprise(session, before)
    if reason:
        raise InputError(reason, hint="Read the definition, and create the function by hand.")


def _versions(session: psycopg.Connection) -> dict[int, str]:
    """All functions except PostgreSQL's own, and the version of each."""
    return dict(session.execute(query("recovery", "function_versions")).fetchall())


def _surprise(session: psycopg.Connection, before: dict[int, str]) -> str | None:
    """What is wrong after a function was created; None if there is one new function, in `_wh`, owned by whadmin, in an allowed language."""
    after = _versions(session)
    changed = [oid for oid, version in after.items() if before.get(oid) != version]
    if len(changed) != 1 or before.keys() - after.keys():
        return "it does not change exactly one function"
    fine = one_row(session, query("recovery", "is_own_function"), {"oid": changed[0]})[0]
    return None if fine else "it does not create a function of whadmin's in _wh, in sql or plpgsql"
