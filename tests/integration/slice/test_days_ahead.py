"""Rows that are dated after today: counted and told of, or loaded where the template asks for them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tenantry.db.connect import session
from tenantry.flow.template import file as template_file
from tenantry.flow.template import stored as templates
from tests.support.databases import Source, Warehouse
from tests.support.loading import Pull, by_loader, by_sql
from tests.support.program import address, run, succeed
from tests.support.samples.healthy import findings
from tests.support.samples.small_template import define, make_ticks

pytestmark = pytest.mark.any_server

STORAGES = pytest.mark.parametrize("storage", ["matview", "partition"])
BACKFILL = ("backfill", "ticks", "--tenant", "acme")


@pytest.fixture
def booking(acme: Warehouse, source: Source, today: date) -> Warehouse:
    """The template `ticks`, whose source has two rows on each day from two days ago to five days ahead."""
    make_ticks(source, today - timedelta(days=2), 8)
    define(acme)
    acme.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)", (today - timedelta(days=2),))
    return acme


def ahead(warehouse: Warehouse, days: int, storage: str = "matview") -> None:
    warehouse.run("UPDATE _wh.mv_templates SET ahead = %s WHERE template_name = 'ticks'", (days,))
    warehouse.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'ticks'", (storage,))


def rows(warehouse: Warehouse) -> int:
    count: int = warehouse.reader.value("SELECT count(*) FROM public.ticks")
    return count


def rows_ahead(number: int) -> list[dict[str, Any]]:
    return [{"tenant": "acme", "template": "ticks", "rows": number}]


def status(warehouse: Warehouse) -> Any:
    (feed,) = succeed(warehouse, "status", "--json").json["feeds"]
    return feed


def test_rows_that_are_left_out_are_counted_by_all_that_ask_the_source(
    booking: Warehouse, source: Source, tmp_path: Path
) -> None:
    told = succeed(booking, *BACKFILL)
    assert "acme.ticks: 10 rows are dated after the last day that is loaded, and were left out" in told.err
    assert succeed(booking, *BACKFILL, "--from", "today", "--json").json["rows_ahead"] == rows_ahead(10)
    secret = tmp_path / "password"
    secret.write_text(source.password)
    secret.chmod(0o600)
    added = succeed(booking, "tenant", "add", "acme", "--source", address(source), "--template", "ticks", "--password-file", secret, "--json")  # fmt: skip
    assert added.json["rows_ahead"] == rows_ahead(10)
    (found,) = findings(booking, "sources")
    assert "10 rows are dated after the last day that is loaded, and were left out" in found.reason


@STORAGES
@pytest.mark.parametrize("pull", [by_loader, by_sql])
def test_a_template_that_asks_for_them_gets_days_ahead(
    acme: Warehouse, source: Source, today: date, storage: str, pull: Pull
) -> None:
    make_ticks(source, today - timedelta(days=2), 8)
    define(acme)
    ahead(acme, 3, storage)
    pull(acme, today - timedelta(days=2), today + timedelta(days=3), template="ticks")
    assert rows(acme) == 12
    assert (status(acme)["state"], status(acme)["last_day"]) == ("ok", str(today + timedelta(days=3)))
    # Those are never missing; a backfill loads them all the same.
    if storage == "matview":
        acme.run(f"DROP MATERIALIZED VIEW acme.ticks_{today + timedelta(days=2):%Y_%m_%d} CASCADE")
    else:
        acme.run("DELETE FROM _wh.slices WHERE slice_date = %s", (today + timedelta(days=2),))
    assert status(acme)["state"] == "ok"
    done = succeed(acme, *BACKFILL, "--json").json
    assert (done["load"]["feeds"][0]["loaded"], done["rows_ahead"], rows(acme)) == (1, rows_ahead(4), 12)
    checked = acme.value("SELECT _wh.check_views_by_template_for_year('ticks', 'acme', %s)", (today.year,))
    assert checked["found_days"] <= checked["expected_days"]
    # What changes in days to come is seen by the refresh of a window.
    source.run("UPDATE ticks SET value = 7 WHERE at >= %s", (today + timedelta(days=3),))
    refreshed = succeed(acme, "refresh", "ticks", "--tenant", "acme", "--days", 2, "--json").json
    assert refreshed["load"]["complete"]
    assert acme.reader.value("SELECT count(*) FROM public.ticks WHERE value = 7") == 2
    source.run("UPDATE ticks SET value = 8 WHERE at >= %s", (today + timedelta(days=3),))
    acme.run("CALL _wh.refresh_window('ticks', 'acme', 'acme', 2, true)")
    assert acme.reader.value("SELECT count(*) FROM public.ticks WHERE value = 8") == 2


def test_later_days_than_the_template_asks_for_are_refused(booking: Warehouse, today: date) -> None:
    load = "SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)"
    tomorrow = today + timedelta(days=1)
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="has not begun"):
        booking.run(load, (tomorrow,))
    assert f"{tomorrow} has not begun" in run(booking, *BACKFILL, "--from", tomorrow, "--to", tomorrow).err
    ahead(booking, 1)
    booking.run(load, (tomorrow,))
    succeed(booking, *BACKFILL, "--from", tomorrow, "--to", tomorrow)
    later = tomorrow + timedelta(days=1)
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=f"{later} is after {tomorrow}"):
        booking.run(load, (later,))
    assert f"{later} is after {tomorrow}" in run(booking, *BACKFILL, "--from", later, "--to", later).err
    window = booking.value(
        "SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', %s, %s)", (today, later)
    )
    assert (window["processed_mvs"], window["skipped"]) == (2, 1)


def test_the_key_ahead_goes_through_files_and_back(booking: Warehouse, tmp_path: Path) -> None:
    ahead(booking, 30)
    with session(booking.conninfo) as opened:
        shown = template_file.as_file(templates.get(opened, "ticks"))
    assert "-- ahead: 30\n" in shown
    file = tmp_path / "ticks.sql"
    file.write_text(shown.replace("ahead: 30", "ahead: 7"))
    succeed(booking, "template", "load", file)
    assert booking.value("SELECT ahead FROM _wh.mv_templates WHERE template_name = 'ticks'") == 7
    file.write_text(shown.replace("ahead: 30", "ahead: 4000"))
    assert "ahead is a number of days from 0 to 3660" in run(booking, "template", "load", file).err
    assert "ahead is a number of days" in run(booking, "template", "lint", file).err


@STORAGES
def test_days_ahead_are_shown_compared_and_loaded_again_like_others(
    acme: Warehouse, source: Source, today: date, storage: str
) -> None:
    last = today + timedelta(days=365)
    make_ticks(source, today - timedelta(days=1), 367)
    define(acme)
    ahead(acme, 365, storage)
    by_sql(acme, today - timedelta(days=1), today + timedelta(days=1), template="ticks")
    by_loader(acme, last, last, template="ticks")
    assert rows(acme) == 8
    tenant = ("--tenant", "acme")
    assert succeed(acme, "slice", "show", "ticks", last, *tenant, "--json").json["slice"]["rows"] == 2
    (shown,) = succeed(acme, "slice", "list", "ticks", "--from", last, "--to", last, "--json").json["slices"]
    assert (shown["rows"], shown["is_missing"], shown["is_stale"]) == (2, False, False)
    source.run("UPDATE ticks SET value = 7 WHERE at >= %s", (last,))
    assert run(acme, "verify", "ticks", *tenant, "--from", last, "--to", last).code == 1
    assert not acme.value("SELECT _wh.verify_slice('ticks', 'acme', %s)", (last,))["agrees"]
    succeed(acme, "slice", "reload", "ticks", last, *tenant)
    succeed(acme, "verify", "ticks", *tenant, "--from", last, "--to", last)
    later = last + timedelta(days=1)
    assert f"{later} is after {last}" in run(acme, "verify", "ticks", *tenant, "--to", later).err
    # Nothing looks late, missing or foldable because of them.
    assert "is not over" in run(acme, "year", "fold", "ticks", last.year, *tenant).err
    assert not [
        f for f in findings(acme, "slices", "freshness", "rows", "years", "views") if "acme" in f.subject
    ]
