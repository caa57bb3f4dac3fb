"""What sending has in common: an answer that was none, and how long an answer may take."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

WAIT = 10.0
"""Seconds without a byte from the other side."""

WHOLE = 30.0
"""Seconds that sending a message may take altogether."""


class NotTaken(Exception):
    """The other side did not take a message; the text says why."""


@contextmanager
def in_time(current: Callable[[], socket.socket | None], limit: float | None = None) -> Iterator[None]:
    """Cut the line after WHOLE seconds: another side that sends a byte now and then must not hold a message forever."""

    def cut() -> None:
        used = current()
        if used is not None:
            with suppress(OSError):
                used.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(WHOLE if limit is None else limit, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
