"""DuckDB: both databases attached; a day is deleted and inserted again in one transaction.

The table is created with the template's types first: DuckDB has no numeric without a scale, and would turn it into
double.
"""

from pathlib import Path

import duckdb
import duckdb_extension_postgres_scanner
from asked import CREATE, DELETE, ROWS, SOURCE, TARGET, WAREHOUSE, WHOLE


def quoted(text: str) -> str:
    """Text as SQL has it."""
    return "'" + text.replace("'", "''") + "'"


[extension] = Path(duckdb_extension_postgres_scanner.__file__).parent.glob("extensions/*/*.duckdb_extension")
duck = duckdb.connect()
duck.execute(f"LOAD {quoted(str(extension))}")
duck.execute("SET TimeZone = 'UTC'")
duck.execute(f"ATTACH {quoted(SOURCE)} AS source (TYPE postgres, READ_ONLY)")
duck.execute(f"ATTACH {quoted(WAREHOUSE)} AS warehouse (TYPE postgres)")
duck.execute("BEGIN")
duck.execute(f"CALL postgres_execute('warehouse', {quoted(CREATE if WHOLE else DELETE)})")
duck.execute("CALL pg_clear_cache()")
duck.execute(f"INSERT INTO warehouse.{TARGET} SELECT * FROM postgres_query('source', {quoted(ROWS)})")
duck.execute("COMMIT")
