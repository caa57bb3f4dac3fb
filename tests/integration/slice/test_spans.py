"""One word on where a feed's days begin, on how each stands, and on when all is well."""

from __future__ import annotations

import shlex
import signal
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tenantry.core import state
from tests.support.databases import Source, Warehouse
from tests.support.loading import Pull, by_loader, by_sql
from tests.support.program import address, run, running, succeed
from tests.support.samples.healthy import findings
from tests.support.samples.small_template import COLUMNS, QUERY, define, make_ticks, mend, spoil
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

STORAGES = pytest.mark.parametrize("storage", ["matview", "partition"])
WAYS = pytest.mark.parametrize("pull", [by_loader, by_sql])


@pytest.fixture
def ticking(acme: Warehouse, source: Source, today: date) -> Warehouse:
    """The template `ticks`, whose source has rows on the last six days; nothing is loaded."""
    make_ticks(source, today - timedelta(days=5), 6)
    define(acme)
    return acme


@pytest.fixture
def secret(tmp_path: Path, source: Source) -> Path:
    """A file with the source's password."""
    file = tmp_path / "password"
    file.write_text(source.password)
    file.chmod(0o600)
    return file


def keep_in(warehouse: Warehouse, storage: str) -> None:
    warehouse.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'ticks'", (storage,))


def drop_day(warehouse: Warehouse, storage: str, day: date) -> None:
    """As operators lose a day."""
    if storage == "matview":
        warehouse.run(f"DROP MATERIALIZED VIEW acme.ticks_{day:%Y_%m_%d} CASCADE")
    else:
        warehouse.run("DELETE FROM _wh.slices WHERE template_name = 'ticks' AND slice_date = %s", (day,))


def status(warehouse: Warehouse) -> Any:
    (feed,) = succeed(warehouse, "status", "--json").json["feeds"]
    return feed


def year(warehouse: Warehouse, number: int) -> Any:
    return warehouse.value("SELECT _wh.check_views_by_template_for_year('ticks', 'acme', %s)", (number,))


@STORAGES
@WAYS
def test_a_day_that_was_lost_before_the_sources_first_comes_back(
    ticking: Warehouse, today: date, storage: str, pull: Pull
) -> None:
    keep_in(ticking, storage)
    first, lost = today - timedelta(days=9), today - timedelta(days=8)
    pull(ticking, first, today, template="ticks")
    assert status(ticking)["state"] == "ok"
    drop_day(ticking, storage, lost)
    assert (status(ticking)["missing"], status(ticking)["state"]) == (1, "1 missing")
    listed = succeed(ticking, "slice", "list", "ticks", "--missing", "--json").json["slices"]
    assert [item["day"] for item in listed] == [str(lost)]
    (found,) = findings(ticking, "slices")
    assert str(lost) in found.reason
    (done,) = succeed(ticking, "backfill", "ticks", "--tenant", "acme", "--json").json["load"]["feeds"]
    assert (done["loaded"], done["present"]) == (1, 9)
    assert status(ticking)["state"] == "ok"
    assert ticking.reader.value("SELECT count(*) FROM public.ticks") == 12


@STORAGES
def test_all_days_that_are_missing_are_counted_also_before_and_after_those_that_are_there(
    ticking: Warehouse, today: date, storage: str
) -> None:
    keep_in(ticking, storage)
    by_sql(ticking, today - timedelta(days=9), today - timedelta(days=2), template="ticks")
    for number in (9, 8, 2):
        drop_day(ticking, storage, today - timedelta(days=number))
    # Yesterday was never loaded; today is never missing.
    assert (status(ticking)["missing"], status(ticking)["state"]) == (4, "4 missing")
    assert year(ticking, (today - timedelta(days=1)).year)["success"] is False
    succeed(ticking, "backfill", "ticks", "--tenant", "acme")
    assert status(ticking)["state"] == "ok"


@STORAGES
def test_a_load_of_earlier_days_by_sql_moves_the_spans_beginning(
    ticking: Warehouse, today: date, storage: str
) -> None:
    keep_in(ticking, storage)
    by_sql(ticking, today, today, template="ticks")
    assert status(ticking)["first_day"] == str(today)
    ticking.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)", (today - timedelta(days=7),))
    assert (status(ticking)["first_day"], status(ticking)["missing"]) == (str(today - timedelta(days=7)), 6)


