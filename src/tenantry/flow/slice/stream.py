"""Streaming days from a source straight into partition storage: COPY to COPY, without buffering the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from tenantry.core.days import Span
from tenantry.core.errors import SliceError
from tenantry.core.model import Feed, LoadedSlice
from tenantry.db.queries import one_row, query
from tenantry.flow.slice import stored
from tenantry.flow.slice.copy_out import CopyOut, Message
from tenantry.flow.slice.digest import Answer
from tenantry.flow.slice.row_array import RowArray, RowType
from tenantry.flow.slice.slice import named
from tenantry.flow.source.deadline import Budget, deadline
from tenantry.flow.source.session import columns, reading, speaking

FEW = 2**18
"""Bytes of differing rows that are not staged."""


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

    Days without rows are copied straight into their table. For other days, the source's rows are compared with the stored
    rows while both are read, and only the differences are merged. With `staged`, or if the rows cannot be compared here
    (see stored_images.sql), all rows are merged. The source is asked for its columns and its rows in one transaction, after all waiting here. A `bulk` load
    creates new tables without indexes, for loader.indexing to build later. `answer` is the source's answer about the
    days, from its present transaction; it is stored with them. Memory use is bounded, whatever the amount of data.

    Raises:
        psycopg.Error: the source's or the warehouse's error; nothing of the span has changed.
        SliceError: the source returned rows outside the span, which the error names; or it sent too much, or took too
            long.
    """
    session.execute(query("storage", "stream_prepare"), {**named(feed, span), "bulk": bulk})
    try:
        return _pull(session, source, feed, span, staged, answer)
    except (_Unequal, stored.TooMany):
        return _pull(session, source, feed, span, True, answer)


class _Unequal(Exception):
    """After a merge of what differs, the days have another number of rows than came: another session has moved some of
    them in the meantime, or rows of the source have the same key.
    """


def _pull(
    session: psycopg.Connection,
    source: psycopg.Connection,
    feed: Feed,
    span: Span,
    staged: bool,
    answer: Answer | None,
) -> list[LoadedSlice]:
    days = named(feed, span)
    with session.transaction():
        lock = {**days, "asked": answer.asked if answer else None}
        describe, started, *limits = one_row(session, query("storage", "stream_lock"), lock)
        budget = Budget(*limits)
        with deadline(source, budget, f"{feed} {span}"), reading(source):
            given = columns(source, describe)
            asked = {**days, "names": given.names, "types": given.types}
            from_source, stray_rows, own_types = one_row(session, query("storage", "stream_begin"), asked)
            with ExitStack() as block:
                with speaking():
                    sent = block.enter_context(CopyOut(source, from_source, budget))
                # While the source plans its query.
                asked = {**days, "own_types": own_types, "staged": staged}
                target = _Target.of(*one_row(session, query("storage", "stream_target"), asked))
                vanished: list[str] | None = None
                if target.stored:
                    arrived, vanished = _compare(session, sent, days, target, target.stored)
                else:
                    arrived = _copy(session, sent, target)
            strays = sent.rows - arrived
            samples = [row[0] for row in source.execute(stray_rows)] if strays else []
        if strays:
            raise SliceError(
                f"{feed} {span}: {strays} of {sent.rows} rows are outside their days: {'; '.join(samples)[:500]}",
                hint="Filter in the template: column >= '{START_TIME}' AND column < '{END_TIME}'.",
            )
        end = {**days, "target": target.table, "start_block": target.start_block, "started": started}
        end |= {"copied": sent.rows, "vanished": vanished}
        end["digests"] = Jsonb(answer.digests) if answer and answer.digests else None
        counts = session.execute(query("storage", "stream_end"), end).fetchall()
        if vanished is not None and sum(rows for _, rows in counts) != sent.rows:
            raise _Unequal
    seconds = (datetime.now(started.tzinfo) - started).total_seconds() / len(counts)
    action = "refreshed" if target.table.startswith("pg_temp") else "created"
    return [LoadedSlice(feed, day, action, rows, seconds) for day, rows in counts]


@dataclass(frozen=True)
class _Target:
    """How to store: the statement, the table that the rows go into, the block from which they lie there, and the
    statement for stored rows that the source's are compared with, if they are; then also whether a changed row may be
    deleted and inserted, and the type of such a row.
    """

    into_warehouse: str
    table: str
    start_block: int
    stored: str | None
    replaceable: bool
    row: RowType

    @classmethod
    def of(
        cls, into: str, table: str, start_block: int, kept: str | None, replaceable: bool, *row: Any
    ) -> _Target:
        return cls(into, table, start_block, kept, replaceable, RowType(*row))


def _copy(session: psycopg.Connection, sent: CopyOut, target: _Target) -> int:
    """Pipe one COPY into another. Returns how many rows arrived."""
    writer = session.cursor()
    with writer.copy(target.into_warehouse.encode()) as into:
        for batch in _spoken(sent.batches()):
            into.write(b"".join(batch))
    return writer.rowcount


def _compare(
    session: psycopg.Connection, sent: CopyOut, days: Mapping[str, Any], target: _Target, statement: str
) -> tuple[int, list[str]]:
    """Compare what is sent with the stored rows while both are read, and merge what differs, if it is little; otherwise
    stage it. Returns how many of the rows that were sent are stored or staged now, and the places of the stored rows
    that were not sent.
    """
    rest = list[bytes]()
    size = 0
    writer = session.cursor()
    with ExitStack() as block:
        kept = block.enter_context(closing(stored.read(session, statement)))
        compared = stored.Comparison(stored.rows(_spoken(sent.batches())), kept, speaking()(sent.answered))
        into: psycopg.Copy | None = None
        for rows in compared.differing():
            rest += rows
            size += sum(map(len, rows))
            if size <= (FEW if target.replaceable else 0):
                continue
            if into is None:
                session.execute(query("storage", "stream_stage"), days)
                into = block.enter_context(writer.copy(target.into_warehouse.encode()))
                into.write(stored.HEADER)
            into.write(b"".join(rest))
            rest.clear()
    if into:
        return compared.matched + writer.rowcount, compared.vanished
    if not rest and not compared.vanished:
        return compared.matched, []
    came = RowArray(target.row, rest)
    writer.adapters.register_dumper(RowArray, came.dumper())
    writer.execute(query("storage", "merge_rows"), {**days, "came": came, "vanished": compared.vanished})
    return compared.matched + writer.fetchall()[0][0], compared.vanished


def _spoken(batches: Iterator[list[Message]]) -> Iterator[list[Message]]:
    with speaking():
        yield from batches
