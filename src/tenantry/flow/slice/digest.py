"""Digests that a source computes of its own days, so that only days that differ from their slices are pulled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import psycopg
from psycopg.types.json import Jsonb

from tenantry.core.days import Span
from tenantry.core.model import Feed
from tenantry.db.queries import one_row, query
from tenantry.flow.slice.slice import named
from tenantry.flow.source.deadline import Budget, deadline
from tenantry.flow.source.session import Columns, begin, columns, speaking


@dataclass(frozen=True)
class Answer:
    """A source's answer about some days. `digests` is by day, YYYY-MM-DD; None if the source has rows outside the days.

    `asked` is the time by the warehouse's clock.
    """

    digests: dict[str, str] | None
    asked: datetime

    def of(self, day: date) -> str | None:
        """The digest of one day."""
        return self.digests[str(day)] if self.digests else None


SourceTypes = dict[tuple[Feed, str], Columns]
"""The names and types of a source's columns, as one of its sessions returned them, by feed and definition_hash.

They are good enough to write the query: a digest made with other types differs, so its day is pulled, and the source
itself looks up the names.
"""


def ask(
    session: psycopg.Connection, source: psycopg.Connection, feed: Feed, span: Span, known: SourceTypes
) -> Answer:
    """Ask a source for digests. What its session pulls from now on belongs to the same snapshot.

    `known` are the types that this session of the source has returned before; those of the feed are added.

    Raises:
        psycopg.Error: the source cannot answer; the session cannot be used any more.
        SliceError: the source does not finish within its deadline.
    """
    days = named(feed, span)
    asked, definition, describe, *limits = one_row(session, query("slice", "ask"), days)
    with deadline(source, Budget(*limits), f"{feed} {span}"):
        begin(source)
        if (feed, definition) not in known:
            known[feed, definition] = columns(source, describe)
        given = known[feed, definition]
        about = {**days, "names": given.names, "types": given.types}
        digests = one_row(session, query("slice", "digest_query"), about)[0]
        with speaking():
            rows = source.execute(digests).fetchall()
    inside = len(rows) == len(span)
    return Answer({str(day): digest for day, digest in rows} if inside else None, asked)


def ask_through_warehouse(session: psycopg.Connection, feed: Feed, span: Span) -> Answer:
    """Ask the source whose login the warehouse's session holds, until that is released.

    Raises psycopg.Error if the source cannot answer; the login cannot be used any more.
    """
    digests, asked = one_row(session, query("source", "source_digests"), named(feed, span))
    return Answer(digests, asked)


def unchanged(session: psycopg.Connection, feed: Feed, span: Span, answer: Answer) -> set[date]:
    """Return the days of the span whose slices match the source's answer; these slices then count as loaded at that time."""
    if answer.digests is None:
        return set()
    asked = {**named(feed, span), "digests": Jsonb(answer.digests), "asked": answer.asked}
    return {row[0] for row in session.execute(query("slice", "unchanged_days"), asked)}
