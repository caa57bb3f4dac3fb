"""Records of loads never stand for rows: a day is there if its rows are, whatever was done to what holds them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, LiteralString

import pytest

from tenantry.core.days import today_utc
from tests.support.databases import Source, Warehouse
from tests.support.loading import Pull, by_loader, by_sql
from tests.support.program import run, succeed
from tests.support.samples.small_template import define, make_ticks

pytestmark = pytest.mark.any_server

FIRST = date(2024, 3, 1)
LAST = date(2024, 3, 6)
WHOLE_LEAP_YEAR = 366

HERE: LiteralString = "SELECT id, at, value::text FROM acme.ticks ORDER BY id"
THERE: LiteralString = "SELECT id, at, value FROM ticks ORDER BY id"

storages = pytest.mark.parametrize("storage", ["matview", "partition", "shared"])
both_ways = pytest.mark.parametrize("pull", [by_loader, by_sql])


def feed(acme: Warehouse, source: Source, storage: str, first: date = FIRST, days: int = 6) -> Warehouse:
    """`ticks` of acme in some storage, with nothing loaded."""
    make_ticks(source, first, days)
    define(acme)
    acme.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'ticks'", (storage,))
    return acme


def missing(warehouse: Warehouse) -> list[str]:
    """The days that are missing, as the program lists them."""
    listed = succeed(
        warehouse, "slice", "list", "ticks", "--tenant", "acme", "--from", FIRST, "--to", LAST, "--json"
    )
    return [item["day"] for item in listed.json["slices"] if item["is_missing"]]


def status(warehouse: Warehouse) -> dict[str, Any]:
    (found,) = succeed(warehouse, "status", "--json").json["feeds"]
    return dict(found)


def whole(warehouse: Warehouse, source: Source) -> bool:
    """Whether every row is the source's."""
    return warehouse.rows(HERE) == source.rows(THERE)


def backfill(warehouse: Warehouse, *arguments: object) -> dict[str, Any]:
    (done,) = succeed(
        warehouse,
        "backfill",
        "ticks",
        "--tenant",
        "acme",
        "--from",
        FIRST,
        "--to",
        LAST,
        *arguments,
        "--json",
    ).json["load"]["feeds"]
    return dict(done)


def window(warehouse: Warehouse, days: int) -> dict[str, Any]:
    """The last ended days, those that differ from the source."""
    (done,) = succeed(warehouse, "refresh", "ticks", "--tenant", "acme", "--days", days, "--json").json[
        "load"
    ]["feeds"]
    return dict(done)


@both_ways
def test_a_table_that_was_dropped_and_made_again_by_a_refresh_has_lost_its_other_days(
    acme: Warehouse, source: Source, pull: Pull
) -> None:
    """As the how-to says to start a year over, with the hourly job in between."""
    feed(acme, source, "partition")
    pull(acme, FIRST, LAST, template="ticks")
    assert missing(acme) == []
    acme.run('DROP TABLE _wh_data."acme.ticks_2024" CASCADE')
    pull(acme, LAST, LAST, template="ticks")
    assert missing(acme) == [str(FIRST + timedelta(days=n)) for n in range(5)]
    assert status(acme)["rows"] == 2
    assert backfill(acme)["loaded"] == 5
    assert whole(acme, source)
    assert (status(acme)["rows"], missing(acme)) == (12, [])


def test_a_refresh_of_days_in_a_table_that_was_made_again_pulls_them(acme: Warehouse, source: Source) -> None:
    """Whatever the digests say: what they speak of is gone."""
    today = today_utc()
    first = today - timedelta(days=8)
    feed(acme, source, "partition", first, 9)
    by_loader(acme, first, today, template="ticks")
    window(acme, 8)
    assert window(acme, 8)["unchanged"] == 8
    for (table,) in acme.rows(
        "SELECT i.inhrelid::regclass::text FROM pg_inherits i WHERE i.inhparent = '_wh_data.\"acme.ticks\"'::regclass"
    ):
        acme.run(f"DROP TABLE {table} CASCADE")
    by_sql(acme, today, today, template="ticks")
    outcome = window(acme, 8)
    assert (outcome["unchanged"], outcome["loaded"]) == (0, 8)
    assert whole(acme, source)


@both_ways
def test_a_partition_that_was_emptied_by_hand_lacks_its_days(
    acme: Warehouse, source: Source, pull: Pull
) -> None:
    feed(acme, source, "partition")
    pull(acme, FIRST, LAST, template="ticks")
    acme.run('TRUNCATE _wh_data."acme.ticks_2024"')
    assert len(missing(acme)) == 6
    pull(acme, LAST, LAST, template="ticks")
    assert len(missing(acme)) == 5
    # The next load has noted what became of the records.
    assert acme.value("SELECT count(*) FROM _wh.slices WHERE loaded_at IS NOT NULL") == 1
    assert backfill(acme)["loaded"] == 5
    assert whole(acme, source)


