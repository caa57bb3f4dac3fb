"""Ask many sources, several at once: each through one login, all through a handful of sessions on the warehouse."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from typing import Generic, TypeVar

import psycopg

from tenantry.core.errors import SourceError
from tenantry.core.model import Feed
from tenantry.db.connect import cut, session
from tenantry.flow.slice.slice import held_source
from tenantry.flow.source.connection import asking

MOST_AT_ONCE = 8
"""Sessions on the warehouse. A source that does not answer keeps one of them waiting, and not the others."""

Answer = TypeVar("Answer")

Question = Callable[[psycopg.Connection, Feed], Answer]
"""What is asked about a feed, in a session on the warehouse that holds a login to the feed's source."""


def ask_each(
    conninfo: str, feeds: Iterable[Feed], question: Question[Answer]
) -> dict[Feed, Answer | SourceError]:
    """Return the answer about each feed, in their order; of a source that refuses or does not answer, the error.

    Other errors are raised once all threads have ended. Ctrl-C cuts the sessions, so that none of them waits any longer.
    """
    feeds = list(feeds)
    by_source: dict[str, list[Feed]] = {}
    for feed in feeds:
        by_source.setdefault(feed.connection, []).append(feed)
    asked = _Asking(conninfo, question, by_source.values())
    threads = [
        threading.Thread(target=asked.run, daemon=True) for _ in range(min(len(by_source), MOST_AT_ONCE))
    ]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except BaseException:
        asked.stop()
        raise
    if asked.failure is not None:
        raise asked.failure
    return {feed: asked.answers[feed] for feed in feeds}


class _Asking(Generic[Answer]):
    """What the threads share: the sources that are left, and the answers."""

    def __init__(self, conninfo: str, question: Question[Answer], sources: Iterable[Sequence[Feed]]) -> None:
        self._conninfo = conninfo
        self._question = question
        self._left: queue.SimpleQueue[Sequence[Feed]] = queue.SimpleQueue()
        for feeds in sources:
            self._left.put(feeds)
        self._lock = threading.Lock()
        self._open: set[psycopg.Connection] = set()
        self._stopped = False
        self.answers: dict[Feed, Answer | SourceError] = {}
        self.failure: BaseException | None = None

    def run(self) -> None:
        """Ask one source after the other, in a session of this thread's."""
        try:
            with session(self._conninfo) as opened:
                with self._lock:
                    self._open.add(opened)
                while not self._stopped:
                    self._ask(opened, self._left.get_nowait())
        except queue.Empty:
            return
        except BaseException as error:  # noqa: BLE001 - the thread that waits raises it
            self.failure = self.failure or error
            self._stopped = True

    def stop(self) -> None:
        """Let the threads end soon, from another thread."""
        self._stopped = True
        with self._lock:
            for opened in self._open:
                if not opened.closed:
                    cut(opened)

    def _ask(self, opened: psycopg.Connection, feeds: Sequence[Feed]) -> None:
        with ExitStack() as stack:
            name = feeds[0].connection
            try:
                with asking(opened, name):
                    stack.enter_context(held_source(opened, name))
            except SourceError as error:
                self.answers.update(dict.fromkeys(feeds, error))
                return
            for feed in feeds:
                try:
                    self.answers[feed] = self._question(opened, feed)
                except SourceError as error:
                    self.answers[feed] = error
