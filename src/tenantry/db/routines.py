"""The functions and triggers that this program installs, read from their files, for comparison with a database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from tenantry.db.build import cron_files, function_files
from tenantry.db.queries import sql_text

_ROUTINE = re.compile(
    r"^CREATE OR REPLACE (?:FUNCTION|PROCEDURE) (\w+)\.(\w+)(\(.*?) AS \$\$(.*?)\$\$",
    re.DOTALL | re.MULTILINE,
)
_SEARCH_PATH = re.compile(r"\bSET search_path = (\w+(?:, \w+)*)")
_TRIGGER = re.compile(r"^CREATE OR REPLACE TRIGGER (\w+) .*? ON (\w+\.\w+)$", re.MULTILINE)


@dataclass(frozen=True)
class Routine:
    """A function or procedure: the SHA-256 of its text between the dollar quotes, in hexadecimal, and the role it runs as."""

    schema: str
    name: str
    sha256: str
    definer: bool
    search_path: str | None


def routines(*, own_cron: bool) -> Iterator[Routine]:
    """All routines of the program; those of its own schema cron only if the database has that schema."""
    for file in [*function_files(), *(cron_files() if own_cron else ())]:
        for schema, name, head, body in _ROUTINE.findall(sql_text(file)):
            path = _SEARCH_PATH.search(head)
            text = sha256(body.encode()).hexdigest()
            yield Routine(schema, name, text, "SECURITY DEFINER" in head, path[1] if path else None)


def triggers() -> set[tuple[str, str]]:
    """The table and name of every trigger of the program."""
    return {(table, name) for file in function_files() for name, table in _TRIGGER.findall(sql_text(file))}
