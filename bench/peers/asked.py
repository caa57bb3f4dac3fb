"""The task of the programs in this directory.

Their command line is: backfill|day FIRST NEXT (a half-open span of UTC days, as YYYY-MM-DD). SOURCE_URL and
WAREHOUSE_URL are the addresses, COLUMNS the columns of the table to create. The rows to load are those of the source's
view public.bench_rows; they go into the warehouse's table peer.foodlogstats.
"""

from __future__ import annotations

import os
import sys

VIEW = "bench_rows"
SCHEMA, TABLE = "peer", "foodlogstats"
TARGET = f"{SCHEMA}.{TABLE}"
SOURCE = os.environ["SOURCE_URL"]
WAREHOUSE = os.environ["WAREHOUSE_URL"]
WAY, FIRST, NEXT = sys.argv[-3:]
WHOLE = WAY == "backfill"
"""Whether a new table is to be filled; otherwise one day of it is to be loaded again."""
SPAN = f"logged_time >= '{FIRST} 00:00:00+00' AND logged_time < '{NEXT} 00:00:00+00'"
ROWS = f"SELECT * FROM {VIEW} WHERE {SPAN}"
CREATE = f"CREATE TABLE {TARGET} ({os.environ['COLUMNS']})"
DELETE = f"DELETE FROM {TARGET} WHERE {SPAN}"
