"""Streaming days from a source straight into partition storage: COPY to COPY, without buffering the data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.types.json import Jsonb

from tenantry.core.days import Span
from tenantry.core.errors import SliceError
from tenantry.core.model import Feed, LoadedSlice
from tenantry.db.queries import one_row, query
from tenantry.flow.slice import stored
from tenantry.flow.slice.copy_out import CopyOut, Message
from tenantry.flow.slice.digest import Answer
from tenantry.flow.slice.slice import named
from tenantry.flow.source.deadline import Budget, deadline
from tenantry.flow.source.session import columns, reading, speaking


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
            asked = {**days, "names": given.names, "types": given.types, "staged": staged}
            begun = _Begun(*one_row(session, query("storage", "stream_begin"), asked))
            copied = _copy(source, session, feed, begun, budget)
            strays = copied.sent - copied.arrived
            samples = [row[0] for row in source.execute(begun.strays)] if strays else []
        if strays:
            raise SliceError(
                f"{feed} {span}: {strays} of {copied.sent} rows are outside their days: {'; '.join(samples)[:500]}",
                hint="Filter in the template: column >= '{START_TIME}' AND column < '{END_TIME}'.",
            )
        end = {**days, "target": begun.target, "start_block": begun.start_block, "started": started}
        end |= {"copied": copied.sent, "vanished": copied.vanished}
        end["digests"] = Jsonb(answer.digests) if answer and answer.digests else None
        counts = session.execute(query("storage", "stream_end"), end).fetchall()
        if copied.vanished is not None and sum(rows for _, rows in counts) != copied.sent:
            raise _Unequal
    seconds = (datetime.now(started.tzinfo) - started).total_seconds() / len(counts)
    action = "refreshed" if begun.target.startswith("pg_temp") else "created"
    return [LoadedSlice(feed, day, action, rows, seconds) for day, rows in counts]


@dataclass(frozen=True)
class _Begun:
    """How to stream: the statements for both ends, the query for rows outside the days, the table that the rows go
    into, the block from which they lie there, and the statement for stored rows that the source's are compared with.
    """

    from_source: str
    into_warehouse: str
    strays: str
    target: str
    start_block: int
    stored: str | None


@dataclass(frozen=True)
class _Copied:
    """How many rows came out of the source and how many of them arrived, and the places of stored rows that did not
    come; None if the rows were not compared with the stored ones.
    """

    sent: int
    arrived: int
    vanished: list[str] | None


def _copy(
    source: psycopg.Connection, session: psycopg.Connection, feed: Feed, begun: _Begun, budget: Budget
) -> _Copied:
    """Pipe one COPY into another, without the rows that are stored already if they are compared."""
    writer = session.cursor()
    into: psycopg.Copy | None = None
    compared: stored.Comparison | None = None
    with ExitStack() as copies:
        with speaking():
            sent = copies.enter_context(CopyOut(source, begun.from_source, budget))
        batches: Iterable[Sequence[Message | bytes]] = _spoken(sent.batches())
        if begun.stored:
            kept = copies.enter_context(closing(stored.read(session, begun.stored)))
            compared = stored.Comparison(
                stored.rows(_spoken(sent.batches())), kept, speaking()(sent.answered)
            )
            batches = compared.differing()
        for batch in batches:
            if batch and into is None:
                if compared:
                    session.execute(query("storage", "stream_stage"), {"template": feed.template})
                into = copies.enter_context(writer.copy(begun.into_warehouse.encode()))
                if compared:
                    into.write(stored.HEADER)
            if into:
                into.write(b"".join(batch))
    arrived = writer.rowcount if into else 0
    if compared:
        return _Copied(sent.rows, arrived + compared.matched, compared.vanished)
    return _Copied(sent.rows, arrived, None)


def _spoken(batches: Iterator[list[Message]]) -> Iterator[list[Message]]:
    with speaking():
        yield from batches
