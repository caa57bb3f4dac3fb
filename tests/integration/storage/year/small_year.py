"""A closed year of daily materialized views with two cheap rows a day, made once and cloned for each test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, LiteralString

from tenantry.embedded import Server
from tests.support.databases import Maker, Source, Warehouse
from tests.support.samples.small_template import define, make_ticks

NEW_YEAR, NEW_YEARS_EVE = date(2023, 1, 1), date(2023, 12, 31)
ROWS = 730
FOLD = ("year", "fold", "ticks", 2023, "--tenant", "acme")
TOTALS: LiteralString = "SELECT count(*), count(DISTINCT id), sum(id)::bigint FROM public.ticks"


@dataclass(frozen=True)
class SmallYear:
    """Databases to clone: a warehouse with all slices of 2023, two rows each, and its source."""

    warehouse: str
    source: str


def pull_window(warehouse: Warehouse, first: date, last: date) -> None:
    """Load the days from first to last, both included, by SQL."""
    warehouse.run("SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', %s, %s)", (first, last))


def fill(warehouse: Warehouse, source: Source) -> None:
    """Load the year from a new source into a new warehouse."""
    make_ticks(source, NEW_YEAR, 365)
    warehouse.connect_to(source)
    warehouse.make_schema()
    define(warehouse)
    pull_window(warehouse, NEW_YEAR, NEW_YEARS_EVE)
    warehouse.run("SELECT _wh.update_public_view_by_template('ticks')")


def make_small_year(server: Server, maker: Maker) -> SmallYear:
    """Load the year into new databases."""
    source = Source(server, maker.clone("tests_source", "source_year"), "postgres")
    warehouse = Warehouse(server, maker.clone("tests_warehouse", "warehouse_year"), "whadmin")
    fill(warehouse, source)
    return SmallYear(warehouse.name, source.name)


def daily_views(warehouse: Warehouse) -> int:
    count: int = warehouse.value("SELECT count(*) FROM pg_matviews WHERE schemaname = 'acme'")
    return count


def year(warehouse: Warehouse) -> dict[str, Any]:
    found: dict[str, Any] = warehouse.value(
        "SELECT _wh.check_views_by_template_for_year('ticks', 'acme', 2023)"
    )
    return found


def assert_folded(warehouse: Warehouse) -> None:
    assert daily_views(warehouse) == 0
    assert warehouse.value("SELECT count(*) FROM _wh.feed_tables") == 0
    assert (year(warehouse)["status"], year(warehouse)["next"]) == ("converted", None)
    assert warehouse.reader.value("SELECT count(*) FROM acme.ticks_2023") == ROWS
    assert warehouse.reader.value("SELECT count(*) FROM public.ticks") == ROWS
