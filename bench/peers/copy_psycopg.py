"""psycopg: one COPY into another, in binary; a day is deleted and copied again in one transaction."""

import psycopg
from asked import CREATE, DELETE, ROWS, SOURCE, TARGET, WAREHOUSE, WHOLE

with psycopg.connect(SOURCE) as source, psycopg.connect(WAREHOUSE) as warehouse:
    warehouse.execute(CREATE if WHOLE else DELETE)
    with (
        source.cursor().copy(f"COPY ({ROWS}) TO STDOUT (FORMAT binary)") as rows,
        warehouse.cursor().copy(f"COPY {TARGET} FROM STDIN (FORMAT binary)") as into,
    ):
        for row in rows:
            into.write(row)
