"""Tells open pages that something changed, so that they ask again. It tells what kind of thing, never what it is."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import suppress

from tenantry.console.sessions import Session, Sessions
from tenantry.core.errors import TenantryError
from tenantry.warehouse import Warehouse

EVERY = 1.0
"""Seconds between two looks; one query each, however many pages are open."""

_HEARTBEAT = 15.0
_MOST_STREAMS = 8
"""Open pages of one session that are told at once."""


class Live:
    """Looks for changes in a thread, and keeps a stream for each open page."""

    def __init__(self, conninfo: str, sessions: Sessions) -> None:
        self._conninfo = conninfo
        self._sessions = sessions
        self._stopping = threading.Event()
        self._streams: set[asyncio.Queue[frozenset[str]]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._look, name="live", daemon=True)

    def start(self) -> None:
        """Begin to look; called in the event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def stop(self) -> None:
        """End the thread and all streams."""
        self._stopping.set()
        for stream in self._streams:
            stream.put_nowait(frozenset())

    async def stream(self, session: Session) -> AsyncIterator[str]:
        """The events of a page, as `text/event-stream`, until the session ends."""
        if session.streams >= _MOST_STREAMS:
            # A browser asks again after this many milliseconds.
            yield "retry: 60000\n\n"
            return
        changes: asyncio.Queue[frozenset[str]] = asyncio.Queue(maxsize=100)
        session.streams += 1
        self._streams.add(changes)
        try:
            yield "retry: 5000\nevent: open\ndata:\n\n"
            while not session.ended and not self._stopping.is_set():
                try:
                    async with asyncio.timeout(_HEARTBEAT):
                        topics = await changes.get()
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if topics:
                    yield f"event: changed\ndata: {' '.join(sorted(topics))}\n\n"
        finally:
            self._streams.discard(changes)
            session.streams -= 1

    def tell(self, *topics: str) -> None:
        """Tell open pages of a change that is not the warehouse's; from any thread."""
        with suppress(RuntimeError):
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._tell, frozenset(topics))

    def _look(self) -> None:
        while not self._stopping.is_set():
            try:
                for topics in Warehouse(self._conninfo).follow_changes(EVERY, self._stopping):
                    self._sessions.prune()
                    if topics and self._loop is not None:
                        self._loop.call_soon_threadsafe(self._tell, topics)
            except (TenantryError, RuntimeError):
                # The warehouse or the loop is gone for now.
                self._stopping.wait(5)

    def _tell(self, topics: frozenset[str]) -> None:
        for stream in self._streams:
            if not stream.full():
                stream.put_nowait(topics)
