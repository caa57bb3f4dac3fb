"""Digests: what a source says of its own days, so that only those that differ from their slices are pulled."""

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
    """What a source said of some days. `digests` is by day, YYYY-MM-DD; None if it has rows outside the days.

    `asked` is the time by the warehouse's clock.
    """

    digests: dict[str, str] | None
    asked: datetime

    def of(self, day: date) -> str | None:
        """The digest of one day."""
        return self.digests[str(day)] if self.digests else None


SourceTypes = dict[tuple[Feed, str], Columns]
"""The names and types of a source's columns, as one of its sessions gave them, by feed and definition_hash.

Good enough to word the question: a digest that was made of other types is another one, and its day is pulled then; names are looked
for by the source itself.
"""


def ask(
    session: psycopg.Connection, source: psycopg.Connection, feed: Feed, span: Span, known: SourceTypes
) -> Answer:
    """Ask a source; what is pulled through its session from now on is of the moment at which it was asked.

    `known` are the types that this session of the source gave before; those of the feed are added.

    Raises:
        psycopg.Error: the source cannot answer; the session is of no use then.
        SliceError: it does not within its deadline.
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
    """Ask the source whose login is held in the warehouse's session, until that is released.

    Raises psycopg.Error if the source cannot answer; the login is of no use then.
    """
    digests, asked = one_row(session, query("source", "source_digests"), named(feed, span))
    return Answer(digests, asked)


def unchanged(session: psycopg.Connection, feed: Feed, span: Span, answer: Answer) -> set[date]:
    """The days of the span whose slices hold just what the source said; their slices count as loaded then."""
    if answer.digests is None:
        return set()
    asked = {**named(feed, span), "digests": Jsonb(answer.digests), "asked": answer.asked}
    return {row[0] for row in session.execute(query("slice", "unchanged_days"), asked)}
