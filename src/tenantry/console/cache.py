"""What several viewers see alike is read once until it changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from tenantry.core.days import today_utc

T = TypeVar("T")

_LONGEST = 60.0
"""Seconds after which it is read again in any case: sizes grow, and moments pass, without a change that is counted."""

_SHARE = 5.0
"""While changes go on, it is read again at most after this many times as long as reading took."""


@dataclass
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    value: Any = None
    counters: dict[str, int] = field(default_factory=dict)
    day: date | None = None
    at: float = 0.0
    took: float = 0.0


class Cache:
    """Keeps what was read last, by name. Only for what everybody who may `look` may see."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def get(self, name: str, counters: dict[str, int], read: Callable[[], T]) -> T:
        """Return what `read` returned last, or read it again if `counters` (see `Warehouse.changes`) or the day changed since."""
        with self._lock:
            kept = self._kept.setdefault(name, _Kept())
        with kept.lock:
            age = time.monotonic() - kept.at
            same = (kept.counters == counters and age < _LONGEST) or age < _SHARE * kept.took
            if kept.day != today_utc() or not same:
                begun = time.monotonic()
                kept.value, kept.counters, kept.day = read(), counters, today_utc()
                kept.at = time.monotonic()
                kept.took = kept.at - begun
            value: T = kept.value
            return value
