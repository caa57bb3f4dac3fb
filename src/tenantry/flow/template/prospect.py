"""What loading a template from a source will be like: a day of it, the span, and estimates."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta

import psycopg

from tenantry.core import storage
from tenantry.core.days import Span, today_utc
from tenantry.core.model import Template
from tenantry.db.queries import one_row, query
from tenantry.flow.slice import room
from tenantry.flow.source.connection import asking
from tenantry.flow.template import asking as sources
from tenantry.flow.template import load, trial
from tenantry.flow.template.trial import Trial

_ROWS_A_SECOND = 40_000
"""Rows that are loaded and compared in a second, of a source that answers at once."""

_SECONDS_A_DAY = {True: 0.1, False: 0.005}
"""What a day costs beside its rows, if it is a relation of its own, with its indexes, and otherwise."""

_BYTES_A_ROW = 30
"""What PostgreSQL adds to each row of a table, and to each entry of an index."""


@dataclass(frozen=True)
class Prospect:
    """A trial of a recent day, and what loading everything will take: `span` are the days (None: the source has no rows yet, or
    cannot be asked), then estimates of rows, bytes with indexes, and seconds.
    """

    trial: Trial
    span: Span | None
    rows: int
    bytes: int
    seconds: float


def foresee(
    session: psycopg.Connection,
    template: Template,
    connection: str,
    *,
    first: date | None = None,
    rows: int = 2,
    seconds: int = 60,
) -> Prospect:
    """Try a template on the last full day of which the source has rows, and estimate the load. Nothing is stored.

    Raises what `trial.run` raises, and SourceError if the warehouse's server cannot query the source.
    """
    today = today_utc()
    about = {"template": template.name, "connection": connection, "schema": connection}
    with session.transaction(force_rollback=True):
        load.put(session, template)
        begins = last = None
        # Today has few rows yet, just after midnight.
        for before in (today, today + timedelta(days=1)):
            try:
                with asking(session, connection), session.transaction():
                    begins, last = one_row(
                        session, query("source", "source_recent"), about | {"before": before}
                    )
            except psycopg.errors.FeatureNotSupported:
                break
            if last is not None:
                break
    day = last or today - timedelta(days=1)
    tried = trial.run(session, template, connection, day, rows=rows, seconds=seconds)
    if begins is None:
        return Prospect(tried, None, 0, 0, 0)
    # A year can be folded only if it has all of its days.
    span = Span(min(first or date(begins.year, 1, 1), today), today)
    counted = Span(min(max(begins, span.first), today), today)
    expected = _expected(session, template, connection, counted, seconds)
    if expected < (usual := tried.rows * ((day - counted.first).days + 1)) / 10:
        # The source has never counted the table.
        expected = usual
    indexes = (template.indexes or "").count("INDEX")
    each = tried.bytes / tried.rows if tried.rows else 100
    daily = storage.of_template(template.storage, template.time_column) in room.room(session).daily
    took = expected / _ROWS_A_SECOND + len(span) * _SECONDS_A_DAY[daily]
    if tried.time_index is False:
        # Each month, and later each comparison of it, reads the whole table.
        took += tried.seconds * len(span) / 30 * 2
    return Prospect(tried, span, expected, round(expected * (each + _BYTES_A_ROW * indexes)), took)


def _expected(
    session: psycopg.Connection, template: Template, connection: str, span: Span, seconds: int
) -> int:
    """How many rows the source's planner expects."""
    about = {"query": template.query, "schema": connection, "first": span.first, "last": span.last}
    plan = one_row(session, query("template", "expected"), about)[0]
    with sources.asked(session, connection, seconds) as source:
        explained = source.execute(plan.encode()).fetchall()[0][0]
    return int((json.loads(explained) if isinstance(explained, str) else explained)[0]["Plan"]["Plan Rows"])
