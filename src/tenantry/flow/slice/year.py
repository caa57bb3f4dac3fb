"""Yearly tables: a closed year of a feed in one table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg

from tenantry.core.days import Span, folded
from tenantry.core.model import Feed
from tenantry.db.by_role import by_role
from tenantry.db.queries import one_row, query

_UNFINISHED = "fold not finished"


@dataclass(frozen=True)
class YearCheck:
    """Whether a year of a feed has all of its days. `next` is the SQL to run next, or None if there is nothing to do.

    A year is `folded` when the last step of its fold is done.

    `said` is the full answer of `_wh.check_views_by_template_for_year`.
    """

    feed: Feed
    year: int
    complete: bool
    status: str
    folded: bool
    found_days: int
    expected_days: int
    missing: Sequence[Span]
    next: str | None
    said: dict[str, Any]

    @property
    def can_fold(self) -> bool:
        """Whether folding it does anything, and nothing speaks against it."""
        return self.status in ("complete", _UNFINISHED)


@dataclass(frozen=True)
class Folded:
    """A year that was folded into `table`: its days, its rows, and the time that took, in seconds.

    `said` is the full answer of the first step, with the time of all.
    """

    feed: Feed
    year: int
    table: str
    days: int
    rows: int
    seconds: float
    said: dict[str, Any]


def check(session: psycopg.Connection, feed: Feed, year: int) -> YearCheck:
    """Whether a year has all of its days, by `_wh.check_views_by_template_for_year`."""
    said = one_row(
        session,
        query("slice", "check_year"),
        {"template": feed.template, "schema": feed.schema, "year": year},
    )[0]
    return YearCheck(
        feed,
        year,
        said["success"],
        said["status"],
        said["converted"] and said["status"] != _UNFINISHED,
        said["found_days"],
        said["expected_days"],
        folded([date.fromisoformat(day) for day in said["missing_days"]]),
        said["next"],
        said,
    )


def fold(
    session: psycopg.Connection, feed: Feed, year: int, between: Callable[[], None] = lambda: None
) -> Folded:
    """Fold a complete, closed year into its yearly table, or finish a fold that was stopped.

    Each step is a transaction of its own, if the session commits each statement: the table is built, then the tenant's
    view reads it, then the daily views are dropped. So no report waits for more than the change of the view. `between` is
    called before each step except the first. Raises DatabaseError if the year is not one to fold.
    """
    statement = by_role(session, "slice", "fold_year")
    about = {"template": feed.template, "schema": feed.schema, "year": year}
    first = said = one_row(session, statement, {**about, "continued": False})[0]
    seconds = first["duration_seconds"]
    while said["next"]:
        between()
        said = one_row(session, statement, {**about, "continued": True})[0]
        seconds += said.get("duration_seconds", 0)
    return Folded(
        feed,
        year,
        first["yearly_table"],
        first["processed_mvs"],
        first["total_records"],
        seconds,
        {**first, "next": None, "duration_seconds": seconds},
    )
