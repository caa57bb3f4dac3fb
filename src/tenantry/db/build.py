"""The functions of this build of the program, and the build whose functions a warehouse has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources.abc import Traversable
from typing import LiteralString

import psycopg

from tenantry import __version__
from tenantry.core.errors import NotInstalled
from tenantry.db.queries import SQL, query, sql_text
from tenantry.db.roles import of_a_member

HASH = "functions.hash"
"""The file that holds the hash of the functions."""

_INTERNAL = SQL / "functions" / "internal"
_ENTRANCE = re.compile(r"^CREATE OR REPLACE FUNCTION (\w+\.\w+)\(.*? AS \$\$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Build:
    """A version, and a hash of the text of its functions, because unreleased builds share a version."""

    version: str
    functions: str


def _in_order(folder: Traversable) -> list[Traversable]:
    return sorted(_found(folder), key=lambda file: file.name)


def _found(folder: Traversable) -> Iterator[Traversable]:
    """The SQL files in a folder and below it."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _found(entry)
        elif entry.name.endswith(".sql"):
            yield entry


def function_files() -> list[Traversable]:
    """The files of all functions: internal ones first, each group sorted by name, whatever room a file is in."""
    return _in_order(_INTERNAL) + public_files()


def public_files() -> list[Traversable]:
    """The files of the functions in `_wh`, which people and jobs call."""
    internal = set(_in_order(_INTERNAL))
    return [file for file in _in_order(SQL / "functions") if file not in internal]


def cron_files() -> list[Traversable]:
    """The files of Tenantry's own schema cron, tables first."""
    return sorted(_in_order(SQL / "cron"), key=lambda f: f.name != "tables.sql")


def entrances() -> list[str]:
    """The functions that other roles' sessions call, with whatever settings those have: these functions get their own
    settings.

    Functions in plain SQL are left out: no setting can change what they do, and they are called for each row of a
    query.
    """
    heads = (match for file in function_files() for match in _ENTRANCE.finditer(sql_text(file)))
    return sorted(
        head[1] for head in heads if "SECURITY DEFINER" in head[0] and "LANGUAGE plpgsql" in head[0]
    )


@cache
def pins() -> LiteralString:
    """The query of `_wh_internal.pins`: the settings of Tenantry's functions, which the program's own sessions share."""
    return sql_text(_INTERNAL / "setting" / "pins.sql").split("$$")[1]


@cache
def build() -> Build:
    """The build of this program, with the hash that `make sql` has written: hashing takes long for a short command."""
    return Build(__version__, (SQL / HASH).read_text(encoding="utf-8").strip())


def hashed() -> str:
    """The hash of all functions, which are in some four hundred files."""
    import hashlib

    parts = [file.read_bytes() for file in (*function_files(), *cron_files())]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


def release(version: str) -> list[int]:
    """The numbers of a version, for comparison: those of 1.4.0.dev2 are 1, 4 and 0."""
    numbers = re.match(r"\d+(?:\.\d+)*", version)
    return [int(number) for number in numbers[0].split(".")] if numbers else []


def installed(connection: psycopg.Connection) -> Build | None:
    """The build whose functions the database has; None if they come from a version that did not record it."""
    with of_a_member(connection):
        row = connection.execute(query("install", "knows_builds")).fetchone()
        if row is None or not row[0]:
            return None
        found = connection.execute(query("install", "build")).fetchone()
    return Build(*found) if found else None


def refuse_newer_functions(connection: psycopg.Connection) -> Build | None:
    """Return what `installed` returns. Raises NotInstalled if that version is newer than this program."""
    found = installed(connection)
    refuse_newer_build(found)
    return found


def refuse_newer_build(found: Build | None) -> None:
    """Raise NotInstalled if a version of the program that is newer than this one installed the warehouse."""
    if found and release(found.version) > release(__version__):
        raise NotInstalled(
            f"the warehouse was installed by tenantry {found.version}; this is {__version__}",
            hint="Upgrade the program: pip install --upgrade tenantry.",
        )


def require_own_functions(found: Build | None) -> None:
    """Raise NotInstalled unless the functions come from this very build."""
    mine = build()
    if found == mine:
        return
    if found and found.version == mine.version:
        reason = f"the warehouse has the functions of another build of tenantry {mine.version}"
    else:
        whose = f"tenantry {found.version}" if found else "an earlier tenantry"
        reason = f"the warehouse has the functions of {whose}; this is {mine.version}"
    raise NotInstalled(reason, hint="Run, as the administrator: tenantry upgrade")
