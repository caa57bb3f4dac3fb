"""Yearly tables: a closed year of a feed in one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg

from tenantry.core.days import Span, folded
from tenantry.core.model import Feed
from tenantry.db.by_role import by_role
from tenantry.db.queries import one_row, query


@dataclass(frozen=True)
class YearCheck:
    """Whether a year of a feed has all of its days. `next` is the SQL to run next, or None if there is nothing to do.

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


@dataclass(frozen=True)
class Folded:
    """A year that was folded into `table`: its days, its rows, and the time that took, in seconds.

    `said` is the full answer of `_wh.create_combined_table_from_template_by_year`.
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
        said["converted"],
        said["found_days"],
        said["expected_days"],
        folded([date.fromisoformat(day) for day in said["missing_days"]]),
        said["next"],
        said,
    )


def fold(session: psycopg.Connection, feed: Feed, year: int) -> Folded:
    """Fold a complete, closed year into its yearly table. Raises DatabaseError if it is not one."""
    about = {"template": feed.template, "schema": feed.schema, "year": year}
    said = one_row(session, by_role(session, "slice", "fold_year"), about)[0]
    return Folded(
        feed,
        year,
        said["yearly_table"],
        said["processed_mvs"],
        said["total_records"],
        said["duration_seconds"],
        said,
    )
