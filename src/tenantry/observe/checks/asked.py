"""What sources answer when the doctor asks them: several at a time, each over one login."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from threading import Event, Timer
from typing import Self

import psycopg

from tenantry.core.errors import TenantryError
from tenantry.core.model import Feed
from tenantry.db.connect import cut, open_session
from tenantry.db.errors import translated
from tenantry.db.queries import one_row, query
from tenantry.flow.slice import at_source
from tenantry.flow.slice.slice import hold_source, release_source
from tenantry.flow.source.connection import asking

_AT_ONCE = 8
"""How many sources are asked at a time; each needs a session on the warehouse."""


@dataclass(frozen=True)
class Answer:
    """`seconds` for login and query; `skew` is the minimum number of seconds by which the source's clock is ahead.

    `encrypted` is what the source reports about the session, None if nothing; `local` if the connection does not leave
    the warehouse's host. `ahead` has, for each feed that was asked for, the number of the source's rows that are dated
    after the last day that is loaded; 0 if the source does not tell in time.
    """

    seconds: float
    skew: float
    encrypted: bool | None
    sslmode: str | None
    local: bool
    ahead: Sequence[int]


def ask(
    conninfo: str, sources: Mapping[str, Sequence[Feed]], limit: float
) -> Iterator[tuple[str, Answer | TenantryError | None]]:
    """Ask each connection about itself and its feeds. Instead of an answer, say why the source cannot be used, or None
    if it did not answer a question within `limit` seconds. In the order of `sources`.
    """
    with _Sessions(conninfo) as sessions, ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = pool.map(lambda name: _ask(sessions, name, sources[name], limit), sources)
        yield from zip(sources, answers, strict=True)


def _ask(
    sessions: _Sessions, name: str, feeds: Sequence[Feed], limit: float
) -> Answer | TenantryError | None:
    late = Event()
    try:
        with sessions.lent() as opened:
            with _at_most(limit, opened, late), asking(opened, name):
                (begun,) = one_row(opened, query("health", "clock"))
                hold_source(opened, name)
                facts = one_row(opened, query("health", "ask_source"), {"name": name})
            ahead = [_count_ahead(opened, feed, limit) for feed in feeds]
            if not opened.closed:
                release_source(opened, name)
    except TenantryError as error:
        return None if late.is_set() else error
    before, there, after, encrypted, sslmode, local = facts
    seconds, skew = (after - begun).total_seconds(), _ahead(before, there, after)
    return Answer(seconds, skew, encrypted, sslmode, local, ahead)


def _count_ahead(opened: psycopg.Connection, feed: Feed, limit: float) -> int:
    try:
        with _at_most(limit, opened, Event()):
            return at_source.rows_ahead(opened, feed)
    except (TenantryError, psycopg.Error):
        return 0


@contextmanager
def _at_most(limit: float, opened: psycopg.Connection, late: Event) -> Iterator[None]:
    """Cut the session and set `late` when the block takes longer than `limit` seconds: a server that waits for a source
    may not even notice a cancel.
    """

    def give_up() -> None:
        late.set()
        cut(opened)

    alarm = Timer(limit, give_up)
    alarm.start()
    try:
        yield
    finally:
        alarm.cancel()


def _ahead(before: datetime, there: datetime, after: datetime) -> float:
    """By how many seconds a clock is certainly ahead (or, negative, behind), read between two readings of another."""
    if there > after:
        return (there - after).total_seconds()
    return min((there - before).total_seconds(), 0.0)


class _Sessions:
    """Sessions on the warehouse, which are lent for one source after the other."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._free: SimpleQueue[psycopg.Connection] = SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(Empty):
            while True:
                self._free.get_nowait().close()

    @contextmanager
    def lent(self) -> Iterator[psycopg.Connection]:
        """A session; if the block fails or the session is cut, nobody else gets it. Raises TenantryError."""
        with translated():
            try:
                opened = self._free.get_nowait()
            except Empty:
                opened = open_session(self._conninfo, name="tenantry doctor")
                opened.execute(query("health", "find_dblink"))
            try:
                yield opened
            except BaseException:
                opened.close()
                raise
        if not opened.closed:
            self._free.put(opened)
