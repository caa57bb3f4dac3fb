"""Whether a template fits a source: the source answers its query, with its columns, before anything is made for it."""

from __future__ import annotations

from datetime import date

import psycopg

from tenantry.core import advice
from tenantry.core.errors import SourceError, TemplateError
from tenantry.core.model import Feed
from tenantry.db.queries import one_row, query

_OF_A_LOAD = ("22", "23", "54", "57014", "HV")
"""SQLSTATEs and their classes that are about the rows of a day, or about time: the load of that day reports them."""

_OF_NAMES = ("3F000", "42703", "42704", "42883", "42P01")
"""The source has no table, column, type or function of that name."""

_SECONDS = 600
"""How long the source may take, if its connection allows that."""


def require(session: psycopg.Connection, feed: Feed, day: date) -> None:
    """Query the source for one day of a feed, from the warehouse, as a load does. Nothing is stored.

    Raises:
        SourceError: the source does not answer, or refuses the template's query.
        TemplateError: the source returns other columns than the template declares.
    """
    about = {
        "name": feed.template,
        "tenant": feed.schema,
        "day": day,
        "rows": 0,
        "seconds": _SECONDS,
        "draft": None,
    }
    found = one_row(session, query("template", "try"), about)[0]
    state = found.get("sqlstate") or ""
    if "error" not in found or state.startswith(_OF_A_LOAD):
        return
    if state.startswith("08"):
        raise SourceError(
            f'the source of "{feed.connection}" cannot be used: {found["error"]}',
            connection=feed.connection,
            hint=advice.REACH,
        )
    message = f'template "{feed.template}" does not fit the source: {found["error"]}'
    hint = found["hint"] or advice.of_source(state)
    if state in _OF_NAMES:
        hint = "Choose another with --template, or draft one from a table of the source: tenantry start."
    if found["of_source"]:
        raise SourceError(message, connection=feed.connection, hint=hint)
    raise TemplateError(message, hint=hint)
