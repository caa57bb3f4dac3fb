"""Deadlines and budgets for what a source sends: kept here, whatever the source does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def deadline(source: psycopg.Connection, budget: Budget, what: str) -> Iterator[None]:
    """Cut the line to a source when the budget's seconds are over: one that is silent, or sends on and on, is not waited for.

    Raises SliceError then; `what` is the subject of its message.
    """
    if budget.seconds is None:
        yield
        return
    over = threading.Event()

    def end() -> None:
        over.set()
        cut(source)

    timer = threading.Timer(budget.seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except psycopg.Error as error:
        if not over.is_set():
            raise
        source.close()
        raise SliceError(
            f"{what}: the source did not finish within {budget.seconds:g} s",
            hint="Give it longer with the option deadline of its connection, or let an index of the source serve the query.",
        ) from error
    finally:
        timer.cancel()
