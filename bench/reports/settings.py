"""What prepared statements and settings of a session change for reports on all tenants."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import LiteralString

import psycopg

from bench.report import Table, paired
from bench.reports.asking import REPEATS, reader
from bench.reports.queries import PUBLIC, of_all, values, with_literals
from bench.stage import Stage

AS_IT_IS = "as it is"
_PREPARED = "prepared"
_SETTINGS: Mapping[str, tuple[LiteralString, ...]] = {
    AS_IT_IS: (),
    "jit = off": ("SET jit = off",),
    "partitionwise aggregate": ("SET enable_partitionwise_aggregate = on",),
    _PREPARED: (),
    f"{_PREPARED}, generic plan": ("SET plan_cache_mode = force_generic_plan",),
}
_UNCOUNTED = 7
"""A statement is prepared at its first execution; after five, PostgreSQL decides whether its plan depends on the values."""


def measure(stage: Stage, title: str) -> Table:
    """The client's time of each query with each of these, in turns, and what it is of the time without any."""
    found = {name: _ask(stage, query) for name, query in of_all(PUBLIC).items()}
    medians = {
        name: {way: statistics.median(times) for way, times in ways.items()} for name, ways in found.items()
    }
    ratios = {
        name: {way: paired(times, ways[AS_IT_IS]) for way, times in ways.items()}
        for name, ways in found.items()
    }
    return Table(
        f"{title}; milliseconds until a client has the rows, and their ratio to those without a setting",
        ["", AS_IT_IS, *(heading for way in list(_SETTINGS)[1:] for heading in (way, "ratio"))],
        [
            [
                name,
                f"{ways[AS_IT_IS]:.2f}",
                *(
                    cell
                    for way in list(_SETTINGS)[1:]
                    for cell in (f"{ways[way]:.2f}", f"{ratios[name][way]:.2f}")
                ),
            ]
            for name, ways in medians.items()
        ],
        [
            {"name": name, "client_ms": medians[name], "ratios": ratios[name], "runs": ways}
            for name, ways in found.items()
        ],
    )


def _ask(stage: Stage, query: LiteralString) -> dict[str, list[float]]:
    with ExitStack() as sessions:
        ways = {
            name: _asking(sessions.enter_context(reader(stage)), query, settings, name.startswith(_PREPARED))
            for name, settings in _SETTINGS.items()
        }
        times: dict[str, list[float]] = {name: [] for name in ways}
        names = list(ways)
        for number in range(_UNCOUNTED + REPEATS):
            turn = number % len(names)
            for name in [*names[turn:], *names[:turn]]:
                started = time.perf_counter()
                ways[name]()
                if number >= _UNCOUNTED:
                    times[name].append(1000 * (time.perf_counter() - started))
    return times


def _asking(
    session: psycopg.Connection, query: LiteralString, settings: tuple[LiteralString, ...], prepared: bool
) -> Callable[[], object]:
    for setting in settings:
        session.execute(setting)
    if prepared:
        session.prepare_threshold = 0
        return lambda: session.execute(query, values(), prepare=True).fetchall()
    text = with_literals(session, query).encode()
    return lambda: session.execute(text, prepare=False).fetchall()
