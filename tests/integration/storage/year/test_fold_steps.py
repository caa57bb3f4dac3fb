"""A fold in steps, each in its own transaction: what reports see between them, and a fold that was stopped there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import psycopg
import pytest

from tests.integration.storage.year.small_year import (
    FOLD,
    NEW_YEAR,
    ROWS,
    TOTALS,
    assert_folded,
    daily_views,
    year,
)
from tests.support.databases import Source, Warehouse
from tests.support.program import run, succeed
from tests.support.samples.healthy import findings
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

DAY = date(2023, 5, 6)


def take_step(warehouse: Warehouse, *, continued: bool = True) -> dict[str, Any]:
    result: dict[str, Any] = warehouse.value(
        "SELECT _wh.fold_year_step('ticks', 'acme', 2023, %s)", (continued,)
    )
    return result


def take_steps(warehouse: Warehouse, most: int) -> None:
    """The first steps, as a program takes them that is killed then."""
    for number in range(most):
        assert take_step(warehouse, continued=number > 0)["next"]


def test_each_step_tells_the_next_one_and_reports_see_every_row_once_after_each(loaded: Warehouse) -> None:
    totals = loaded.reader.rows(TOTALS)
    said = take_step(loaded, continued=False)
    assert (said["processed_mvs"], said["total_records"], said["yearly_table"]) == (365, ROWS, "ticks_2023")
    views = [daily_views(loaded)]
    while said["next"]:
        assert loaded.reader.rows(TOTALS) == totals
        assert year(loaded)["status"] == "fold not finished"
        said = loaded.value(said["next"])
        views.append(daily_views(loaded))
    assert views == [365, 365, 315, 265, 215, 165, 115, 65, 15, 0]
    assert loaded.reader.rows(TOTALS) == totals
    assert_folded(loaded)
    assert take_step(loaded) == {"next": None}


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_a_fold_that_was_stopped_is_found_and_finished(loaded: Warehouse, steps: int) -> None:
    take_steps(loaded, steps)
    left = daily_views(loaded)
    (found,) = findings(loaded, "leftovers")
    assert f"folding 2023 was interrupted and left {left} daily views" in found.reason
    assert found.command == "tenantry year fold ticks 2023 --tenant acme"
    checked = run(loaded, "year", "check", "ticks", 2023, "--tenant", "acme")
    assert checked.code == 1
    assert "fold not finished" in checked.out

    told = succeed(loaded, *FOLD).err

    assert "365 slices, 730 rows in ticks_2023" in told
    assert findings(loaded, "leftovers") == []
    assert_folded(loaded)


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_the_call_of_the_manual_finishes_a_fold_that_was_stopped(loaded: Warehouse, steps: int) -> None:
    take_steps(loaded, steps)
    assert year(loaded)["next"].startswith("SELECT _wh.create_combined_table_from_template_by_year(")
    result = loaded.value(year(loaded)["next"])
    assert (result["processed_mvs"], result["total_records"]) == (365, ROWS)
    assert_folded(loaded)


@pytest.mark.parametrize("steps", [0, 1, 4])
def test_the_procedure_takes_the_steps_that_are_left(loaded: Warehouse, steps: int) -> None:
    take_steps(loaded, steps)
    before = loaded.value("SELECT pg_current_xact_id()::text::bigint")
    loaded.run("CALL _wh.fold_in_steps('ticks', 'acme', 2023)")
    assert_folded(loaded)
    assert loaded.value("SELECT pg_current_xact_id()::text::bigint") - before >= 10 - steps


def test_folding_all_finishes_what_was_stopped_and_passes_over_what_is_folded(loaded: Warehouse) -> None:
    take_steps(loaded, 2)
    words = ("year", "fold", "ticks", 2023, "--all", "--spacing", "0s")
    assert "730 rows in ticks_2023" in succeed(loaded, *words).err
    assert_folded(loaded)
    assert "already folded: acme" in succeed(loaded, *words).err


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_a_day_that_is_loaded_between_the_steps_goes_into_the_table_and_is_seen(
    loaded: Warehouse, source: Source, steps: int
) -> None:
    take_steps(loaded, steps)
    source.run("UPDATE ticks SET value = 77 WHERE id = 85260")
    loaded.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)", (DAY,))
    assert loaded.reader.rows("SELECT value FROM public.ticks WHERE id = 85260") == [(77,)]
    assert loaded.reader.value("SELECT count(*) FROM public.ticks") == ROWS
    succeed(loaded, *FOLD)
    assert loaded.reader.rows("SELECT value FROM public.ticks WHERE id = 85260") == [(77,)]
    assert_folded(loaded)


def test_rights_that_readers_have_on_the_daily_views_are_on_the_year(loaded: Warehouse) -> None:
    loaded.admin.run("DO $$ BEGIN CREATE ROLE year_reader; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    loaded.run("GRANT SELECT ON ALL TABLES IN SCHEMA acme TO year_reader")
    succeed(loaded, *FOLD)
    assert loaded.value("SELECT has_table_privilege('year_reader', 'acme.ticks_2023', 'SELECT')")
    loaded.admin.run("DROP OWNED BY year_reader; DROP ROLE year_reader")


def test_two_operators_finish_the_same_fold_and_none_gets_in_the_others_way(loaded: Warehouse) -> None:
    """Whoever begins when it is finished is told so."""
    take_steps(loaded, 1)
    with ThreadPoolExecutor() as pool:
        ended = [fold.result() for fold in [pool.submit(run, loaded, *FOLD) for _ in range(2)]]
    assert min(fold.code for fold in ended) == 0
    assert all(fold.code == 0 or "ticks_2023 already exists" in fold.err for fold in ended)
    assert_folded(loaded)


def test_a_fold_that_another_session_finishes_meanwhile_ends_without_an_error(loaded: Warehouse) -> None:
    take_steps(loaded, 2)
    succeed(loaded, *FOLD)
    assert take_step(loaded) == {"next": None}
    with pytest.raises(psycopg.errors.DuplicateTable, match="already exists"):
        take_step(loaded, continued=False)


WAYS: dict[str, Callable[[Warehouse], object]] = {
    "the program": lambda warehouse: succeed(warehouse, *FOLD),
    "one call in SQL": lambda warehouse: warehouse.run("CALL _wh.fold_in_steps('ticks', 'acme', 2023)"),
}


@pytest.mark.parametrize("way", WAYS)
def test_who_reads_a_daily_view_keeps_it_and_blocks_no_report_and_the_fold_ends_after_it(
    loaded: Warehouse, way: str
) -> None:
    take_steps(loaded, 2)
    with loaded.reader.connect() as reader, ThreadPoolExecutor() as pool:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM acme.ticks_2023_01_01")
        fold = pool.submit(WAYS[way], loaded)
        wait_until(
            lambda: (
                fold.done()
                or loaded.value(
                    "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"
                )
                > 0
            )
        )
        assert not fold.done()
        interrupted = findings(loaded, "leftovers")
        assert loaded.reader.value("SELECT count(*) FROM public.ticks") == ROWS
        assert reader.execute("SELECT count(*) FROM acme.ticks_2023_01_01").fetchall() == [(2,)]
        reader.execute("COMMIT")
        fold.result(timeout=120)
    assert interrupted == []
    assert_folded(loaded)


def test_a_report_sees_every_row_once_throughout_a_fold_in_steps(loaded: Warehouse) -> None:
    expected = loaded.reader.rows(TOTALS)
    seen: list[tuple[Any, ...]] = []
    stop = threading.Event()

    def report() -> None:
        with loaded.reader.connect() as session:
            while not stop.is_set():
                seen.extend(session.execute(TOTALS))

    reader = threading.Thread(target=report)
    reader.start()
    try:
        wait_until(lambda: len(seen) > 3)
        succeed(loaded, *FOLD)
        folded_at = len(seen)
        wait_until(lambda: len(seen) > folded_at + 3)
    finally:
        stop.set()
        reader.join()
    assert set(seen) == set(expected)


def test_a_year_that_cannot_be_folded_is_left_alone_by_the_first_step(loaded: Warehouse) -> None:
    loaded.run("DROP MATERIALIZED VIEW acme.ticks_2023_01_01 CASCADE")
    with pytest.raises(
        psycopg.errors.ObjectNotInPrerequisiteState, match=f"1 of 365 days are missing: {NEW_YEAR}"
    ):
        take_step(loaded, continued=False)
    assert daily_views(loaded) == 364
    assert loaded.value("SELECT to_regclass('_wh_data.\"acme.ticks_2023\"')") is None
