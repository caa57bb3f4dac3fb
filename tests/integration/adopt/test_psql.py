"""Adopting with psql alone."""

from __future__ import annotations

from tests.integration.adopt.test_adopt import TRUTH
from tests.support.databases import Database
from tests.support.psql import run_scripts
from tests.support.samples.by_hand import ByHand


def test_scripts_adopt_and_take_back(by_hand: ByHand) -> None:
    before, rows = by_hand.schema_dump(), by_hand.rows(TRUTH)
    by_hand.drop_sources()
    admin = Database(by_hand.server, by_hand.database, "postgres")
    assert "CornerShop" in run_scripts(admin, "adopt.sql", variables={"dry_run": "1"}).stdout
    assert by_hand.schema_dump() == before
    assert "create.sql" in run_scripts(admin, "adopt.sql").stdout
    run_scripts(admin, "create.sql")
    by_hand.as_owner("functions.sql")
    assert "adopt_tenants" in run_scripts(admin, "adopt.sql").stdout
    by_hand.as_owner(text="CALL _wh.adopt_tenants();")
    assert "Adopted" in run_scripts(admin, "adopt.sql").stdout
    assert by_hand.rows(TRUTH) == rows
    run_scripts(admin, "adopt.sql", variables={"undo": "1"})
    assert by_hand.schema_dump() == before
