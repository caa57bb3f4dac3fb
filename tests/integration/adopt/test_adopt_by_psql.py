"""Adopting with psql alone, as from a bastion host: adopt.sql, and what it says to run next."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.integration.adopt.test_adopt import TRUTH
from tests.support.databases import Database
from tests.support.psql import SQL, psql
from tests.support.samples.by_hand import ByHand

DAYS = "SELECT schemaname, matviewname FROM pg_matviews ORDER BY 1, 2"


def _run(login: Database, *arguments: str | Path) -> str:
    done: subprocess.CompletedProcess[str] = psql(login, "--set=ON_ERROR_STOP=on", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _adopt(warehouse: ByHand) -> str:
    """Do what the script says, step by step; returns what it says at the end."""
    admin, owner = _logins(warehouse)
    said = _run(admin, "-f", SQL / "adopt.sql")
    assert "create.sql" in said
    assert "functions.sql" in said
    _run(admin, "-f", SQL / "create.sql")
    _run(owner, "-f", SQL / "functions.sql")
    said = _run(admin, "-f", SQL / "adopt.sql")
    assert "CALL _wh.adopt_tenants()" in said
    _run(owner, "-c", "CALL _wh.adopt_tenants()")
    return _run(admin, "-f", SQL / "adopt.sql")


def _logins(warehouse: ByHand) -> tuple[Database, Database]:
    warehouse.server.save_password("whadmin", "whadmin-by-hand")
    return (
        Database(warehouse.server, warehouse.database, "postgres"),
        Database(warehouse.server, warehouse.database, "whadmin"),
    )


def test_psql_adopts_and_finishes_and_no_row_changes(by_hand: ByHand) -> None:
    rows, days = by_hand.rows(TRUTH), by_hand.rows(DAYS)
    admin, owner = _logins(by_hand)
    by_hand.drop_sources()
    before = by_hand.schema_dump()
    shown = _run(admin, "-v", "dry_run=1", "-f", SQL / "adopt.sql")
    assert "CornerShop" in shown
    assert by_hand.schema_dump() == before
    early = psql(admin, "-v", "finish=1", "-f", SQL / "adopt.sql")
    assert early.returncode != 0
    assert "there is no adoption to finish" in early.stderr
    assert "finish=1" in _adopt(by_hand)
    assert by_hand.rows(TRUTH) == rows
    _run(owner, "-c", "CALL _wh.adopt_copies()")
    said = _run(admin, "-v", "finish=1", "-f", SQL / "adopt.sql")
    assert "set-storage" in said
    assert by_hand.rows(TRUTH) == rows
    assert by_hand.rows(DAYS) == days
    assert by_hand.rows("SELECT count(*) FROM pg_matviews WHERE definition LIKE '%reads-the-source%'") == [
        (0,)
    ]


def test_psql_takes_an_adoption_back_even_between_two_steps(by_hand: ByHand) -> None:
    rows, days = by_hand.rows(TRUTH), by_hand.rows(DAYS)
    before = by_hand.schema_dump()
    admin, owner = _logins(by_hand)
    _adopt(by_hand)
    said = _run(admin, "-v", "undo=1", "-f", SQL / "adopt.sql")
    assert "Taken back" in said
    assert by_hand.schema_dump() == before
    # Again, and this time some days have been replaced already when it is taken back.
    _adopt(by_hand)
    _run(owner, "-c", "CALL _wh.adopt_copies(3)")
    _run(admin, "-f", SQL / "adopt/5_swap.sql")
    _run(owner, "-c", "CALL _wh.adopt_copies(5)")
    _run(admin, "-v", "undo=1", "-f", SQL / "adopt.sql")
    assert by_hand.rows(TRUTH) == rows
    assert by_hand.rows(DAYS) == days
    indexes = "SELECT count(*) FROM pg_class WHERE relname LIKE 'tenantry%'"
    assert by_hand.rows(indexes) == [(0,)]
