"""Reading what a COPY sends, from libpq directly: psycopg's loop costs the client twice as much per row."""

from __future__ import annotations

from collections.abc import Iterator
from selectors import EVENT_READ, DefaultSelector

import psycopg
from psycopg.pq import ExecStatus

from tenantry.flow.source.deadline import Budget, TooMuch

BATCH = 65536
"""Bytes of a batch: libpq returns single rows, and a system call for each would cost more than the row."""

Message = bytes | bytearray | memoryview
"""What one message of a COPY holds: a row, the first one after the header, and a trailer."""


def batches(session: psycopg.Connection, budget: Budget | None = None) -> Iterator[list[Message]]:
    """Yield the messages of a COPY that has begun, some at a time, to its end.

    Raises TooMuch if they exceed the budget.
    """
    take, more = session.pgconn.get_copy_data, session.pgconn.consume_input
    batch: list[Message] = []
    size = total = 0
    with DefaultSelector() as selector:
        selector.register(session.fileno(), EVENT_READ)
        while True:
            length, message = take(1)
            if length > 0:
                batch.append(message)
                size += length
            elif length < 0:
                break
            else:
                selector.select()
                more()
            if size >= BATCH:
                total += size
                if budget:
                    _check(budget, length, total)
                yield batch
                batch = []
                size = 0
    yield batch


def _check(budget: Budget, row: int, total: int) -> None:
    # Such a row is a batch by itself. The query should have raised an error (row_limit) before the row was in memory.
    if row > budget.max_row_bytes:
        raise TooMuch(
            f"a row of {row:,} bytes is larger than the {budget.max_row_bytes:,} bytes that are allowed",
            hint="Leave its large column out of the template, or allow more with the option max_row_bytes.",
        )
    if total > budget.max_bytes:
        raise TooMuch(
            f"the source sends more than {budget.max_bytes:,} bytes",
            hint="If that is correct, allow more with the option max_bytes of its connection.",
        )


def end(session: psycopg.Connection) -> int:
    """End a COPY whose messages have been read; return the number of rows sent. Raises psycopg.Error if it ended early."""
    results = list(iter(session.pgconn.get_result, None))
    for result in results:
        if result.status == ExecStatus.FATAL_ERROR:
            raise psycopg.errors.error_from_result(result)
    return results[0].command_tuples or 0
