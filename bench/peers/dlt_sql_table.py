"""dlt: sql_table into Postgres, loaded as CSV files, which its documentation calls the fast way.

Usage: dlt_sql_table.py BACKEND, and the arguments in asked.py. A day is merged by delete-insert: by the key, and by the
day as merge key, so that rows that no longer exist are removed. The view public.bench_days of the source has that day
as an additional column.
"""

import sys
from typing import Any

import dlt
import sqlalchemy
from asked import FIRST, NEXT, SCHEMA, SOURCE, TABLE, WAREHOUSE, WHOLE
from dlt.sources.sql_database import sql_table

BACKEND = sys.argv[1]


def within(query: Any, table: Any) -> Any:
    """The rows of the span."""
    times = table.c.logged_time
    return query.where(
        times >= sqlalchemy.text(f"'{FIRST} 00:00:00+00'::timestamptz"),
        times < sqlalchemy.text(f"'{NEXT} 00:00:00+00'::timestamptz"),
    )


rows = sql_table(
    SOURCE.replace("postgresql://", "postgresql+psycopg2://"),
    table="bench_days",
    backend=BACKEND,
    chunk_size=100_000,
    reflection_level="full_with_precision",
    query_adapter_callback=within,
    backend_kwargs={"conn": SOURCE} if BACKEND == "connectorx" else None,
).with_name(TABLE)
if not WHOLE:
    rows.apply_hints(
        write_disposition={"disposition": "merge", "strategy": "delete-insert"},
        primary_key="id",
        merge_key="day",
    )
pipeline = dlt.pipeline(
    f"bench_{BACKEND}", destination=dlt.destinations.postgres(WAREHOUSE), dataset_name=SCHEMA, progress=None
)
pipeline.run(rows, table_name=TABLE, write_disposition="replace" if WHOLE else None, loader_file_format="csv")
