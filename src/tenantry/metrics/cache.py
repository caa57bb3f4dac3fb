"""One query for all who ask: the numbers of a warehouse, at most once in fifteen seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from tenantry.core.errors import TenantryError

if TYPE_CHECKING:
    from tenantry.observe.metrics import Counted, Metrics
    from tenantry.warehouse import Warehouse

KEPT = 15.0
"""Seconds for which numbers are good, and for which a failure is not tried again."""

COUNTED = 600.0
"""Seconds after which the records of earlier days are read again."""


class Cache:
    """The numbers of a warehouse for many threads.

    A thread of its own asks the warehouse, so whoever waits for a warehouse that hangs waits for `patience` seconds only.
    `told` is called with the message of a failure, and with None when the warehouse answers again.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        *,
        kept: float = KEPT,
        patience: float = 5.0,
        limit: int = 30,
        told: Callable[[str | None], None] = lambda failure: None,
    ) -> None:
        """`limit` is how many seconds a query may take, after which the server ends it."""
        self._warehouse = warehouse
        self._kept = kept
        self._patience = patience
        self._limit = limit
        self._told = told
        self._changed = threading.Condition()
        self._asking = False
        self._found: Metrics | None = None
        self._failure: str | None = None
        self._at: float | None = None
        self._counted: Counted | None = None
        self._counted_at = 0.0
        self._texts: dict[bool, bytes] = {}

    def numbers(self) -> Metrics | None:
        """The numbers, at most fifteen seconds old; None if the warehouse does not give any, or not soon enough."""
        with self._changed:
            until = time.monotonic() + self._patience
            before = self._at
            # What has come meanwhile is good even if it has become old before this thread woke up.
            while not self._is_good() and self._at == before:
                if not self._asking:
                    # It ends by itself, and waits for the lock that is held here.
                    threading.Thread(target=self._ask, name="tenantry-metrics", daemon=True).start()
                    self._asking = True
                left = until - time.monotonic()
                if left <= 0:
                    return None
                self._changed.wait(left)
            return self._found

    def text(self, open_metrics: bool, write: Callable[[Metrics | None], bytes]) -> bytes:
        """The numbers as a text, which is written once for all who ask."""
        found = self.numbers()
        with self._changed:
            kept = self._texts.get(open_metrics) if found is not None and found is self._found else None
        if kept is not None:
            return kept
        text = write(found)
        with self._changed:
            if found is not None and found is self._found:
                self._texts[open_metrics] = text
        return text

    def _is_good(self) -> bool:
        return self._at is not None and time.monotonic() - self._at < self._kept

    def _ask(self) -> None:
        found: Metrics | None = None
        failure: str | None = None
        try:
            if time.monotonic() - self._counted_at > COUNTED:
                self._counted = None
            found = self._warehouse.metrics(self._counted, patience=self._limit)
            if self._counted is None:
                self._counted, self._counted_at = found.counted, time.monotonic()
        except TenantryError as error:
            failure = error.message
        except Exception as error:  # noqa: BLE001 - whoever scrapes gets an answer even then
            failure = f"{type(error).__name__}: {error}"
        finally:
            with self._changed:
                was, self._failure = self._failure, failure
                self._found, self._at, self._asking = found, time.monotonic(), False
                self._texts.clear()
                self._changed.notify_all()
        if failure != was:
            self._told(failure)
