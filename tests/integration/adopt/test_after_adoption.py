"""An adopted warehouse is one like any other: what one does with a warehouse works on it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import psycopg
import pytest

from tests.integration.adopt.test_adopt import TRUTH, adopt
from tests.support.program import Outcome, run
from tests.support.samples.by_hand import ByHand

pytestmark = pytest.mark.any_server


def _tenantry(warehouse: ByHand, *arguments: object) -> Outcome:
    return run(None, *arguments, env={"TENANTRY_DSN": warehouse.owner_conninfo})


@pytest.fixture
def adopted(by_hand: ByHand) -> ByHand:
    """A warehouse by hand that was adopted, with what its operators are told to do next."""
    assert adopt(by_hand, "--yes").code == 0
    done = adopt(by_hand, "--finish", "--yes")
    assert done.code == 0, done.err
    assert "template set-storage TEMPLATE partition" in done.out
    return by_hand


def test_an_adopted_warehouse_is_looked_at_verified_and_kept_in_a_file(
    adopted: ByHand, tmp_path: Path
) -> None:
    status = _tenantry(adopted, "status", "--json")
    assert {feed["tenant"] for feed in status.json["feeds"]} == {"acme", "bolt", "CornerShop"}
    findings = _tenantry(adopted, "doctor", "--json").json["findings"]
    assert not {found["check"] for found in findings} & {"secrets", "records", "views"}
    window = ("--from", date(2025, 1, 1), "--to", date(2025, 1, 5), "--tenant", "acme")
    verified = _tenantry(adopted, "verify", "foodlogstats", *window)
    assert verified.code == 0, verified.err
    assert _tenantry(adopted, "year", "check", "foodlogstats", "2024", "--tenant", "acme").code == 0
    assert _tenantry(adopted, "export", "--file", tmp_path / "tenantry.toml").code == 0
    same = _tenantry(adopted, "plan", "--file", tmp_path / "tenantry.toml", "--exit-code")
    assert same.code == 0, same.out + same.err


def test_the_manuals_calls_go_on_and_days_under_peoples_views_are_refreshed(adopted: ByHand) -> None:
    adopted.change_source("acme_conn", "UPDATE phood_foodlogsum SET quantity = 77")
    with psycopg.connect(adopted.owner_conninfo, autocommit=True) as owner:
        for call in (
            "SELECT _wh.update_mv_by_template('foodlogstats', 'bolt_conn', 'bolt', '2025-01-06')",
            (
                "SELECT (_wh.update_mv_window_by_template('foodlogstats', 'acme_conn', 'acme', timestamp '2025-01-01',"
                " timestamp '2025-01-05') ->> 'success')::boolean"
            ),
            "SELECT _wh.update_tenant_union_view_by_template('foodlogstats', 'acme_conn', 'acme')",
            "SELECT _wh.update_public_view_by_template('foodlogstats')",
        ):
            assert owner.execute(call.encode()).fetchone() == (True,), call
    assert adopted.rows("SELECT DISTINCT weight FROM workspace.acme_second") == [(154,)]
    assert adopted.rows("SELECT count(*) FROM bolt.foodlogstats_2025_01_06") == [(3,)]


def test_an_adopted_template_moves_to_partitions_without_its_source(adopted: ByHand) -> None:
    rows = adopted.rows(TRUTH)
    adopted.drop_sources()
    adopted.run("DROP VIEW workspace.acme_second")
    moved = _tenantry(adopted, "template", "set-storage", "foodlogstats", "partition")
    assert moved.code == 0, moved.err
    assert adopted.rows(TRUTH) == rows
    assert _tenantry(adopted, "status").code == 0
