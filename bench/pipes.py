"""Bare COPY pipes one after the other in one process: the minimum work of refreshing many tenants.

Usage: pipes.py FILE NUMBER. The file holds the query. The source and the warehouse are the connection strings SOURCE
and WAREHOUSE of the environment, and COLUMNS the columns of the table that the rows go into, which is dropped at the
end. Each pipe opens a session on the source; all share one on the warehouse.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psycopg

BATCH = 65536
"""Bytes collected before a write: a system call for each row would cost more than the row."""


def main() -> None:
    """Pipe as often as the command line says."""
    query = Path(sys.argv[1]).read_text(encoding="utf-8")
    with psycopg.connect(os.environ["WAREHOUSE"], autocommit=True) as warehouse:
        warehouse.execute(f"CREATE TEMPORARY TABLE stage ({os.environ['COLUMNS']})".encode())
        for _ in range(int(sys.argv[2])):
            with psycopg.connect(os.environ["SOURCE"], autocommit=True) as source:
                pipe(
                    source,
                    f"COPY ({query}) TO STDOUT (FORMAT binary)",
                    warehouse,
                    "COPY stage FROM STDIN (FORMAT binary)",
                )


def pipe(source: psycopg.Connection, read: str, warehouse: psycopg.Connection, write: str) -> None:
    """Copy from one session into another."""
    with source.cursor().copy(read.encode()) as rows, warehouse.cursor().copy(write.encode()) as into:
        batch: list[bytes | bytearray | memoryview] = []
        size = 0
        for row in rows:
            batch.append(row)
            size += len(row)
            if size >= BATCH:
                into.write(b"".join(batch))
                batch.clear()
                size = 0
        into.write(b"".join(batch))


if __name__ == "__main__":
    main()
