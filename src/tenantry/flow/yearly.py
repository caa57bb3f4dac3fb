"""Yearly tables: a closed year of a feed in one table."""

from __future__ import annotations

from typing import Any

import psycopg

from tenantry.core.model import OPERATOR, Feed
from tenantry.db.connect import acting
from tenantry.db.queries import one_row, query


def check(session: psycopg.Connection, feed: Feed, year: int) -> dict[str, Any]:
    """What `_wh.check_views_by_template_for_year` says of a year: success, status, missing_ranges, next."""
    row = one_row(
        session, query("flow", "check_year"), {"template": feed.template, "schema": feed.schema, "year": year}
    )
    result: dict[str, Any] = row[0]
    return result


def convert(session: psycopg.Connection, feed: Feed, year: int) -> dict[str, Any]:
    """Fold a complete, closed year into its yearly table: processed_mvs, total_records, duration_seconds."""
    by_operator = acting(session) == OPERATOR
    row = one_row(
        session,
        query("operators", "fold_year") if by_operator else query("flow", "convert_year"),
        {"template": feed.template, "schema": feed.schema, "year": year},
    )
    result: dict[str, Any] = row[0]
    return result
