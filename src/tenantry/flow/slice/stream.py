"""Streaming days from a source straight into partition storage: COPY to COPY, without buffering the data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from selectors import EVENT_READ, DefaultSelector
from typing import Any

import psycopg
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn
from psycopg.types.json import Jsonb

from tenantry.core.days import Span
from tenantry.core.errors import SliceError
from tenantry.core.model import Feed, LoadedSlice
from tenantry.db.queries import one_row, query
from tenantry.flow.slice.digest import Answer
from tenantry.flow.slice.slice import named
from tenantry.flow.source.deadline import Budget, TooMuch, deadline
from tenantry.flow.source.session import columns, reading, speaking

BATCH = 65536
"""Bytes collected before a write: libpq returns single rows, and a system call for each would cost more than the row."""


def range_capable(session: psycopg.Connection, feed: Feed) -> bool:
    """Whether the query that the feed's source is asked can return many days at once."""
    about = {"schema": feed.schema, "template": feed.template}
    return bool(one_row(session, query("storage", "range_capable"), about)[0])


def pull(
    session: psycopg.Connection,
    source: psycopg.Connection,
    feed: Feed,
    span: Span,
    *,
    bulk: bool = False,
    staged: bool = False,
    answer: Answer | None = None,
) -> list[LoadedSlice]:
    """Load the days of a span, which lie in one table, in one transaction; return one result per day.

    Days without rows are copied straight into their table. Others (or all, if `staged`) go into a staging table and are
    merged. The source is asked for its columns and its rows in one transaction, after all waiting here. A `bulk` load
    creates new tables without indexes, for loader.indexing to build later. `answer` is the source's answer about the
    days, from its present transaction; it is stored with them. Memory use does not depend on the amount of data.

    Raises:
        psycopg.Error: the source's or the warehouse's error; nothing of the span has changed.
        SliceError: the source returned rows outside the span, which the error names; or it sent too much, or took too
            long.
    """
    days = named(feed, span)
    session.execute(query("storage", "stream_prepare"), {**days, "bulk": bulk})
    with session.transaction():
        lock = {**days, "asked": answer.asked if answer else None}
        describe, started, *limits = one_row(session, query("storage", "stream_lock"), lock)
        budget = Budget(*limits)
        with deadline(source, budget, f"{feed} {span}"), reading(source):
            given = columns(source, describe)
            asked = {**days, "names": given.names, "types": given.types, "staged": staged}
            begun = one_row(session, query("storage", "stream_begin"), asked)
            from_source, into_warehouse, strays, target, start_block = begun
            sent, copied = _copy(source, from_source, session, into_warehouse, budget)
            samples = [row[0] for row in source.execute(strays)] if sent != copied else []
        if sent != copied:
            raise SliceError(
                f"{feed} {span}: {sent - copied} of {sent} rows are outside their days: {'; '.join(samples)[:500]}",
                hint="Filter in the template: column >= '{START_TIME}' AND column < '{END_TIME}'.",
            )
        end = {**days, "target": target, "start_block": start_block, "copied": copied, "started": started}
        end["digests"] = Jsonb(answer.digests) if answer and answer.digests else None
        counts = session.execute(query("storage", "stream_end"), end).fetchall()
    seconds = (datetime.now(started.tzinfo) - started).total_seconds() / len(counts)
    action = "refreshed" if target.startswith("pg_temp") else "created"
    return [LoadedSlice(feed, day, action, rows, seconds) for day, rows in counts]


def _copy(
    source: psycopg.Connection, read: str, session: psycopg.Connection, write: str, budget: Budget
) -> tuple[int, int]:
    """Pipe one COPY into another; return the number of rows that came out and that went in."""
    writer = session.cursor()
    with ExitStack() as reading:
        with speaking():
            reading.enter_context(source.cursor().copy(read.encode()))
        with writer.copy(write.encode()) as into:
            for batch in _batches(source, budget):
                into.write(batch)
            with speaking():
                sent = _end_of_copy(source.pgconn)
    return sent, writer.rowcount


def _batches(source: psycopg.Connection, budget: Budget) -> Iterator[bytes]:
    """Yield what a COPY TO sends, in batches. It is read from libpq directly: psycopg's loop costs the client twice as
    much per row.

    Raises TooMuch if it exceeds the budget.
    """
    take, more = source.pgconn.get_copy_data, source.pgconn.consume_input
    batch: list[Any] = []
    size = total = 0
    with DefaultSelector() as selector:
        selector.register(source.fileno(), EVENT_READ)
        while True:
            length, row = take(1)
            if length > 0:
                batch.append(row)
                size += length
            elif length < 0:
                break
            else:
                selector.select()
                more()
            if size >= BATCH:
                total += size
                # Such a row is a batch by itself. The query should have raised an error (row_limit) before
                # the row was in memory.
                if length > budget.max_row_bytes:
                    raise TooMuch(
                        f"a row of {length:,} bytes is larger than the {budget.max_row_bytes:,} bytes that are allowed",
                        hint="Leave its large column out of the template, or allow more with the option max_row_bytes.",
                    )
                if total > budget.max_bytes:
                    raise TooMuch(
                        f"the source sends more than {budget.max_bytes:,} bytes",
                        hint="If that is correct, allow more with the option max_bytes of its connection.",
                    )
                yield b"".join(batch)
                batch.clear()
                size = 0
    yield b"".join(batch)


def _end_of_copy(libpq: PGconn) -> int:
    """The number of rows that a COPY TO has sent. Raises psycopg.Error if it ended early."""
    results = list(iter(libpq.get_result, None))
    for result in results:
        if result.status == ExecStatus.FATAL_ERROR:
            raise psycopg.errors.error_from_result(result)
    return results[0].command_tuples or 0
