"""Indexing the tables that bulk loads create without indexes, on several sessions: with many tables one table each,
with a single table one index each.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import psycopg

from tenantry.core.errors import WarehouseUnreachable
from tenantry.core.model import FailedSlice, Feed
from tenantry.flow.slice import indexes
from tenantry.flow.slice.indexes import Unindexed
from tenantry.loader.retry import words
from tenantry.loader.sessions import Keeper, Sessions

T = TypeVar("T")


@dataclass(frozen=True)
class NotIndexed:
    """A table without indexes, and why. Its rows are loaded, and the next load tries again."""

    feed: Feed
    table: str
    reason: str

    def __str__(self) -> str:
        return f"{self.table} has no indexes yet: {self.reason}"


def run(keeper: Keeper, tables: Sequence[Unindexed], most: int) -> list[FailedSlice | NotIndexed]:
    """Index and analyze the tables, with at most `most` sessions; return what is left to do.

    A day fails if its rows cannot be told apart, because they moved from one day to another while those were loaded: it
    has to be loaded again. A table that fails does not stop the others. A table counts as indexed only when it has all
    indexes: whatever a killed run left, the next one completes.

    Raises:
        WarehouseUnreachable: the warehouse was lost.
    """
    at_once = min(len(tables), most)
    # Each crew has one more session, which holds the table and builds nothing.
    crews = [[keeper.take() for _ in range(1 + most // at_once)] for _ in range(at_once)]
    left = deque(tables)
    try:
        with ThreadPoolExecutor(at_once) as pool:
            try:
                done = [pool.submit(_work, crew, left) for crew in crews]
                return [item for future in done for item in future.result()]
            except BaseException:
                # Ctrl-C, or a lost warehouse: the pool does not close while a thread waits for the server.
                left.clear()
                for sessions in itertools.chain(*crews):
                    sessions.end()
                raise
    finally:
        for sessions in itertools.chain(*crews):
            if sessions.lost:
                sessions.let_go()
            keeper.give_back(sessions)


def _work(crew: Sequence[Sessions], left: deque[Unindexed]) -> list[FailedSlice | NotIndexed]:
    return [item for table in _taken(left) for item in _index(crew, table)]


def _index(crew: Sequence[Sessions], table: Unindexed) -> list[FailedSlice | NotIndexed]:
    """Let the first session hold the table while the others index it; the indexes they have built stay if one of them fails."""
    lead = crew[0].warehouse()
    try:
        with lead.transaction():
            if indexes.begin(lead, table):
                statements = indexes.missing(lead, table)
                _make(_opened(crew[1 : len(statements) + 1]), statements)
                indexes.end(lead, table)
        return []
    except psycopg.errors.UniqueViolation as error:
        return [*indexes.doubled(lead, table)] or [NotIndexed(table.feed, table.name, words(error))]
    except psycopg.Error as error:
        if lead.broken:
            raise
        return [NotIndexed(table.feed, table.name, words(error))]


def _opened(crew: Sequence[Sessions]) -> list[psycopg.Connection]:
    """As many of the wanted sessions as the warehouse has room for. Raises WarehouseUnreachable if there is no room at all."""
    opened: list[psycopg.Connection] = []
    for sessions in crew:
        try:
            opened.append(sessions.warehouse())
        except WarehouseUnreachable:
            if not opened:
                raise
            break
    return opened


def _make(sessions: Sequence[psycopg.Connection], statements: Sequence[str]) -> None:
    """Execute statements, each in whichever session is free. Raises the first error, when all sessions have stopped."""
    if not statements:
        return
    left = deque(statements)

    def work(session: psycopg.Connection) -> None:
        try:
            for statement in _taken(left):
                session.execute(statement.encode())
        except BaseException:
            left.clear()
            raise

    with ThreadPoolExecutor(len(sessions)) as pool:
        done = [pool.submit(work, session) for session in sessions]
    for future in done:
        future.result()


def _taken(left: deque[T]) -> Iterator[T]:
    """The remaining items, one after the other, while other threads take from them, too."""
    while True:
        try:
            yield left.popleft()
        except IndexError:
            return