def test_a_table_that_was_written_anew_keeps_its_days_and_loses_their_digests(
    acme: Warehouse, source: Source
) -> None:
    feed(acme, source, "partition")
    by_loader(acme, FIRST, LAST, template="ticks")
    acme.run("UPDATE _wh.slices SET digest = '1:2:5'")
    acme.run('VACUUM FULL _wh_data."acme.ticks_2024"')
    assert missing(acme) == []
    assert backfill(acme)["loaded"] == 0
    assert acme.rows(
        "SELECT DISTINCT filenode = pg_relation_filenode('_wh_data.\"acme.ticks_2024\"'), digest, row_count FROM _wh.slices"
    ) == [(True, None, 2)]


def test_rows_that_were_deleted_before_a_table_was_written_anew_are_missed(
    acme: Warehouse, source: Source
) -> None:
    feed(acme, source, "partition")
    by_loader(acme, FIRST, LAST, template="ticks")
    acme.run("DELETE FROM acme.ticks WHERE at < '2024-03-01 10:00+00'")
    acme.run('VACUUM FULL _wh_data."acme.ticks_2024"')
    assert missing(acme) == [str(FIRST)]
    assert backfill(acme)["loaded"] == 1
    assert whole(acme, source)


@storages
@pytest.mark.parametrize("pull", [by_loader])
def test_days_whose_records_were_deleted_are_told_and_loaded_without_a_row_too_many(
    acme: Warehouse, source: Source, pull: Pull, storage: str
) -> None:
    feed(acme, source, storage)
    pull(acme, FIRST, LAST, template="ticks")
    acme.run("DELETE FROM _wh.slices WHERE slice_date = %s", (FIRST,))
    assert missing(acme) == ([] if storage == "matview" else [str(FIRST)])
    backfill(acme)
    pull(acme, FIRST, FIRST, template="ticks")
    assert (missing(acme), status(acme)["rows"]) == ([], 12)
    assert whole(acme, source)


@pytest.mark.parametrize("pull", [by_sql])
def test_a_materialized_view_without_rows_is_a_day_that_is_missing(
    acme: Warehouse, source: Source, pull: Pull
) -> None:
    today = today_utc()
    first = today - timedelta(days=4)
    feed(acme, source, "matview", first, 5)
    pull(acme, first, today, template="ticks")
    day = first + timedelta(days=1)
    acme.run(f"REFRESH MATERIALIZED VIEW acme.ticks_{day:%Y_%m_%d} WITH NO DATA")
    assert (status(acme)["missing"], status(acme)["rows"]) == (1, 8)
    found = run(acme, "doctor", "--only", "slices", "--json").json["findings"]
    assert [item["reason"] for item in found] == [f"{day} is missing"]
    assert "1 day is missing" in succeed(acme, "recover", "--all").err
    assert whole(acme, source)
    assert (status(acme)["missing"], status(acme)["rows"]) == (0, 10)


def test_an_unpopulated_slice_is_pulled_by_a_refresh_whatever_its_digest_says(
    acme: Warehouse, source: Source
) -> None:
    today = today_utc()
    first = today - timedelta(days=3)
    feed(acme, source, "matview", first, 4)
    by_loader(acme, first, today, template="ticks")
    succeed(acme, "refresh", "ticks", "--tenant", "acme", "--days", "3")
    slice_name = f"acme.ticks_{first:%Y_%m_%d}"
    for emptied in ("REFRESH MATERIALIZED VIEW {} WITH NO DATA", "REFRESH MATERIALIZED VIEW {}"):
        acme.run(emptied.format(slice_name))
        done = window(acme, 3)
        assert (done["loaded"], done["unchanged"]) == (1, 2), emptied
    assert whole(acme, source)


def whole_year(acme: Warehouse, source: Source, storage: str) -> None:
    """2024, folded: in partitions, which a move to materialized views makes a yearly table."""
    feed(acme, source, "partition", date(2024, 1, 1), WHOLE_LEAP_YEAR)
    by_loader(acme, date(2024, 1, 1), date(2024, 12, 31), template="ticks")
    acme.run("SELECT _wh.create_combined_table_from_template_by_year('ticks', 'acme', 2024)")
    if storage == "matview":
        acme.run("CALL _wh.set_storage('ticks', 'matview', 'acme')")


YEAR: LiteralString = "SELECT _wh.check_views_by_template_for_year('ticks', 'acme', 2024)"


