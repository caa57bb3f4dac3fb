"""A script of the last version goes on working by the old names of commands and options."""

from __future__ import annotations

from datetime import date

import pytest

from tenantry.cli import renamed
from tests.support.databases import Source, Warehouse
from tests.support.program import run, succeed

pytestmark = pytest.mark.any_server

DAY = date(2024, 3, 10)


def test_a_script_gets_its_json_and_a_hint_beside_it(acme: Warehouse, source: Source) -> None:
    source.fill(DAY, 2)
    acme.run(
        "SELECT _wh.update_mv_window_by_template('foodlogstats', 'acme', 'acme', '2024-03-10', '2024-03-10')"
    )
    told = succeed(acme, "backfill", "foodlogstats", "--tenant", "acme", "--from", DAY, "--to", DAY, "--reload", "--jobs=1", "--json")  # fmt: skip
    assert told.json["load"]["feeds"][0]["loaded"] == 1
    assert renamed.hint("--jobs", "--sessions") in told.notes

    old = ("slice", "rebuild", "foodlogstats", DAY, "--tenant", "acme", "--jobs", 1, "--json")
    told = succeed(acme, *old)
    assert told.json["load"]["feeds"][0]["loaded"] == 1
    hints = [line for line in told.notes if line.startswith("note: ")]
    assert hints == [
        renamed.hint("slice rebuild", "slice reload"),
        renamed.hint("--jobs", "--sessions"),
    ]

    told = succeed(acme, "refresh", "foodlogstats", "--all", "--date", DAY, "--days", 1, "--full", "--json")
    assert told.json["load"]["feeds"][0]["loaded"] == 1


def test_a_command_is_in_the_trail_by_its_new_name(acme: Warehouse) -> None:
    refused = run(acme, "year", "convert", "foodlogstats", 2023, "--tenant", "acme")
    assert refused.code != 0
    rows = acme.rows("SELECT DISTINCT what FROM _wh_audit.entries WHERE what LIKE 'tenantry year%'")
    assert rows == [("tenantry year fold",)]
