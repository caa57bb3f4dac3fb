"""How a load ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from tenantry.core.days import Span, folded
from tenantry.core.model import FailedSlice, Feed
from tenantry.core.words import count

if TYPE_CHECKING:
    from tenantry.loader.indexing import NotIndexed

MOST_ROWS = 100
"""Rows of a day that a comparison names one by one, unless told otherwise."""


@dataclass
class FeedResult:
    """The result of loading one feed. `not_tried` days remain because the source was lost or the run stopped.

    `unchanged` days were not loaded, because the source reports that they have not changed. `left_out` says which
    rows of the source belong to no day that can be loaded.
    """

    feed: Feed
    present: int = 0
    loaded: int = 0
    unchanged: int = 0
    rows: int = 0
    failures: list[FailedSlice] = field(default_factory=list)
    not_tried: int = 0
    source_lost: str | None = None
    not_indexed: list[NotIndexed] = field(default_factory=list)
    gone: Sequence[date] = ()
    unwanted: Span | None = None
    left_out: str | None = None

    @property
    def complete(self) -> bool:
        """Whether every day that was planned, or should have been, is loaded, in tables with indexes."""
        return not (self.failures or self.not_tried or self.source_lost or self.not_indexed or self.gone)

    @property
    def as_it_was(self) -> bool:
        """Whether the load did nothing but find days unchanged."""
        return self.complete and self.unchanged > 0 and not self.loaded


@dataclass
class Result:
    """The result of a load: a result for each feed, the wall time in seconds, and whether it was interrupted."""

    feeds: list[FeedResult]
    seconds: float
    interrupted: bool = False

    @property
    def complete(self) -> bool:
        """Whether every planned day is loaded."""
        return not self.interrupted and all(feed.complete for feed in self.feeds)

    @property
    def rows(self) -> int:
        """Rows of all slices that were loaded."""
        return sum(feed.rows for feed in self.feeds)

    @property
    def lacking(self) -> str:
        """What is not loaded, as text; empty if every planned day is."""
        failed = sum(len(f.failures) for f in self.feeds)
        left = sum(f.not_tried for f in self.feeds)
        silent = [f.feed.schema for f in self.feeds if f.source_lost and not f.failures]
        parts = [f"{count(failed, 'slice')} failed"] if failed else []
        if left:
            parts.append(f"{left:,} {'was' if left == 1 else 'were'} not tried")
        if silent:
            parts.append(f"the source of {', '.join(silent)} did not answer")
        parts += [
            f"the source of {f.feed} no longer keeps rows of {_spans(f.gone)}" for f in self.feeds if f.gone
        ]
        parts += [str(table) for f in self.feeds for table in f.not_indexed]
        return ", ".join(parts)


def _spans(days: Sequence[date]) -> str:
    found = folded(list(days))
    return ", ".join(str(span) for span in found[:3]) + (f" and {len(found) - 3} more" if found[3:] else "")
