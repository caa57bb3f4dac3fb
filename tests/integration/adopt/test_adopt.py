"""Taking over a warehouse by the manual's own scripts: nothing is lost, no source is asked, and it can be taken back."""

from __future__ import annotations

import difflib
import re
import threading
import time

import psycopg
import pytest

from tests.support.program import Outcome, run
from tests.support.samples.by_hand import ByHand

TRUTH = (
    "SELECT schema_name, count(*), md5(string_agg(f::text, '' ORDER BY schema_name, id))"
    " FROM (SELECT schema_name, id, store, quantity, weight, client, logged_time FROM public.foodlogstats) f GROUP BY 1 ORDER BY 1"
)


def adopt(warehouse: ByHand, *arguments: str) -> Outcome:
    """Run `tenantry adopt` as the administrator."""
    return run(None, "adopt", *arguments, env=whose(warehouse))


def whose(warehouse: ByHand) -> dict[str, str]:
    """What the program is told by its environment."""
    return {"TENANTRY_ADMIN_DSN": warehouse.conninfo, "TENANTRY_WHADMIN_PASSWORD": "whadmin-by-hand"}


@pytest.mark.any_server
def test_a_dry_run_shows_each_tenant_and_changes_nothing(by_hand: ByHand) -> None:
    by_hand.drop_sources()
    before = by_hand.schema_dump()
    shown = adopt(by_hand, "--dry-run")
    assert shown.code == 0, shown.err
    for words in ("CornerShop", "bolt_conn", "2023 to 2024", "foodlogstats_2024_02_30"):
        assert words in shown.out
    assert "reads-the-source" not in shown.out + shown.err
    assert by_hand.schema_dump() == before


def test_an_adopted_warehouse_holds_the_same_rows_and_its_sources_are_not_asked(by_hand: ByHand) -> None:
    before = by_hand.rows(TRUTH)
    by_hand.drop_sources()
    done = adopt(by_hand, "--yes")
    assert done.code == 0, done.err
    assert by_hand.rows(TRUTH) == before
    assert by_hand.rows("SELECT schema_name, tenant_name FROM _wh.tenants ORDER BY 1") == [
        ("CornerShop", "bolt_conn"),
        ("acme", "acme_conn"),
        ("bolt", "bolt_conn"),
    ]
    assert by_hand.rows("SELECT sum(row_count) FROM _wh.slices") == [(sum(count for _, count, _ in before),)]


def test_after_finish_no_definition_holds_a_password(by_hand: ByHand) -> None:
    before = by_hand.rows(TRUTH)
    notes = by_hand.rows("SELECT * FROM workspace.acme_second")
    by_hand.drop_sources()
    for arguments in (("--yes",), ("--finish", "--yes")):
        done = adopt(by_hand, *arguments)
        assert done.code == 0, done.err
    assert by_hand.rows(TRUTH) == before
    assert by_hand.rows("SELECT * FROM workspace.acme_second") == notes
    # The administrator's dump has user mappings in full; nothing else may hold the password.
    dump = re.sub(r"CREATE USER MAPPING [^;]*;", "", by_hand.schema_dump())
    assert "reads-the-source" not in dump
    assert by_hand.rows("SELECT nspname FROM pg_namespace WHERE nspname = '_wh_adopt'") == []
    assert by_hand.rows("SELECT count(*) FROM pg_matviews WHERE schemaname = 'bolt'") == [(11,)]


def test_an_undone_adoption_leaves_the_schema_as_it_was(by_hand: ByHand) -> None:
    before, rows = by_hand.schema_dump(), by_hand.rows(TRUTH)
    for arguments in (("--yes",), ("--undo", "--yes")):
        done = adopt(by_hand, *arguments)
        assert done.code == 0, done.err
    assert list(difflib.unified_diff(before.splitlines(), by_hand.schema_dump().splitlines(), n=2)) == []
    assert by_hand.rows(TRUTH) == rows


@pytest.mark.any_server
def test_init_names_adopt_on_a_warehouse_by_hand(by_hand: ByHand) -> None:
    before = by_hand.schema_dump()
    refused = run(None, "init", env={"TENANTRY_ADMIN_DSN": by_hand.conninfo})
    assert refused.code == 4
    assert "tenantry adopt" in refused.err
    assert by_hand.schema_dump() == before


