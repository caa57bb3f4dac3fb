"""A report that runs again and again while something is measured."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import LiteralString

import psycopg

REST = 0.005
"""Seconds between an answer and the next question."""


@dataclass(frozen=True)
class Question:
    """A query that gives one number, and the number that it should give."""

    query: LiteralString
    answer: int


@dataclass
class Answers:
    """How a question was answered: the longest time in seconds without a right answer."""

    longest_gap: float = 0.0


@contextmanager
def asking(conninfo: str, question: Question) -> Iterator[Answers]:
    """Ask in a separate session until the block ends, and pause 5 ms after each answer.

    The pause leaves the core to what is measured: otherwise a way that does not block the report would have to share
    the core, while one that blocks it would not.
    """
    answers = Answers()
    stop = threading.Event()

    def ask() -> None:
        with psycopg.connect(conninfo, autocommit=True) as session:
            # As readers have it: union views are planned by their branches' bounds.
            session.execute("SET constraint_exclusion = on")
            last = time.monotonic()
            while not stop.is_set():
                row = session.execute(question.query).fetchone()
                now = time.monotonic()
                if row is not None and row[0] == question.answer:
                    answers.longest_gap = max(answers.longest_gap, now - last)
                    last = now
                stop.wait(REST)
            answers.longest_gap = max(answers.longest_gap, time.monotonic() - last)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    try:
        yield answers
    finally:
        stop.set()
        thread.join()
