"""Results in the shape of their JSON, where that differs from the dataclass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tenantry.core.errors import TenantryError

if TYPE_CHECKING:
    from tenantry.core.model import FailedSlice, Feed
    from tenantry.flow.slice.year import Folded
    from tenantry.loader.result import FeedResult, Result
    from tenantry.loader.verify import FeedVerdict
    from tenantry.schemas import records


def load(result: Result) -> records.Load:
    """How a load ended."""
    return {
        "complete": result.complete,
        "interrupted": result.interrupted,
        "rows": result.rows,
        "duration_seconds": round(result.seconds, 3),
        "feeds": [_feed_load(item) for item in result.feeds],
    }


def _feed_load(item: FeedResult) -> records.FeedLoad:
    return {
        "tenant": item.feed.schema,
        "template": item.feed.template,
        "loaded": item.loaded,
        "rows": item.rows,
        "present": item.present,
        "unchanged": item.unchanged,
        "not_tried": item.not_tried,
        "source_lost": item.source_lost,
        "gone": item.gone,
        "before_first_day": item.unwanted,
        "failed": len(item.failures),
        "failures": slice_failures(item.failures),
        "not_indexed": [{"table": table.table, "error": table.reason} for table in item.not_indexed],
    }


def slice_failures(failures: Sequence[FailedSlice]) -> list[records.SliceFailure]:
    """The slices that could not be loaded."""
    return [
        {
            "tenant": failure.feed.schema,
            "template": failure.feed.template,
            "day": failure.day,
            "error": failure.error,
            "sqlstate": failure.sqlstate,
            "of_source": failure.of_source,
        }
        for failure in failures
    ]


def failures_of_tenants(failures: Sequence[tuple[str, TenantryError]]) -> list[records.TenantFailure]:
    """Errors by tenant."""
    return [{"tenant": name, "error": error.message} for name, error in failures]


def different_days(compared: Sequence[FeedVerdict]) -> list[records.DifferentDay]:
    """The days that differ from their sources."""
    return [
        {
            "tenant": verdict.feed.schema,
            "template": verdict.feed.template,
            "day": day.day,
            "source_rows": day.source_rows,
            "warehouse_rows": day.warehouse_rows,
        }
        for verdict in compared
        for day in verdict.different
    ]


def not_compared(compared: Sequence[FeedVerdict]) -> list[records.UncomparedDay]:
    """The days that could not be compared."""
    return [
        {"tenant": verdict.feed.schema, "template": verdict.feed.template, "day": day, "error": error}
        for verdict in compared
        for day, error in verdict.failed.items()
    ]


def rows_ahead(ahead: Mapping[Feed, int]) -> list[records.RowsAhead]:
    """How many rows of feeds are dated after what is loaded."""
    return [{"tenant": feed.schema, "template": feed.template, "rows": rows} for feed, rows in ahead.items()]


def folded_year(folded: Folded) -> records.FoldedYear:
    """A year that was folded."""
    return {
        "tenant": folded.feed.schema,
        "template": folded.feed.template,
        "year": folded.year,
        "table": folded.table,
        "days": folded.days,
        "rows": folded.rows,
        "duration_seconds": folded.seconds,
    }
