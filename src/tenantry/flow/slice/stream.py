"""Streaming days from a source straight into partition storage: COPY to COPY, nothing kept in memory."""

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
"""Bytes gathered before a write: libpq hands out single rows, and a system call for each would cost more than the row."""


def range_capable(session: psycopg.Connection, template: str) -> bool:
    """Whether the template can be asked for many days at once."""
    return bool(one_row(session, query("storage", "range_capable"), (template,))[0])


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
    """Pull the days of a span, which lie in one table, in one transaction; one result for each day.

    Days with nothing in them yet are copied into their table; others (or all, if `staged`) into a staging table, and
    merged. The source is asked for its columns and its rows in one transaction, after all waiting here. A `bulk` load makes new tables without indexes, for loader.indexing to follow. `answer` is what the source said
    of the days in the transaction that it is in, and is kept with them. Memory is constant in the size of the data.

    Raises:
        psycopg.Error: the source's or the warehouse's error; nothing of the span was changed then.
        SliceError: the source gave rows outside the span, which are named; or it sent too much, or took too long.
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
    """Pipe one COPY into another; returns the rows that came out and those that went in."""
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
    """What a COPY TO sends, joined. It is taken from libpq itself: psycopg's loop costs the client twice as much a row.

    Raises TooMuch if it is more than the budget allows.
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
                # Such a row is a batch by itself. Its query should have said so (row_limit), before it was in memory.
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