@STORAGES
def test_a_tenant_add_that_was_killed_is_completed_by_what_doctor_advises(
    warehouse: Warehouse, source: Source, today: date, storage: str, secret: Path
) -> None:
    first = today - timedelta(days=40)
    make_ticks(source, first, 41)
    define(warehouse)
    keep_in(warehouse, storage)
    spoil(source, first, "slow")
    command = ("tenant", "add", "acme", "--source", address(source), "--template", "ticks", "--password-file", secret)  # fmt: skip
    with running(warehouse, *command) as process:
        wait_until(lambda: warehouse.value("SELECT count(*) FROM _wh.feeds WHERE first_day IS NOT NULL") == 1)
        process.send_signal(signal.SIGKILL)
    mend(source)
    # What it had begun goes on until the server notices, and may load one more day.
    wait_until(
        lambda: (
            warehouse.value(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name LIKE 'tenantry%'"
            )
            == 0
        )
    )
    begins = date(first.year, 1, 1)
    days = (today - begins).days
    there = warehouse.value("SELECT count(*) FROM _wh.slices WHERE loaded_at IS NOT NULL AND slice_date < %s", (today,))  # fmt: skip
    assert (status(warehouse)["first_day"], status(warehouse)["missing"]) == (str(begins), days - there)
    for found in findings(warehouse, "slices"):
        assert found.command is not None
        assert run(warehouse, *shlex.split(found.command)[1:]).code == 0
    assert (status(warehouse)["state"], status(warehouse)["missing"]) == ("ok", 0)
    succeed(warehouse, "backfill", "ticks", "--tenant", "acme")
    assert status(warehouse)["rows"] == 82
    for number in {begins.year, today.year}:
        assert year(warehouse, number)["success"] is True


def test_a_first_day_that_was_chosen_is_kept_and_what_is_left_out_is_told(
    warehouse: Warehouse, source: Source, today: date, secret: Path
) -> None:
    make_ticks(source, today - timedelta(days=5), 6)
    define(warehouse)
    chosen = today - timedelta(days=2)
    succeed(warehouse, "tenant", "add", "acme", "--source", address(source), "--template", "ticks", "--from", chosen, "--password-file", secret)  # fmt: skip
    told = succeed(warehouse, "backfill", "ticks", "--tenant", "acme")
    assert (
        f"the source has earlier rows, of {today - timedelta(days=5)} to {today - timedelta(days=3)}"
        in told.err
    )
    assert (status(warehouse)["first_day"], status(warehouse)["rows"]) == (str(chosen), 6)
    succeed(warehouse, "backfill", "ticks", "--tenant", "acme", "--from", today - timedelta(days=5))
    assert status(warehouse)["rows"] == 12


def test_of_a_source_without_rows_nothing_is_left_out(
    ticking: Warehouse, source: Source, today: date
) -> None:
    by_sql(ticking, today - timedelta(days=1), today, template="ticks")
    ticking.run("UPDATE _wh.feeds SET first_day_chosen = true")
    source.run("DELETE FROM ticks")
    told = succeed(ticking, "backfill", "ticks", "--tenant", "acme")
    assert "earlier rows" not in told.err
    assert status(ticking)["rows"] == 4


def test_a_template_that_cannot_be_asked_where_its_source_begins_lacks_what_is_missing_of_its_span(
    ticking: Warehouse, today: date
) -> None:
    define(ticking, time_column=None)
    by_sql(ticking, today - timedelta(days=3), today, template="ticks")
    drop_day(ticking, "matview", today - timedelta(days=2))
    (done,) = succeed(ticking, "backfill", "ticks", "--tenant", "acme", "--json").json["load"]["feeds"]
    assert (done["loaded"], done["present"]) == (1, 3)
    assert status(ticking)["state"] == "ok"


def test_a_feed_that_was_never_loaded_says_so_everywhere(ticking: Warehouse, today: date) -> None:
    ticking.run("SELECT _wh_internal.open_feed('ticks', 'acme', 'acme')")
    assert (status(ticking)["first_day"], status(ticking)["state"]) == (None, state.NEVER_LOADED)
    assert state.NEVER_LOADED in succeed(ticking, "status").out
    assert state.NEVER_LOADED in succeed(ticking, "tenant", "list").out
    (done,) = succeed(ticking, "backfill", "ticks", "--tenant", "acme", "--json").json["load"]["feeds"]
    # As tenant add does: from the beginning of the year, so that it can be folded.
    assert done["loaded"] == (today - date((today - timedelta(days=5)).year, 1, 1)).days + 1
    assert status(ticking)["state"] == "ok"


