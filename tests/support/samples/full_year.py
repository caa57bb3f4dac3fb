"""A template of two rows a day that come out of nothing, and a year of its slices to clone."""

from __future__ import annotations

from typing import LiteralString

from tenantry.embedded import Server
from tests.support.databases import Maker, Source, Warehouse

QUERY: LiteralString = (
    "SELECT extract(epoch FROM d)::int, d FROM generate_series('{START_TIME}'::timestamptz,"
    " '{END_TIME}'::timestamptz - interval '1 second', interval '12 hours') d"
)

ROWS = 365 * 2
"""In the year 2023."""


def load_year(server: Server, maker: Maker) -> str:
    """A database to clone: tenant acme with all slices of 2023, and both views."""
    source = Source(server, maker.clone("tests_source", "source_pulses"), "postgres")
    warehouse = Warehouse(server, maker.clone("tests_warehouse", "warehouse_pulses"), "whadmin")
    warehouse.connect_to(source)
    warehouse.make_schema()
    warehouse.run(
        "INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions, indexes, time_column, storage)"
        " VALUES ('pulses', %s, 'id int, at timestamptz',"
        " 'CREATE UNIQUE INDEX {VIEW_NAME}_id ON {SCHEMA}.{VIEW_NAME} (id)', 'at', 'matview')",
        (QUERY,),
    )
    warehouse.run(
        "SELECT _wh.update_mv_window_by_template('pulses', 'acme', 'acme', '2023-01-01', '2023-12-31')"
    )
    warehouse.run("SELECT _wh.update_public_view_by_template('pulses')")
    return warehouse.name


def clone_year(server: Server, maker: Maker, loaded: str) -> Warehouse:
    """A copy of such a database, in which whadmin may create schemas."""
    warehouse = Warehouse(server, maker.clone(loaded, "warehouse"), "whadmin")
    # The rights on a database itself are not part of its contents.
    warehouse.admin.run(f"GRANT CREATE, TEMPORARY ON DATABASE {warehouse.name} TO whadmin".encode())  # type: ignore[arg-type]
    return warehouse
