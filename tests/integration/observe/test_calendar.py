"""The calendar of a feed: each day's worst state in one word, in both storages."""

from __future__ import annotations

from datetime import date, timedelta
from typing import LiteralString

import pytest

from tenantry import Warehouse as Opened
from tests.support.databases import Source, Warehouse
from tests.support.samples.small_template import define, make_ticks, spoil

DAYS = 8
OF_DAY: LiteralString = " WHERE schema_name = 'acme' AND slice_date = %s"


@pytest.mark.parametrize("storage", ["matview", "partition"])
def test_each_day_has_its_worst_state(acme: Warehouse, source: Source, storage: str, today: date) -> None:
    first = today - timedelta(days=DAYS)
    make_ticks(source, first, DAYS)
    define(acme)
    acme.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'ticks'", (storage,))
    acme.run("SELECT _wh_internal.open_feed('ticks', 'acme', 'acme')")
    opened = Opened(acme.conninfo)
    (feed,) = opened.feeds("ticks")
    opened.backfill([feed], first=first)
    day = [first + timedelta(days=number) for number in range(DAYS)]
    spoil(source, day[1])
    opened.reload([feed], [day[1]])
    acme.run("UPDATE _wh.slices SET loaded_at = slice_date, definition_hash = 'x'" + OF_DAY, (day[2],))
    acme.run("UPDATE _wh.slices SET definition_hash = 'x'" + OF_DAY, (day[3],))
    acme.run("UPDATE _wh.slices SET loaded_at = NULL, filenode = NULL" + OF_DAY, (day[4],))
    if storage == "matview":
        for number, statement in (
            (4, "DROP MATERIALIZED VIEW {} CASCADE"),
            (5, "REFRESH MATERIALIZED VIEW {} WITH NO DATA"),
        ):
            acme.run(statement.format(opened.slice_details(feed, day[number]).relation))
    expected = {1: "failed", 2: "stale", 3: "outdated", 4: "missing"}
    expected |= {5: "unpopulated"} if storage == "matview" else {}
    found = opened.calendar(feed)
    assert [(one.day, one.state) for one in found if one.day < today] == [
        (day[number], expected.get(number, "loaded")) for number in range(DAYS)
    ]
    assert {one.day for one in found if one.rows is None} == {
        day[number] for number in expected if expected[number] in ("missing", "unpopulated")
    }
    assert all(one.rows == 2 for one in found if one.rows is not None and one.day < today)


@pytest.mark.any_server
def test_the_days_of_a_folded_year_are_folded(acme: Warehouse, source: Source) -> None:
    source.fill(date(2023, 1, 1), 365, per_day=1)
    acme.index_less()
    acme.run("SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'acme')")
    opened = Opened(acme.conninfo)
    (feed,) = opened.feeds()
    opened.backfill([feed], first=date(2023, 1, 1), last=date(2023, 12, 31))
    opened.fold_year(feed, 2023)
    found = {one.day: one.state for one in opened.calendar(feed)}
    assert {found[date(2023, 1, 1) + timedelta(days=n)] for n in range(365)} == {"folded"}
    assert found[date(2024, 1, 1)] == "missing"