@STORAGES
def test_days_of_a_template_that_was_changed_are_counted_as_outdated_everywhere(
    ticking: Warehouse, today: date, storage: str
) -> None:
    keep_in(ticking, storage)
    by_loader(ticking, today - timedelta(days=5), today, template="ticks")
    define(ticking, query=QUERY.replace("value::int END", "value::int + 1 END"), columns=COLUMNS)
    assert (status(ticking)["outdated"], status(ticking)["state"]) == (6, "6 outdated")
    (template,) = [
        t
        for t in succeed(ticking, "template", "list", "--json").json["templates"]
        if t["template"] == "ticks"
    ]
    assert template["outdated_days"] == 6
    (tenant,) = succeed(ticking, "tenant", "list", "--json").json["tenants"]
    assert tenant["states"] == {"ticks": "6 outdated"}


@STORAGES
def test_a_backfill_does_not_empty_days_that_the_source_no_longer_has(
    ticking: Warehouse, source: Source, today: date, storage: str
) -> None:
    keep_in(ticking, storage)
    first = today - timedelta(days=5)
    by_loader(ticking, first, today, template="ticks")
    spoil(source, first)
    assert run(ticking, "refresh", "ticks", "--tenant", "acme", "--date", first).code == 1
    source.run("DELETE FROM ticks WHERE (at AT TIME ZONE 'UTC')::date = %s", (first,))
    done = run(ticking, "backfill", "ticks", "--tenant", "acme")
    assert done.code == 1
    assert f"no longer keeps rows of {first}" in done.err
    assert status(ticking)["rows"] == 12
    succeed(ticking, "backfill", "ticks", "--tenant", "acme", "--from", first, "--to", first)
    assert (status(ticking)["rows"], status(ticking)["state"]) == (10, "ok")


def test_a_year_with_a_failed_day_is_not_complete_and_is_not_folded(
    ticking: Warehouse, source: Source
) -> None:
    source.run("UPDATE ticks SET at = at - interval '3 years'")
    day = source.value("SELECT min(at AT TIME ZONE 'UTC')::date FROM ticks")
    by_sql(ticking, date(day.year, 1, 1), date(day.year, 12, 31), template="ticks")
    spoil(source, day)
    assert run(ticking, "refresh", "ticks", "--tenant", "acme", "--date", day).code == 1
    checked = year(ticking, day.year)
    assert (checked["success"], checked["status"], checked["failed_days"]) == (False, "days to load again", [str(day)])  # fmt: skip
    assert run(ticking, "year", "fold", "ticks", day.year, "--tenant", "acme").code != 0
    mend(source)
    ticking.run(checked["next"])
    assert year(ticking, day.year)["status"] == "complete"


def test_a_span_that_begins_later_lets_old_days_go(ticking: Warehouse, today: date) -> None:
    """The manual's clean-up drops old slices by hand; this tells that they are not wanted any longer."""
    by_loader(ticking, today - timedelta(days=5), today, template="ticks")
    for number in (5, 4):
        drop_day(ticking, "matview", today - timedelta(days=number))
    assert status(ticking)["state"] == "2 missing"
    ticking.run("UPDATE _wh.feeds SET first_day = %s, first_day_chosen = true", (today - timedelta(days=3),))
    assert status(ticking)["state"] == "ok"
    assert findings(ticking, "slices") == []
    (done,) = succeed(ticking, "backfill", "ticks", "--tenant", "acme", "--json").json["load"]["feeds"]
    assert done["loaded"] == 0


def test_an_upgrade_lets_spans_begin_with_what_is_there(ticking: Warehouse, today: date) -> None:
    by_sql(ticking, today - timedelta(days=5), today, template="ticks")
    ticking.run("ALTER TABLE _wh.feeds DROP COLUMN first_day, DROP COLUMN first_day_chosen")
    ticking.run("ALTER TABLE _wh.mv_templates DROP COLUMN ahead")
    ticking.run("DELETE FROM _wh.migrations WHERE name = 'span'")
    succeed(ticking.admin, "upgrade")
    assert ticking.rows("SELECT first_day, first_day_chosen FROM _wh.feeds") == [
        (today - timedelta(days=5), False)
    ]
    assert status(ticking)["state"] == "ok"
