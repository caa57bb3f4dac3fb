"""Migrations: each runs once, in one transaction with its row in `_wh.migrations`. None may change afterwards."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import LiteralString

import psycopg

from tenantry.core.errors import NotInstalled, TenantryError
from tenantry.db.build import (
    Build,
    installed,
    refuse_newer_build,
    refuse_newer_functions,
    require_own_functions,
)
from tenantry.db.queries import SQL, one_row, query, sql_text
from tenantry.db.roles import of_a_member


@dataclass(frozen=True)
class Migration:
    """One file of sql/migrations: `0001_initial.sql` has version 1 and name `initial`."""

    version: int
    name: str
    text: LiteralString

    @property
    def sha256(self) -> str:
        """Hex digest of the file's text."""
        import hashlib

        return hashlib.sha256(self.text.encode()).hexdigest()


def known() -> list[Migration]:
    """All migrations of this program, oldest first."""
    return [Migration(version, name, sql_text(file)) for version, name, file in _files()]


def _files() -> list[tuple[int, str, Traversable]]:
    """The version, the name and the file of each migration, oldest first."""
    found = []
    for file in (SQL / "migrations").iterdir():
        version, _, name = file.name.removesuffix(".sql").partition("_")
        if file.name.endswith(".sql"):
            found.append((int(version), name, file))
    return sorted(found, key=lambda each: each[0])


def tables() -> list[str]:
    """Tenantry's tables in `_wh`: those that its migrations create, and the record of migrations."""
    made = (re.findall(r"CREATE TABLE _wh\.(\w+)", migration.text) for migration in known())
    return ["migrations", *(name for names in made for name in names)]


def frozen() -> dict[str, str]:
    """File name to digest, as recorded when each migration was released."""
    lines = (SQL / "migrations" / "frozen.txt").read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines if line)}


def applied(connection: psycopg.Connection) -> dict[int, str]:
    """Version to digest of the migrations that were applied to the database; empty if it never was a warehouse."""
    with of_a_member(connection):
        row = connection.execute("SELECT to_regclass('_wh.migrations') IS NOT NULL").fetchone()
        if row is None or not row[0]:
            return {}
        return dict(connection.execute("SELECT version, sha256 FROM _wh.migrations").fetchall())


def refuse_newer(connection: psycopg.Connection) -> dict[int, str]:
    """Return what `applied` returns. Raises NotInstalled if a newer program changed the database: its tables may mean something else."""
    refuse_newer_functions(connection)
    had = applied(connection)
    _refuse_newer_migrations(had)
    return had


def _refuse_newer_migrations(had: Collection[int]) -> None:
    newest = max(had, default=0)
    mine, _, _ = _files()[-1]
    if newest > mine:
        raise NotInstalled(
            f"the warehouse is newer than this program: it has migration {newest}, this program knows up to {mine}",
            hint="Upgrade the program: pip install --upgrade tenantry.",
        )


def require_any(connection: psycopg.Connection) -> None:
    """Raise NotInstalled if the database holds no warehouse of any version."""
    if not applied(connection):
        raise NotInstalled("this database holds no warehouse", hint="Run: tenantry init")


def require_current(connection: psycopg.Connection) -> None:
    """Raise NotInstalled unless the database has exactly this program's migrations and functions."""
    found, had = _recorded(connection)
    refuse_newer_build(found)
    _refuse_newer_migrations(had)
    if not had:
        raise NotInstalled("this database holds no warehouse", hint="Run: tenantry init")
    missing = [version for version, _, _ in _files() if version not in had]
    if missing:
        raise NotInstalled(
            f"the warehouse is older than this program: migration {missing[0]} is missing",
            hint="Run, as the administrator: tenantry upgrade",
        )
    require_own_functions(found)


def _recorded(connection: psycopg.Connection) -> tuple[Build | None, Collection[int]]:
    """The build that installed the warehouse last, and the versions of its migrations, in one round trip: every command
    asks for them."""
    try:
        with of_a_member(connection):
            version, functions, had = one_row(connection, query("install", "recorded"))
    except psycopg.errors.UndefinedTable:
        # It is an older warehouse, or none.
        return installed(connection), applied(connection)
    return Build(version, functions) if version else None, had or ()


def migrate(connection: psycopg.Connection) -> list[Migration]:
    """Apply the missing migrations, as the session's role; return what was applied.

    Two sessions at once are safe: the row goes in first, so the second session waits for the first and then finds it.

    Raises:
        NotInstalled: the database is newer than the program.
        TenantryError: an applied migration differs from the program's.
    """
    had = refuse_newer(connection)
    done = []
    for migration in known():
        if migration.version in had:
            if had[migration.version] != migration.sha256:
                raise TenantryError(
                    f"migration {migration.version} ({migration.name}) differs from the one the warehouse had",
                    hint="The program's files were changed. Reinstall Tenantry.",
                )
            continue
        with connection.transaction():
            row = connection.execute(
                "INSERT INTO _wh.migrations (version, name, sha256) VALUES (%s, %s, %s)"
                " ON CONFLICT DO NOTHING RETURNING version",
                (migration.version, migration.name, migration.sha256),
            ).fetchone()
            if row is not None:
                connection.execute(migration.text)
                done.append(migration)
    return done
