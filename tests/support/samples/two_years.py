"""A tenant with two closed years, one combined and one in daily slices, and the days of now: to clone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, LiteralString

from tenantry.embedded import Server
from tests.support.databases import Maker, Source, Warehouse
from tests.support.samples.small_template import define, make_ticks

COMBINED = date(2023, 1, 1)
DAILY = date(2024, 1, 1)

QUERY: LiteralString = (
    "SELECT id, at, value, value::int * 1.50 FROM ticks WHERE at >= '{START_TIME}' AND at < '{END_TIME}'"
)
COLUMNS: LiteralString = "id int, at timestamptz, value text, weight numeric"

DIGEST: LiteralString = "SELECT (at AT TIME ZONE 'UTC')::date, count(*), sum(weight), sum(hashtext(value)) FROM acme.ticks GROUP BY 1 ORDER BY 1"
"""Counts and sums of each day."""


@dataclass(frozen=True)
class TwoYears:
    """Databases to clone: a warehouse with acme's `ticks`, and its source."""

    source: str
    warehouse: str
    digest: list[tuple[Any, ...]]

    def clone(self, server: Server, maker: Maker) -> tuple[Warehouse, Source]:
        """A warehouse and a source of a test's own."""
        source = Source(server, maker.clone(self.source, "source"), "postgres")
        warehouse = Warehouse(server, maker.clone(self.warehouse, "warehouse"), "whadmin")
        warehouse.admin.run(f"GRANT CREATE, TEMPORARY ON DATABASE {warehouse.name} TO whadmin".encode())  # type: ignore[arg-type]
        warehouse.run("UPDATE _wh.tenant_connections SET dbname = %s", (source.name,))
        return warehouse, source


def recent(today: date) -> list[date]:
    """The days of now that are loaded: today, and two before it in its year."""
    return [day for n in (2, 1, 0) if (day := today - timedelta(days=n)).year == today.year]


def make_two_years(server: Server, maker: Maker, today: date, last: date = date(2024, 12, 31)) -> TwoYears:
    """Load 2023 and combine it; 2024 up to `last`, and some days of now, stay in daily slices."""
    source = Source(server, maker.clone("tests_source", "source_years"), "postgres")
    warehouse = Warehouse(server, maker.clone("tests_warehouse", "warehouse_years"), "whadmin")
    make_ticks(source, COMBINED, (today - COMBINED).days + 1)
    warehouse.connect_to(source)
    warehouse.make_schema()
    define(warehouse, columns=COLUMNS, query=QUERY)
    for first, end in ((COMBINED, last), (recent(today)[0], recent(today)[-1])):
        warehouse.run(
            "SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', %s, %s)", (first, end)
        )
        warehouse.run("VACUUM pg_catalog.pg_class, pg_catalog.pg_attribute, pg_catalog.pg_depend")
    warehouse.run("SELECT _wh.create_combined_table_from_template_by_year('ticks', 'acme', 2023)")
    warehouse.run("SELECT _wh.update_public_view_by_template('ticks')")
    return TwoYears(source.name, warehouse.name, warehouse.rows(DIGEST))


def leftovers(warehouse: Warehouse, prefix: str = "tenantry_move_") -> list[str]:
    """Relations of acme whose name begins so, in its schema or after its name in _wh_data."""
    rows = warehouse.rows(
        "SELECT relname FROM pg_class WHERE relnamespace IN ('acme'::regnamespace, '_wh_data'::regnamespace)"
        " AND relname ~ ('^(acme[.])?' || %s) ORDER BY 1",
        (prefix,),
    )
    return [row[0] for row in rows]