@storages
def test_a_folded_year_that_was_emptied_is_not_complete_and_is_loaded_into_its_table(
    acme: Warehouse, source: Source, storage: str
) -> None:
    whole_year(acme, source, storage)
    checked = acme.value(YEAR)
    assert (checked["status"], checked["found_days"], missing(acme)) == ("converted", 366, [])
    acme.run('TRUNCATE _wh_data."acme.ticks_2024"')
    checked = acme.value(YEAR)
    assert (checked["success"], checked["status"], checked["missing_count"]) == (False, "incomplete", 366)
    since = (datetime.now(UTC).date() - date(2025, 1, 1)).days
    assert (len(missing(acme)), status(acme)["missing"]) == (6, 366 + since)
    # One day comes back, as by a job: the others do not with it.
    by_sql(acme, LAST, LAST, template="ticks")
    assert acme.value(YEAR)["missing_count"] == 365
    done = backfill(acme)
    assert (done["loaded"], done["present"]) == (5, 1)
    assert acme.rows(HERE) == source.rows(
        "SELECT id, at, value FROM ticks WHERE at >= '2024-03-01+0' AND at < '2024-03-07+0' ORDER BY id"
    )
    assert acme.value(YEAR)["missing_count"] == 360


def test_a_folded_year_that_was_emptied_is_not_there_when_every_load_of_it_has_failed(
    acme: Warehouse, source: Source
) -> None:
    feed(acme, source, "matview")
    by_loader(acme, FIRST, LAST, template="ticks")
    acme.run(
        "SELECT _wh_internal.matview_fold(f, t, 2024, false) FROM _wh.feeds f JOIN _wh.mv_templates t USING (template_name)"
    )
    acme.run('TRUNCATE _wh_data."acme.ticks_2024"')
    assert len(missing(acme)) == 6
    source.run("UPDATE ticks SET value = 'broken'")
    assert run(acme, "backfill", "ticks", "--tenant", "acme", "--from", FIRST, "--to", LAST).code == 1
    assert acme.value("SELECT count(*) FROM _wh.slices WHERE status = 'failed' AND loaded_at IS NULL") == 6
    assert acme.value(YEAR)["found_days"] == 0


def made_by_hand(acme: Warehouse, source: Source) -> None:
    """2024 as a yearly table of six days of which no load is on record."""
    feed(acme, source, "matview")
    by_loader(acme, FIRST, LAST, template="ticks")
    acme.run('CREATE TABLE _wh_data."acme.ticks_2024" AS TABLE acme.ticks')
    acme.run('CREATE UNIQUE INDEX ON _wh_data."acme.ticks_2024" (id)')
    acme.run("DROP MATERIALIZED VIEW acme.ticks_2024_03_01 CASCADE")
    for day in range(2, 7):
        acme.run(f"DROP MATERIALIZED VIEW acme.ticks_2024_03_0{day}")
    acme.run("DELETE FROM _wh.slices")
    acme.run("SELECT _wh.update_tenant_union_view_by_template('ticks', 'acme', 'acme')")
    assert (acme.value(YEAR)["status"], missing(acme)) == ("converted", [])


def test_a_yearly_table_that_was_made_by_hand_is_trusted_and_a_day_of_it_can_be_loaded(
    acme: Warehouse, source: Source
) -> None:
    made_by_hand(acme, source)
    by_sql(acme, LAST, LAST, template="ticks")
    # The other days have no record, and rows: they are not to be pulled again.
    assert missing(acme) == []
    assert whole(acme, source)


def test_a_load_that_fails_leaves_the_other_days_of_a_year_that_was_made_by_hand_trusted(
    acme: Warehouse, source: Source
) -> None:
    made_by_hand(acme, source)
    source.run("UPDATE ticks SET value = 'broken'")
    assert run(acme, "refresh", "ticks", "--tenant", "acme", "--date", LAST).code == 1
    checked = acme.value(YEAR)
    assert (checked["found_days"], checked["failed_days"]) == (WHOLE_LEAP_YEAR, [str(LAST)])


def test_a_year_that_was_folded_from_slices_without_records_is_not_trusted_once_it_was_emptied(
    acme: Warehouse, source: Source
) -> None:
    feed(acme, source, "matview")
    by_loader(acme, FIRST, LAST, template="ticks")
    acme.run("DELETE FROM _wh.slices")
    acme.run(
        "SELECT _wh_internal.matview_fold(f, t, 2024, false) FROM _wh.feeds f JOIN _wh.mv_templates t USING (template_name)"
    )
    acme.run('TRUNCATE _wh_data."acme.ticks_2024"')
    # Whoever loads next notes what was found.
    acme.run("SELECT _wh.update_tenant_union_view_by_template('ticks', 'acme', 'acme')")
    assert len(missing(acme)) == 6
