"""Asking reports, with the rights and the settings of readers: times, locks and memory."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg

from bench.reports.queries import with_literals
from bench.stage import Stage

REPEATS = 11
LEAST = 3
ENOUGH = 5
"""Seconds after which the rounds end, if there were LEAST of them: what takes long needs fewer."""


@dataclass(frozen=True)
class Answer:
    """How a report was answered: milliseconds of planning (`first_planning_ms`: for the first time in a session) and of
    execution, relations locked, and MiB of memory that the server's process took (None where it cannot be read).
    `refused` says why it was not.

    `both_ms` has planning and execution together, and `client_ms` the time in which the client had the rows, for each round.
    """

    planning_ms: float = 0
    first_planning_ms: float = 0
    execution_ms: float = 0
    locks: int = 0
    memory_mib: float | None = None
    refused: str | None = None
    both_ms: Sequence[float] = ()
    client_ms: Sequence[float] = ()


def ask(stage: Stage, query: LiteralString) -> Answer:
    """Ask in a new session, and then again and again."""
    return ask_in_turns(stage, {"": query})[""]


def ask_in_turns(
    stage: Stage, ways: Mapping[str, LiteralString], settings: Sequence[LiteralString] = ()
) -> dict[str, Answer]:
    """Ask each query in a new session, once, and then each again and again, each time beginning with another one."""
    with ExitStack() as sessions:
        asked = {name: _Asked(sessions.enter_context(reader(stage)), query) for name, query in ways.items()}
        for one in asked.values():
            for setting in settings:
                one.session.execute(setting)
        names = list(ways)
        begin = time.monotonic()
        for number in range(REPEATS + 1):
            if number > LEAST and time.monotonic() > begin + ENOUGH:
                break
            turn = number % len(names)
            for name in [*names[turn:], *names[:turn]]:
                asked[name].again()
        return {name: one.answer() for name, one in asked.items()}


@contextmanager
def reader(stage: Stage, *, autocommit: bool = True) -> Iterator[psycopg.Connection]:
    """A session on the warehouse with the rights and the settings of readers."""
    with psycopg.connect(stage.administrator, autocommit=autocommit, prepare_threshold=None) as session:
        session.execute("SET SESSION AUTHORIZATION phood_ro")
        session.execute("SET constraint_exclusion = on")
        yield session


class _Asked:
    """A query and its session."""

    def __init__(self, session: psycopg.Connection, query: LiteralString) -> None:
        self.session = session
        self._query = with_literals(session, query)
        self._planning: list[float] = []
        self._execution: list[float] = []
        self._client: list[float] = []
        self._refused: str | None = None

    def again(self) -> None:
        """Ask for the plan with its times, and for the rows."""
        if self._refused:
            return
        try:
            row = self.session.execute(
                f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY, FORMAT JSON) {self._query}".encode()
            ).fetchone()
            started = time.perf_counter()
            self.session.execute(self._query.encode()).fetchall()
            self._client.append(1000 * (time.perf_counter() - started))
        except psycopg.errors.OutOfMemory:
            self._refused = "out of locks"
            return
        assert row is not None
        self._planning.append(row[0][0]["Planning Time"])
        self._execution.append(row[0][0]["Execution Time"])

    def answer(self) -> Answer:
        """What came of it; the first time does not count."""
        if self._refused:
            return Answer(refused=self._refused)
        with self.session.transaction():
            self.session.execute(self._query.encode()).fetchall()
            locks = self.session.execute(_LOCKS).fetchone()
        assert locks is not None
        return Answer(
            planning_ms=statistics.median(self._planning[1:]),
            first_planning_ms=self._planning[0],
            execution_ms=statistics.median(self._execution[1:]),
            locks=locks[0],
            memory_mib=_memory(self.session.info.backend_pid),
            both_ms=[sum(both) for both in zip(self._planning[1:], self._execution[1:], strict=True)],
            client_ms=self._client[1:],
        )


def _memory(pid: int) -> float | None:
    """The most memory that a process of this machine has had for itself, in MiB: without the server's shared buffers."""
    kib: dict[str, int] = {}
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            name, _, value = line.partition(":")
            if name in {"VmHWM", "RssShmem", "RssFile"}:
                kib[name] = int(value.split()[0])
    return (kib["VmHWM"] - kib["RssShmem"] - kib["RssFile"]) / 1024 if len(kib) == 3 else None


# Only relations outside the catalog: this query itself locks some in it.
_LOCKS: LiteralString = "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation >= 16384"
