"""Counts and digests are of the rows that are stored, not of what is on record of them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tenantry.core.days import Span, today_utc
from tenantry.db.connect import session
from tenantry.flow.slice.feed import find_feed
from tenantry.loader import verify
from tests.support.databases import Source, Warehouse
from tests.support.loading import Pull, by_loader, by_sql
from tests.support.program import run, succeed
from tests.support.samples.small_template import define, make_ticks

pytestmark = pytest.mark.any_server

both_ways = pytest.mark.parametrize("pull", [by_loader, by_sql])


@pytest.fixture
def first(acme: Warehouse, source: Source) -> date:
    """The first of five days of `ticks`, up to today; nothing is loaded."""
    begin = today_utc() - timedelta(days=4)
    make_ticks(source, begin, 5)
    define(acme)
    return begin


def different(warehouse: Warehouse, first: date) -> list[tuple[date, int, int]]:
    with session(warehouse.conninfo) as opened:
        feed = find_feed(opened, "ticks", "acme")
    (found,) = verify.run(warehouse.conninfo, {feed: list(Span(first, first + timedelta(days=3)))}).feeds
    assert not found.failed
    return [(item.day, item.source_rows, item.warehouse_rows) for item in found.different]


def partitions(warehouse: Warehouse) -> None:
    warehouse.run("UPDATE _wh.mv_templates SET storage = 'partition' WHERE template_name = 'ticks'")


@both_ways
def test_rows_that_are_gone_here_differ_from_the_source(acme: Warehouse, first: date, pull: Pull) -> None:
    partitions(acme)
    pull(acme, first, today_utc(), template="ticks")
    assert different(acme, first) == []
    acme.run("DELETE FROM acme.ticks WHERE (at AT TIME ZONE 'UTC')::date = %s AND value = 1", (first,))
    acme.run("DELETE FROM acme.ticks WHERE (at AT TIME ZONE 'UTC')::date = %s", (first + timedelta(days=2),))
    assert different(acme, first) == [(first, 2, 1), (first + timedelta(days=2), 2, 0)]


def test_days_whose_records_are_wrong_or_gone_do_not_differ_if_their_rows_do_not(
    acme: Warehouse, first: date
) -> None:
    by_sql(acme, first, today_utc(), template="ticks")
    acme.run("UPDATE _wh.slices SET row_count = 7 WHERE slice_date = %s", (first,))
    acme.run("DELETE FROM _wh.slices WHERE slice_date = %s", (first + timedelta(days=1),))
    assert different(acme, first) == []
    acme.run(f"REFRESH MATERIALIZED VIEW acme.ticks_{first:%Y_%m_%d} WITH NO DATA")
    assert different(acme, first) == [(first, 2, 0)]


@pytest.mark.parametrize("by", ["program", "sql"])
def test_a_refresh_pulls_a_day_that_has_lost_rows_here_though_the_source_is_as_it_was(
    acme: Warehouse, source: Source, first: date, by: str
) -> None:
    partitions(acme)
    by_loader(acme, first, today_utc(), template="ticks")
    succeed(acme, "refresh", "ticks", "--tenant", "acme", "--days", "4")
    acme.run("DELETE FROM acme.ticks WHERE (at AT TIME ZONE 'UTC')::date = %s AND value = 1", (first,))
    if by == "program":
        (done,) = succeed(acme, "refresh", "ticks", "--tenant", "acme", "--days", "4", "--json").json["load"][
            "feeds"
        ]
        assert (done["loaded"], done["unchanged"]) == (1, 3)
    else:
        acme.run("CALL _wh.refresh_window('ticks', 'acme', 'acme', 4, only_changed => true)")
    assert acme.value("SELECT count(*) FROM acme.ticks") == 10
    assert different(acme, first) == []


def test_doctor_counts_every_row_when_it_is_asked_to(acme: Warehouse, first: date) -> None:
    partitions(acme)
    by_loader(acme, first, today_utc(), template="ticks")
    acme.run("DELETE FROM acme.ticks WHERE (at AT TIME ZONE 'UTC')::date = %s AND value = 1", (first,))
    assert run(acme, "doctor", "--only", "records", "--json").json["findings"] == []
    (found,) = run(acme, "doctor", "--only", "records", "--count-rows", "--json").json["findings"]
    assert (found["severity"], found["reason"]) == ("error", f"{first} has 1 row, and 2 were loaded")
    succeed(acme, *found["command"].split()[1:])
    assert run(acme, "doctor", "--only", "records", "--count-rows", "--json").json["findings"] == []


def test_doctor_notes_and_mends_that_a_table_was_written_anew(acme: Warehouse, first: date) -> None:
    partitions(acme)
    by_loader(acme, first, today_utc(), template="ticks")
    for (table,) in acme.rows(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = '_wh_data.\"acme.ticks\"'::regclass"
    ):
        acme.run(f"VACUUM FULL {table}")
    (found,) = run(acme, "doctor", "--only", "records", "--json").json["findings"]
    assert (found["severity"], found["safe"]) == ("note", True)
    assert run(acme, "doctor", "--only", "records", "--fix", "--json").json["findings"] == []
    assert succeed(acme, "status", "--json").json["feeds"][0]["rows"] == 10
