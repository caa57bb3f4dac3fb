"""What a long load tells its watcher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tenantry.core.model import FailedSlice, Feed, LoadedSlice


@dataclass(frozen=True)
class Waiting:
    """A slice is retried after a pause of `seconds`, for a reason that may be temporary."""

    feed: Feed
    reason: str
    seconds: float


class Watcher(Protocol):
    """Is told about the progress of a load. It is only called from the thread that started the load."""

    def planned(self, feed: Feed, to_load: int, present: int) -> None:
        """`to_load` days will be loaded; `present` days of the span are already loaded."""

    def loaded(self, slice_: LoadedSlice) -> None:
        """A slice was committed."""

    def failed(self, slice_: FailedSlice) -> None:
        """A slice was given up."""

    def waiting(self, event: Waiting) -> None:
        """A slice will be retried after a pause."""

    def indexing(self, feed: Feed) -> None:
        """All slices of a feed are loaded, and its new tables are being indexed."""

    def working(self, what: str, done: int, total: int, unit: str) -> None:
        """Work that follows a load, such as comparing days or folding years: `done` of `total` units are done."""


class Silent:
    """A watcher that ignores everything."""

    def planned(self, feed: Feed, to_load: int, present: int) -> None:
        """Nothing."""

    def loaded(self, slice_: LoadedSlice) -> None:
        """Nothing."""

    def failed(self, slice_: FailedSlice) -> None:
        """Nothing."""

    def waiting(self, event: Waiting) -> None:
        """Nothing."""

    def indexing(self, feed: Feed) -> None:
        """Nothing."""

    def working(self, what: str, done: int, total: int, unit: str) -> None:
        """Nothing."""
