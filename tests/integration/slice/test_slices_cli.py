"""Slices and years one by one: `tenantry slice`, `tenantry year list` and `fold`."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tenantry.db.connect import session
from tenantry.flow.slice.feed import find_feed
from tenantry.loader import run as backfill
from tenantry.loader import verify
from tenantry.loader.events import Silent
from tests.support.databases import Source, Warehouse
from tests.support.program import run, succeed
from tests.support.samples.small_template import define, make_ticks, mend, spoil

pytestmark = pytest.mark.any_server


@pytest.fixture
def first(today: date) -> date:
    """The first of eleven days up to today."""
    return today - timedelta(days=10)


@pytest.fixture
def ticking(acme: Warehouse, source: Source, first: date) -> Warehouse:
    """Of eleven days up to today the fourth is missing, the sixth failed with rows, the ninth is stale."""
    make_ticks(source, first, 11)
    define(acme)
    for begin, end in ((0, 2), (4, 10)):
        acme.run(
            "SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', %s, %s)",
            (first + timedelta(days=begin), first + timedelta(days=end)),
        )
    spoil(source, first + timedelta(days=5))
    assert run(acme, "refresh", "ticks", "--all", "--date", first + timedelta(days=5)).code == 1
    mend(source)
    acme.run(
        "UPDATE _wh.slices SET loaded_at = slice_date WHERE slice_date = %s", (first + timedelta(days=8),)
    )
    return acme


def listed(warehouse: Warehouse, *options: object) -> list[Any]:
    found: list[Any] = succeed(warehouse, "slice", "list", "ticks", "--json", *options).json["slices"]
    return found


def test_slices_are_listed_with_what_is_wrong_with_them(ticking: Warehouse, first: date) -> None:
    everything = listed(ticking)
    assert [item["day"] for item in everything] == [str(first + timedelta(days=n)) for n in range(11)]
    wrong = {n: (i["is_missing"], i["is_failed"], i["is_stale"]) for n, i in enumerate(everything)}
    assert {n: flags for n, flags in wrong.items() if any(flags)} == {
        3: (True, False, False),
        5: (False, True, False),
        8: (False, False, True),
    }
    assert (everything[5]["rows"], everything[3]["rows"]) == (2, None)
    assert "broken" in everything[5]["error"]

    assert [item["day"] for item in listed(ticking, "--missing", "--stale")] == [
        str(first + timedelta(days=n)) for n in (3, 8)
    ]
    span = ("--tenant", "acme", "--from", first - timedelta(days=2), "--to", first)
    assert [item["is_missing"] for item in listed(ticking, *span)] == [True, True, False]
    told = run(ticking, "slice", "list", "ticks", "--failed", "--fail")
    assert (told.code, told.err) == (1, "")
    assert "broken" in told.out

    # What is listed is what a backfill loads.
    succeed(ticking, "backfill", "ticks", "--all", "--from", first)
    succeed(ticking, "slice", "list", "ticks", "--missing", "--failed", "--stale", "--fail")


@pytest.mark.parametrize("storage", ["matview", "partition"])
def test_a_slice_is_shown_and_reloaded(acme: Warehouse, source: Source, storage: str, first: date) -> None:
    make_ticks(source, first, 3)
    define(acme)
    acme.run("UPDATE _wh.mv_templates SET storage = %s", (storage,))
    acme.run(
        "SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', %s, %s)",
        (first, first + timedelta(days=2)),
    )
    acme.run("SELECT _wh.update_public_view_by_template('ticks')")
    shown = succeed(acme, "slice", "show", "ticks", first, "--tenant", "acme", "--json").json
    assert (shown["slice"]["rows"], shown["slice"]["is_missing"]) == (2, False)
    shown = shown["details"]
    assert shown["current"] is True
    if storage == "matview":
        assert (shown["relation"], shown["alone"]) == (f"acme.ticks_{first:%Y_%m_%d}", True)
        assert shown["size_bytes"] > 0
    else:
        assert (shown["relation"], shown["alone"], shown["size_bytes"]) == (
            f'_wh_data."acme.ticks_{first:%Y}"',
            False,
            None,
        )
    assert "rows     2" in succeed(acme, "slice", "show", "ticks", first, "--tenant", "acme").out

    source.run("UPDATE ticks SET value = 7")
    source.run("DELETE FROM ticks WHERE id %% 2 = 1 AND (at AT TIME ZONE 'UTC')::date = %s", (first,))
    again = succeed(acme, "slice", "reload", "ticks", first, "--tenant", "acme", "--json").json
    assert (again["load"]["feeds"][0]["loaded"], again["different_days"]) == (1, [])
    assert acme.reader.rows("SELECT value, count(*) FROM public.ticks GROUP BY 1 ORDER BY 1") == [
        (0, 2),
        (1, 2),
        (7, 1),
    ]
    span = ("--from", first, "--to", first + timedelta(days=2))
    told = succeed(acme, "slice", "reload", "ticks", "--all", *span)
    assert "acme.ticks: 3 days verified: every row matches the source" in told.out
    assert acme.reader.rows("SELECT value, count(*) FROM public.ticks GROUP BY 1") == [(7, 5)]


def test_days_are_compared_one_by_one_where_a_template_takes_no_others(
    acme: Warehouse, source: Source, first: date
) -> None:
    make_ticks(source, first - timedelta(days=40), 50)
    define(
        acme,
        query="SELECT id, at, value::int FROM ticks WHERE (at AT TIME ZONE 'UTC')::date = '{TARGET_DATE}' -- days",
    )
    span = ("--from", first - timedelta(days=40), "--to", first)
    acme.run("SELECT _wh_internal.open_feed('ticks', 'acme', 'acme')")
    told = succeed(acme, "slice", "reload", "ticks", "--tenant", "acme", *span)
    assert "acme.ticks: 41 days verified: every row matches the source" in told.out

    unknown = run(acme, "tenant", "reload", "acme", "--yes")
    assert unknown.errors == ["acme.ticks: its template cannot tell where the source begins"]

    # Pulling the day again mends what has changed since.
    source.run("DELETE FROM ticks WHERE (at AT TIME ZONE 'UTC')::date = %s AND value = '1'", (first,))
    with session(acme.conninfo) as opened:
        feed = find_feed(opened, "ticks", "acme")
        days = [first - timedelta(days=n) for n in range(40)]
    (found,) = verify.run(acme.conninfo, {feed: days}).feeds
    assert [(day.day, day.source_rows, day.warehouse_rows) for day in found.different] == [(first, 1, 2)]
    (found,) = verify.settle(acme.conninfo, {feed: days}, backfill.Limits(), Silent())
    assert (found.different, found.days) == ([], 40)


def test_years_are_listed_and_folded_apart(acme: Warehouse, source: Source) -> None:
    make_ticks(source, date(2023, 1, 1), 365)
    define(acme)
    acme.run("UPDATE _wh.mv_templates SET storage = 'partition'")
    acme.connect_to(source, "bistro")
    acme.make_schema("bistro")
    for name in ("acme", "bistro"):
        acme.run("SELECT _wh_internal.open_feed('ticks', %s, %s)", (name, name))
    succeed(acme, "backfill", "ticks", "--all", "--from", "2023-01-01", "--to", "2023-12-31")
    acme.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', '2022-12-31')")
    years = succeed(acme, "year", "list", "--json").json["years"]
    assert [(y["tenant"], y["year"], y["days"], y["state"]) for y in years] == [
        ("acme", 2022, 1, "incomplete"),
        ("acme", 2023, 365, "ready to fold"),
        ("bistro", 2023, 365, "ready to fold"),
    ]
    assert run(acme, "year", "fold", "ticks", 2023, "--all", "--spacing", "soon").code == 2
    done = succeed(acme, "year", "fold", "ticks", 2023, "--all", "--spacing", "1s")
    assert "bistro (2 of 2) starts in" in done.err
    again = succeed(acme, "year", "fold", "ticks", 2023, "--all", "--json").json
    assert (again["folded"], again["folded_before"]) == ([], ["acme", "bistro"])
    told = succeed(acme, "year", "list", "ticks", "--tenant", "bistro").out
    assert "bistro  ticks     2023   365  365  folded" in told

    shown = succeed(acme, "slice", "show", "ticks", "2023-05-01", "--tenant", "acme", "--json").json
    assert (shown["details"]["relation"], shown["details"]["alone"]) == ('_wh_data."acme.ticks_2023"', False)
    assert shown["slice"]["rows"] == 2
    assert len(listed(acme, "--tenant", "bistro", "--to", "2023-12-31")) == 365
