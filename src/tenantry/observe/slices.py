"""Slices and years one by one: which exist, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import psycopg

from tenantry.core.days import today_utc
from tenantry.core.model import Feed
from tenantry.db.queries import one_row, query


@dataclass(frozen=True)
class Slice:
    """A day of a feed. `rows`, `loaded_at` and `seconds` come from the last successful load; `error` comes from the
    last attempt.

    A failed slice that is not missing still has the rows of an earlier load. A stale slice was loaded before its day
    ended. An outdated slice was made before its query or columns were changed.
    """

    tenant: str
    template: str
    day: date
    missing: bool
    failed: bool
    stale: bool
    outdated: bool
    rows: int | None
    loaded_at: datetime | None
    seconds: float | None
    failed_at: datetime | None
    error: str | None

    @property
    def state(self) -> str:
        """In words; `ok` if nothing is wrong."""
        wrong = [word for word in ("missing", "failed", "stale", "outdated") if getattr(self, word)]
        return ", ".join(wrong) or "ok"


@dataclass(frozen=True)
class SliceDetails:
    """What holds a slice's rows: `bytes` is None unless the relation has that day `alone`.

    `current` tells whether the template is as it was when the slice was loaded.
    """

    relation: str | None
    alone: bool | None
    bytes: int | None
    digest: str | None
    current: bool | None


@dataclass(frozen=True)
class CalendarDay:
    """A day of a feed in one word: loaded, folded, stale, outdated, missing, unpopulated or failed, the worst one.

    An unpopulated day has a materialized view without rows. `rows` is None unless the day is in the warehouse.
    """

    day: date
    state: str
    rows: int | None


@dataclass(frozen=True)
class Year:
    """A year of a feed, which has `days` of its `expected` days.

    `state` is folded, fold not finished, ready to fold, complete (last year, while late rows still arrive), daily (the current year),
    incomplete, or another state that `_wh.check_views_by_template_for_year` reports.
    """

    tenant: str
    template: str
    year: int
    days: int
    expected: int
    state: str


def slices(
    session: psycopg.Connection, feed: Feed, first: date | None = None, last: date | None = None
) -> list[Slice]:
    """The days of a feed, oldest first: those of a span, or all up to today."""
    parameters = {"schema": feed.schema, "template": feed.template, "first": first, "last": last}
    return [Slice(*row) for row in session.execute(query("slice", "list"), parameters)]


def recent(session: psycopg.Connection, days: int) -> dict[tuple[str, str], str]:
    """The states of the last days of each feed, a letter each."""
    return {(row[0], row[1]): row[2] for row in session.execute(query("slice", "recent"), {"days": days})}


def calendar(session: psycopg.Connection, feed: Feed) -> list[CalendarDay]:
    """The days of a feed, oldest first."""
    parameters = {"schema": feed.schema, "template": feed.template}
    return [CalendarDay(*row) for row in session.execute(query("slice", "calendar"), parameters)]


def details(session: psycopg.Connection, feed: Feed, day: date) -> SliceDetails:
    """The relation that holds a day's rows."""
    parameters = {"schema": feed.schema, "template": feed.template, "day": day}
    return SliceDetails(*one_row(session, query("slice", "details"), parameters))


def years(
    session: psycopg.Connection, template: str | None = None, tenants: Sequence[str] | None = None
) -> list[Year]:
    """The years of all feeds, or of a template's or some tenants' feeds."""
    settled = (today_utc() - timedelta(days=31)).year
    found = []
    for tenant, name, year, check in session.execute(
        query("slice", "years"), {"template": template, "tenants": list(tenants) if tenants else None}
    ):
        state = {
            "converted": "folded",
            "complete": "ready to fold" if year < settled else "complete",
            "complete to date": "daily",
        }.get(check["status"], check["status"])
        found.append(Year(tenant, name, year, check["found_days"], check["expected_days"], state))
    return found
