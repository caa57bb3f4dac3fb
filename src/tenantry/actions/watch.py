"""How far an action is, as its load tells it."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date
from typing import Any

from tenantry.core.model import FailedSlice, Feed, LoadedSlice
from tenantry.flow.action.model import Progress
from tenantry.loader.events import Waiting
from tenantry.loader.stopping import Stop

_MOST = 500
"""Characters of an error."""


class Watch:
    """A watcher of loads and comparisons, which another thread reads. Ends them when `stop` is asked for."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._lock = threading.Lock()
        self._progress = Progress("beginning")
        self._days: set[tuple[Feed, date]] = set()

    @property
    def progress(self) -> Progress:
        """How far it is now."""
        with self._lock:
            return self._progress

    def _now(self, **facts: Any) -> None:
        with self._lock:
            self._progress = replace(self._progress, **facts)
        self._stop.check()

    def planned(self, feed: Feed, to_load: int, present: int) -> None:
        """A load begins, or has another feed."""
        so_far = self.progress
        if so_far.what != "loading":
            self._days.clear()
            so_far = replace(so_far, done=0, total=0)
        self._now(what="loading", done=so_far.done, total=so_far.total + to_load, unit="day", at=str(feed))

    def loaded(self, slice_: LoadedSlice) -> None:
        """A day is loaded, or has not changed."""
        so_far = self.progress
        self._days.add((slice_.feed, slice_.day))
        self._now(
            what="loading",
            done=min(len(self._days), so_far.total),
            rows=so_far.rows + slice_.rows,
            at=str(slice_.feed),
        )

    def failed(self, slice_: FailedSlice) -> None:
        """A day has failed."""
        self._days.add((slice_.feed, slice_.day))
        so_far = self.progress
        self._now(
            done=min(len(self._days), so_far.total),
            failed=so_far.failed + 1,
            error=f"{slice_.feed} {slice_.day}: {slice_.error}"[:_MOST],
            at=str(slice_.feed),
        )

    def waiting(self, event: Waiting) -> None:
        """A day is tried again soon."""
        self._now(error=f"{event.feed}: {event.reason}"[:_MOST], at=str(event.feed))

    def indexing(self, feed: Feed) -> None:
        """Tables are being indexed."""
        self._now(what="indexing", at=str(feed))

    def working(self, what: str, done: int, total: int, unit: str) -> None:
        """Other work."""
        self._now(what=what, done=done, total=total, unit=unit)

    def compared(self, feed: Feed, days: int, rows: int) -> None:
        """Days have been compared."""
        so_far = self.progress
        self._now(done=so_far.done + days, rows=so_far.rows + rows, at=str(feed))

    def step(self, name: str, told: str) -> None:
        """A step is finished, or begins."""
        self._stop.check()
