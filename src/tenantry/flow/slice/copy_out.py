"""Reading what a COPY sends, from libpq directly: psycopg's loop costs the client twice as much per row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from select import POLLIN, poll
from typing import Self

import psycopg
from psycopg import generators
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

from tenantry.flow.source.deadline import Budget, TooMuch

BATCH = 65536
"""Bytes of a batch: libpq returns single rows, and a system call for each would cost more than the row."""

Message = memoryview
"""What one message of a COPY holds: a row, the first one after the header, and a trailer."""


_HEARING = 5
"""Seconds that a server has to react to a cancel."""


class CopyOut:
    """A COPY that is sent when its block begins. The server may work on it while nobody waits for an answer. At the end of
    the block, a COPY that has not been read to its end is cancelled.
    """

    def __init__(self, session: psycopg.Connection, statement: str, budget: Budget | None = None) -> None:
        self._session = session
        self._statement = statement
        self._budget = budget
        self.rows = 0
        """The number of rows sent, known at the end."""

    def __enter__(self) -> Self:
        with self._session.lock:
            # Not as a simple query: a server would take more than one statement of it.
            self._session.pgconn.send_query_params(self._statement.encode(), None)
            self._session.wait(generators.send(self._session.pgconn))
        return self

    def __exit__(self, *_: object) -> None:
        if self._session.pgconn.transaction_status != TransactionStatus.ACTIVE:
            return
        self._budget = None
        with suppress(psycopg.Error):
            self._session.cancel_safe(timeout=_HEARING)
        with suppress(psycopg.Error):
            for _batch in self.batches():
                pass

    def answered(self) -> bool:
        """Whether the server has begun to answer: its first rows are here, or it failed. Does not wait."""
        self._session.pgconn.consume_input()
        return not self._session.pgconn.is_busy()

    def batches(self) -> Iterator[list[Message]]:
        """Yield the messages, some at a time. Before the last ones, the COPY ends, and the session can be used again.

        Raises:
            TooMuch: they exceed the budget.
            psycopg.Error: the COPY failed.
        """
        self._begin()
        take, more = self._session.pgconn.get_copy_data, self._session.pgconn.consume_input
        batch: list[Message] = []
        size = total = 0
        ready = poll()
        ready.register(self._session.fileno(), POLLIN)
        while True:
            length, message = take(1)
            if length > 0:
                batch.append(message)
                size += length
            elif length < 0:
                break
            else:
                ready.poll()
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

    def _begin(self) -> None:
        self._raise(self._session.wait(generators.fetch_many(self._session.pgconn)))

    def _end(self) -> None:
        results = list(iter(self._session.pgconn.get_result, None))
        self._raise(results)
        self.rows = results[0].command_tuples or 0

    def _raise(self, results: Sequence[PGresult]) -> None:
        for result in results:
            if result.status == ExecStatus.FATAL_ERROR:
                raise psycopg.errors.error_from_result(result, encoding=self._session.info.encoding)


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
