"""Migrations run in the order of their numbers, and none changes once it is written down."""

from __future__ import annotations

import hashlib

from tenantry.db.build import public_files
from tenantry.db.migrations import frozen, known
from tenantry.db.queries import SQL

FOLDER = SQL / "migrations"


def names() -> list[str]:
    return sorted(file.name for file in FOLDER.iterdir() if file.name.endswith(".sql"))


def test_every_migration_is_frozen_and_is_as_it_was_then() -> None:
    digests = {name: hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() for name in names()}
    assert frozen() == digests, "a migration that was released must not change: write another one"


def test_migrations_are_frozen_in_their_order() -> None:
    assert list(frozen()) == names()


def test_each_migration_has_a_number_of_its_own() -> None:
    """A number may be left out: somebody else's work may have come to nothing."""
    versions = [migration.version for migration in known()]
    assert versions == sorted(set(versions))
    assert [f"{migration.version:04}_{migration.name}.sql" for migration in known()] == names()


def test_the_digest_of_a_migration_is_that_of_its_file() -> None:
    assert {f"{m.version:04}_{m.name}.sql": m.sha256 for m in known()} == frozen()


def test_no_migration_uses_a_function_of_wh() -> None:
    """Operators may drop those with CASCADE: no table, default or check may go with them."""
    functions = {file.name.removesuffix(".sql") for file in public_files()}
    assert "current_date_utc" in functions
    for migration in known():
        assert not [name for name in functions if f"{name}(" in migration.text], migration.name
