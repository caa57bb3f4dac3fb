"""Deadlines and budgets for what a source sends. Tenantry enforces them, whatever the source does."""

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
    """How long a source may take to answer, in seconds (None: no limit), and how many bytes it may send, in total and per row."""

    seconds: float | None
    max_bytes: int
    max_row_bytes: int


class TooMuch(SliceError):
    """A source sends more than its budget allows."""


_TOO_LARGE = re.compile(r"a row of (\d+) bytes is larger than max_row_bytes")
"""The error of the source's own query about a row (see row_limit.sql)."""


_HEARING = 2
"""Seconds that a source has to react to a cancel."""


@contextmanager
def deadline(source: psycopg.Connection, budget: Budget, what: str) -> Iterator[None]:
    """Cancel what a source does when the budget's seconds are over; if that does not help, cut its connection.

    So the program does not wait for a source that is silent or never stops sending. Raises SliceError then, and for
    data larger than the budget; `what` is the subject of the message.
    """
    over, done = threading.Event(), threading.Event()

    def end() -> None:
        over.set()
        with suppress(psycopg.Error):
            source.cancel_safe(timeout=_HEARING)
        if not done.wait(_HEARING):
            cut(source)

    # Longer than this program will run: so the case without a deadline needs no code of its own.
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
            # The cancel may still be on its way, and must not hit another statement.
            source.close()
