"""Deadlines and budgets for what a source sends: kept here, whatever the source does."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg

from tenantry.core.errors import SliceError
from tenantry.db.connect import cut


@dataclass(frozen=True)
class Budget:
    """What a source may take to answer, in seconds (None: as long as it likes), and bytes: of all, and of a row."""

    seconds: float | None
    max_bytes: int
    max_row_bytes: int


class TooMuch(SliceError):
    """A source sends more than its budget."""


_TOO_LARGE = re.compile(r"a row of (\d+) bytes is larger than max_row_bytes")
"""What the source's own query says of a row (see row_limit.sql)."""


_HEARING = 2
"""Seconds in which a source can heed a cancel."""


@contextmanager
def deadline(source: psycopg.Connection, budget: Budget, what: str) -> Iterator[None]:
    """End what a source does, or else cut the line to it, when the budget's seconds are over.

    So one that is silent, or sends on and on, is not waited for. Raises SliceError then, and for what is larger than the budget; `what` is the subject of its message.
    """
    over, done = threading.Event(), threading.Event()

    def end() -> None:
        over.set()
        with suppress(psycopg.Error):
            source.cancel_safe(timeout=_HEARING)
        if not done.wait(_HEARING):
            cut(source)

    # Another day than this program will see: one without a deadline needs no way of its own.
    timer = threading.Timer(min(budget.seconds or threading.TIMEOUT_MAX, threading.TIMEOUT_MAX), end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except TooMuch as error:
        source.close()
        raise SliceError(f"{what}: {error.message}", hint=error.hint) from error
    except psycopg.Error as error:
        if large := _TOO_LARGE.search(error.diag.message_primary or ""):
            raise SliceError(
                f"{what}: a row of {large[1]} bytes is larger than the {budget.max_row_bytes:,} bytes that are allowed",
                hint="Leave its large column out of the template, or allow more with the option max_row_bytes of the connection.",
            ) from error
        if not over.is_set():
            raise
        raise SliceError(
            f"{what}: the source did not finish within {budget.seconds:g} s",
            hint="Give it more time with the option deadline of its connection, or add an index at the source that serves the query.",
        ) from error
    finally:
        done.set()
        timer.cancel()
        if over.is_set():
            # Its cancel may be on the way still, and must not meet another statement.
            source.close()