@pytest.mark.any_server
@pytest.mark.parametrize(
    "statement, words",
    [
        (
            "ALTER TABLE _wh.mv_templates RENAME TO templates",
            "neither Tenantry's nor one by the operations manual",
        ),
        ("CREATE SCHEMA _wh_manual", "a schema already whose name adopting needs: _wh_manual"),
    ],
)
def test_what_is_no_warehouse_by_hand_is_refused_unchanged(
    by_hand: ByHand, statement: str, words: str
) -> None:
    by_hand.run(statement)
    before = by_hand.schema_dump()
    refused = adopt(by_hand, "--yes")
    assert refused.code == 4
    assert words in refused.err
    assert by_hand.schema_dump() == before


def test_reports_go_on_from_the_first_step_to_the_last(by_hand: ByHand) -> None:
    rows = by_hand.rows(TRUTH)
    by_hand.drop_sources()
    stop = threading.Event()
    waits: list[float] = []
    wrong: list[object] = []

    def report() -> None:
        with psycopg.connect(by_hand.reader_conninfo, autocommit=True) as session:
            while not stop.is_set():
                begun = time.monotonic()
                try:
                    found = session.execute(TRUTH).fetchall()
                except psycopg.Error as error:
                    wrong.append(error)
                    return
                waits.append(time.monotonic() - begun)
                if found != rows:
                    wrong.append(found)

    reporter = threading.Thread(target=report)
    reporter.start()
    try:
        for arguments in (("--yes",), ("--finish", "--yes")):
            done = adopt(by_hand, *arguments)
            assert done.code == 0, done.err
    finally:
        stop.set()
        reporter.join()
    assert wrong == []
    assert len(waits) > 20


@pytest.mark.any_server
def test_undo_keeps_the_rows_of_days_that_were_loaded_since(by_hand: ByHand) -> None:
    both = "SELECT * FROM bolt.foodlogstats_2025_01_06 UNION ALL SELECT * FROM bolt.foodlogstats_2025_01_07 ORDER BY 1"
    assert adopt(by_hand, "--yes").code == 0
    by_hand.change_source("bolt_conn", "UPDATE phood_foodlogsum SET quantity = 77")
    for day in ("2025-01-06", "2025-01-07"):
        loaded = run(
            None,
            "slice",
            "reload",
            "foodlogstats",
            day,
            "--tenant",
            "bolt",
            env={"TENANTRY_DSN": by_hand.owner_conninfo},
        )
        assert loaded.code == 0, loaded.err
    rows = by_hand.rows(both)
    undone = adopt(by_hand, "--undo", "--yes")
    assert undone.code == 0, undone.err
    assert "bolt.foodlogstats_2025_01_06" in undone.err
    assert {row[2] for row in rows} == {77}
    assert by_hand.rows(both) == rows
    # The old functions go on: they refresh such a day from its source, and show it.
    by_hand.change_source("bolt_conn", "UPDATE phood_foodlogsum SET quantity = 78")
    by_hand.run("SELECT _wh.refresh_mv('bolt', 'foodlogstats_2025_01_06')")
    by_hand.run("SELECT _wh.update_tenant_union_view_by_template('foodlogstats', 'bolt_conn', 'bolt')")
    assert by_hand.rows("SELECT count(*) FROM bolt.foodlogstats WHERE quantity = 78") == [(3,)]


@pytest.mark.any_server
def test_what_operators_added_to_the_old_schema_is_named_and_kept(by_hand: ByHand) -> None:
    by_hand.run("CREATE VIEW workspace.addresses AS SELECT tenant_name, host FROM _wh.tenant_connections")
    shown = adopt(by_hand, "--dry-run")
    for name in ("_wh.on_call", "_wh.mv_templates.owner_team", "workspace.addresses"):
        assert f"Left alone: {name}: " in shown.out
    assert adopt(by_hand, "--yes").code == 0
    assert by_hand.rows(
        "SELECT message FROM _wh.function_logs WHERE function_name = 'nightly' ORDER BY 1"
    ) == [
        ("(left out: it held a password)",),
        ("all is well",),
    ]

    refused = adopt(by_hand, "--finish", "--yes")
    assert refused.errors == ["these views still use what was set aside: workspace.addresses"]
    by_hand.run("DROP VIEW workspace.addresses")
    done = adopt(by_hand, "--finish", "--yes")
    assert done.code == 0, done.err
    assert "stays: _wh_manual.on_call" in done.err
    assert by_hand.rows("SELECT who FROM _wh_manual.on_call") == [("Ada",)]
    left = "SELECT relname FROM pg_class WHERE relnamespace = '_wh_manual'::regnamespace"
    assert by_hand.rows(left) == [("on_call",)]
    assert by_hand.rows("SELECT proname FROM pg_proc WHERE pronamespace = '_wh_manual'::regnamespace") == []
