"""A request by another thread to stop what this one does, as Ctrl-C does in the main thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar


class Stop:
    """A request to stop. `ask` it from any thread; what runs within `heeding` notices, and raises KeyboardInterrupt."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = False
        self._calls: list[Callable[[], None]] = []

    @property
    def asked(self) -> bool:
        """Whether somebody has asked to stop."""
        return self._asked

    def ask(self) -> None:
        """Ask to stop. Asking again helps if a statement began just after the first time."""
        with self._lock:
            calls = list(self._calls)
            self._asked = True
        for call in calls:
            call()

    def check(self) -> None:
        """Raise KeyboardInterrupt if somebody has asked to stop."""
        if self._asked:
            raise KeyboardInterrupt

    @contextmanager
    def calling(self, call: Callable[[], None]) -> Iterator[None]:
        """Call `call`, from the thread that asks, if somebody asks during the block, or has asked before."""
        with self._lock:
            self._calls.append(call)
            asked = self._asked
        try:
            if asked:
                call()
            yield
        finally:
            with self._lock:
                self._calls.remove(call)


_heeded: ContextVar[Stop | None] = ContextVar("the request to stop that is heeded", default=None)


@contextmanager
def heeding(stop: Stop) -> Iterator[None]:
    """Let what runs in the block, in this thread, heed a request to stop."""
    token = _heeded.set(stop)
    try:
        yield
    finally:
        _heeded.reset(token)


@contextmanager
def when_asked(call: Callable[[], None]) -> Iterator[None]:
    """Call `call` if this thread heeds a request to stop, as `Stop.calling` does."""
    stop = _heeded.get()
    with nullcontext() if stop is None else stop.calling(call):
        yield


def check() -> None:
    """Raise KeyboardInterrupt if this thread heeds a request to stop, and somebody has made it."""
    stop = _heeded.get()
    if stop is not None:
        stop.check()
