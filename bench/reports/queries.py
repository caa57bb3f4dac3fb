"""The queries of the reports: on rows of all tenants, and on those of one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, LiteralString

import psycopg

from tenantry.core.days import today_utc

FIRST_TENANT: LiteralString = "tenant_001"
PUBLIC: LiteralString = "public.foodlogstats"
TENANTS_OWN: LiteralString = FIRST_TENANT + ".foodlogstats"
MOST = 10_000
"""Rows of a tenant's day at most: so many ids are set aside for a day."""
_DAY: LiteralString = "logged_time >= %(day)s AND logged_time < %(next_day)s"
_ONE = "a day of one tenant"
_QUERIES: Mapping[str, LiteralString] = {
    "a day": "SELECT count(*), sum(weight) FROM {rows} WHERE " + _DAY,
    "a month": "SELECT count(*), sum(weight) FROM {rows}"
    " WHERE logged_time >= %(month)s AND logged_time < %(next_month)s",
    "a year by store": "SELECT store, sum(weight) FROM {rows}"
    " WHERE logged_time >= %(year)s AND logged_time < %(next_year)s GROUP BY store",
    "by id": "SELECT * FROM {rows} WHERE id = %(id)s",
    "current_date - 30 days": "SELECT {tenant}, sum(weight) FROM {rows}"
    " WHERE logged_time >= current_date - interval '30 days' GROUP BY {tenant}",
    # A time with a zone, like the column: PostgreSQL may compare them before it knows whose row it is.
    "now() - 30 days": "SELECT {tenant}, sum(weight) FROM {rows}"
    " WHERE logged_time >= now() - interval '30 days' GROUP BY {tenant}",
    _ONE: "SELECT count(*), sum(weight) FROM {rows} WHERE {only}" + _DAY,
}
_ONLY: LiteralString = "schema_name = '" + FIRST_TENANT + "' AND "


def of_all(rows: LiteralString) -> dict[str, LiteralString]:
    """The queries on a view or table that has all tenants' rows, by name."""
    return {name: _filled(query, rows, "schema_name", _ONLY) for name, query in _QUERIES.items()}


def of_one(rows: LiteralString, public: LiteralString | None = None) -> dict[str, LiteralString]:
    """The queries on a view or table that has the rows of the first tenant alone; the last one on `public`, where there
    is one, by the tenant's name.
    """
    queries = {name: _filled(query, rows, "client", "") for name, query in _QUERIES.items()}
    return queries if public is None else {**queries, _ONE: of_all(public)[_ONE]}


def _filled(
    query: LiteralString, rows: LiteralString, tenant: LiteralString, only: LiteralString
) -> LiteralString:
    return query.replace("{rows}", rows).replace("{tenant}", tenant).replace("{only}", only)


def first_id(day: date) -> int:
    """The lowest id of a day's rows."""
    return (day - date(2000, 1, 1)).days * MOST + 1


def values() -> dict[str, Any]:
    """What the queries ask for: forty days ago, its month, and the year before it."""
    day = today_utc() - timedelta(days=40)
    month = day.replace(day=1)
    bounds = {
        "day": day,
        "next_day": day + timedelta(days=1),
        "month": month,
        "next_month": (month + timedelta(days=31)).replace(day=1),
        "year": date(day.year - 1, 1, 1),
        "next_year": date(day.year, 1, 1),
    }
    return {name: datetime.combine(it, time(), UTC) for name, it in bounds.items()} | {"id": first_id(day)}


def with_literals(session: psycopg.Connection, query: LiteralString) -> str:
    """A query as reports send it: with literals. An end that is computed from the start
    is no constant: PostgreSQL computes it for each row that it reads without an index.
    """
    return psycopg.ClientCursor(session).mogrify(query, values())
