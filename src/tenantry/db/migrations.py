"""Migrations: each runs once, in one transaction with its row in `_wh.migrations`. None may change afterwards."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import LiteralString

import psycopg

from tenantry.core.errors import NotInstalled, TenantryError
from tenantry.db.build import refuse_newer_functions, require_own_functions
from tenantry.db.queries import SQL, sql_text
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
        return hashlib.sha256(self.text.encode()).hexdigest()


def known() -> list[Migration]:
    """All migrations of this program, oldest first."""
    found = []
    for file in sorted((SQL / "migrations").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".sql"):
            version, _, name = file.name.removesuffix(".sql").partition("_")
            found.append(Migration(int(version), name, sql_text(file)))
    return found


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
    return _refuse_newer_migrations(connection)


def _refuse_newer_migrations(connection: psycopg.Connection) -> dict[int, str]:
    had = applied(connection)
    newest = max(had, default=0)
    mine = known()[-1].version
    if newest > mine:
        raise NotInstalled(
            f"the warehouse is newer than this program: it has migration {newest}, this program knows up to {mine}",
            hint="Upgrade the program: pip install --upgrade tenantry.",
        )
    return had


def require_any(connection: psycopg.Connection) -> None:
    """Raise NotInstalled if the database holds no warehouse of any version."""
    if not applied(connection):
        raise NotInstalled("this database holds no warehouse", hint="Run: tenantry init")


def require_current(connection: psycopg.Connection) -> None:
    """Raise NotInstalled unless the database has exactly this program's migrations and functions."""
    found = refuse_newer_functions(connection)
    had = _refuse_newer_migrations(connection)
    if not had:
        raise NotInstalled("this database holds no warehouse", hint="Run: tenantry init")
    missing = [migration for migration in known() if migration.version not in had]
    if missing:
        raise NotInstalled(
            f"the warehouse is older than this program: migration {missing[0].version} is missing",
            hint="Run, as the administrator: tenantry upgrade",
        )
    require_own_functions(found)


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
