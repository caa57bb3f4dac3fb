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


class CopyOut:
    """A COPY that has begun, whose messages are read to its end."""

    def __init__(self, session: psycopg.Connection, budget: Budget | None = None) -> None:
        self._session = session
        self._budget = budget
        self.rows = 0
        """The number of rows sent, known at the end."""

    def batches(self) -> Iterator[list[Message]]:
        """Yield the messages, some at a time. Before the last ones, the COPY ends, and the session can be used again.

        Raises:
            TooMuch: they exceed the budget.
            psycopg.Error: the COPY failed.
        """
        take, more = self._session.pgconn.get_copy_data, self._session.pgconn.consume_input
        batch: list[Message] = []
        size = total = 0
        with DefaultSelector() as selector:
            selector.register(self._session.fileno(), EVENT_READ)
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
                    if self._budget:
                        _check(self._budget, length, total)
                    yield batch
                    batch = []
                    size = 0
        self._end()
        yield batch

    def _end(self) -> None:
        results = list(iter(self._session.pgconn.get_result, None))
        for result in results:
            if result.status == ExecStatus.FATAL_ERROR:
                raise psycopg.errors.error_from_result(result)
        self.rows = results[0].command_tuples or 0


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
