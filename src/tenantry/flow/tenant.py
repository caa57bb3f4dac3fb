"""Tenants: a schema, a connection and the feeds between them."""

from __future__ import annotations

import psycopg

from tenantry.core.days import Span
from tenantry.core.errors import InputError
from tenantry.core.model import Feed
from tenantry.db.queries import one_row, query
from tenantry.flow.connection import asking
from tenantry.flow.slices import held_source

_RESERVED = {"public", "_wh", "_wh_internal", "cron", "information_schema"}


def check_name(name: str) -> None:
    """Raise InputError unless `name` may be the schema of a new tenant."""
    refusal = None
    if not name or any(ord(letter) < 32 or letter in "\"'\\" for letter in name):
        refusal = "may not be empty or hold quotes, backslashes or control characters"
    elif len(name.encode()) > 63:
        refusal = "is longer than the 63 bytes that PostgreSQL keeps of a name"
    elif name in _RESERVED or name.startswith("pg_"):
        refusal = "is a name that PostgreSQL or Tenantry uses itself"
    if refusal:
        raise InputError(
            f"tenant name {name!r} {refusal}",
            hint="Use lower-case letters, digits and _.",
        )


def create_schema(session: psycopg.Connection, name: str) -> bool:
    """Make the tenant's schema, owned by whadmin and readable by phood_ro; False if it was there."""
    row = one_row(session, query("flow", "create_schema"), (name,))
    return bool(row[0])


def open_feed(session: psycopg.Connection, template: str, connection: str, schema: str) -> Feed:
    """The feed to load into, registered at its first use. Raises InputError for an unknown name."""
    row = one_row(
        session,
        query("flow", "open_feed"),
        {"template": template, "connection": connection, "schema": schema},
    )
    return Feed(*row)


def feeds(session: psycopg.Connection, template: str | None = None) -> list[Feed]:
    """All feeds, or those of one template, by tenant."""
    return [Feed(*row) for row in session.execute(query("flow", "feeds"), {"template": template})]


def find_feed(session: psycopg.Connection, template: str, schema: str) -> Feed:
    """The feed of a tenant. Raises InputError (through the session's errors) for an unknown name."""
    row = one_row(session, query("flow", "find_feed"), {"template": template, "schema": schema})
    return Feed(*row)


def source_span(session: psycopg.Connection, feed: Feed) -> Span | None:
    """The first and last UTC day that the source has rows of, or None if it has none; years before 1900 do not count.

    Raises:
        SourceError: the source refuses or does not answer.
    """
    with asking(session, feed.connection), held_source(session, feed.connection):
        row = session.execute(query("flow", "source_extent"), _named(feed)).fetchone()
    return Span(row[0], row[1]) if row and row[0] else None


def odd_rows(session: psycopg.Connection, feed: Feed) -> str | None:
    """What to say of the source's rows in years that nobody can mean, which source_span leaves out; None if there are none.

    None also if the template cannot be asked for more than a day at once.

    Raises:
        SourceError: the source refuses or does not answer.
    """
    with asking(session, feed.connection), held_source(session, feed.connection):
        try:
            count, first, last = one_row(session, query("flow", "source_odd_days"), _named(feed))
        except psycopg.errors.FeatureNotSupported:
            return None
    if not count:
        return None
    times = first if first == last else f"{first} to {last}"
    rows = "1 row is" if count == 1 else f"{count:,} rows are"
    return (
        f"{rows} of years before 1900 or after 9999 and left out ({times}): "
        "mend them at the source, or say --from"
    )


def _named(feed: Feed) -> dict[str, str]:
    return {"template": feed.template, "connection": feed.connection, "schema": feed.schema}


def rows_ahead(session: psycopg.Connection, feed: Feed) -> int:
    """How many rows the source has that are dated after the last day that may be loaded.

    Raises:
        SourceError: the source refuses or does not answer.
        psycopg.errors.FeatureNotSupported: the template cannot be asked for more than a day at once.
    """
    with asking(session, feed.connection):
        return int(one_row(session, query("flow", "rows_ahead"), _named(feed))[0])
