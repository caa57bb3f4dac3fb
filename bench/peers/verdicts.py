"""Whether days that a program has loaded again are right: rows that are gone, and rows that moved to another day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from bench.contest import Contestant
from bench.lab import Lab
from bench.measure import CommandFailed
from bench.measure import measure as run
from bench.stage import Stage

RIGHT = "right"


@dataclass(frozen=True)
class Case:
    """Something that happens at the source, and the days that are loaded again because of it, in this order.

    `more` says what it means if the warehouse then has too many rows of these days.
    """

    name: str
    change: LiteralString
    days: Sequence[LiteralString]
    undo: LiteralString | None = None
    more: str = "kept"


_MOVE_ON: LiteralString = (
    "UPDATE phood_foodlogsum SET logged_time = logged_time + interval '1 day' WHERE id = %(row)s"
)
_MOVE_BACK: LiteralString = _MOVE_ON.replace("+", "-")

# `row` is a row of the last day, around noon; `former_row` one of the day before.
CASES = (
    Case(
        "moved row, old day first",
        _MOVE_ON.replace("(row)", "(former_row)"),
        ("former", "day"),
        undo=_MOVE_BACK.replace("(row)", "(former_row)"),
        more="twice",
    ),
    Case("moved row, new day first", _MOVE_BACK, ("former", "day"), undo=_MOVE_ON, more="twice"),
    Case("deleted row", "DELETE FROM phood_foodlogsum WHERE id = %(row)s", ("day",)),
    Case(
        "emptied day",
        "DELETE FROM phood_foodlogsum WHERE logged_time >= %(former)s::timestamp AT TIME ZONE 'UTC'"
        " AND logged_time < %(day)s::timestamp AT TIME ZONE 'UTC'",
        ("former",),
    ),
)


@dataclass(frozen=True)
class Judged:
    """What is judged: the table that it fills, and how it loads a day again."""

    name: str
    table: LiteralString
    again: Callable[[date], Contestant]


def judge(lab: Lab, judged: Sequence[Judged], last: date) -> dict[str, dict[str, str]]:
    """What each makes of each case, by its name and the case's, after loading the days up to the last one before.

    The last two cases stay at the source.
    """
    stage = lab.stage
    days = {"former": last - timedelta(days=1), "day": last}
    # source.sql numbers the rows day by day.
    row = (last - stage.size.first).days * stage.size.per_day + 1 + stage.size.per_day // 2
    parameters = {**days, "row": row, "former_row": row - stage.size.per_day}
    verdicts: dict[str, dict[str, str]] = {it.name: {} for it in judged}
    for case in CASES:
        stage.change_source(case.change, parameters)
        again = [days[day] for day in case.days]
        truth = _facts(stage.source, "public.bench_rows", again)
        for it in judged:
            verdicts[it.name][case.name] = _verdict(stage, case, it, again, truth)
        if case.undo is not None:
            stage.change_source(case.undo, parameters)
    for name, found in verdicts.items():
        lab.tell(f"{name}: {found}")
    return verdicts


def _verdict(stage: Stage, case: Case, it: Judged, days: Sequence[date], truth: tuple[Any, ...]) -> str:
    ways = [it.again(day) for day in days]
    assert ways[0].start is not None
    stage.reset(ways[0].start)
    for way in ways:
        try:
            run(way.pipeline, way.environment, stage.files / "log")
        except CommandFailed:
            return "refused"
    found = _facts(stage.warehouse, it.table, days)
    if found[0] == truth[0]:
        return RIGHT if found == truth else "other values"
    return case.more if found[0] > truth[0] else "lost"


def _facts(conninfo: str, table: LiteralString, days: Sequence[date]) -> tuple[Any, ...]:
    """Rows, and sums over them, of successive days."""
    with psycopg.connect(conninfo) as asked:
        row = asked.execute(
            sql.SQL(
                "SELECT count(*), sum(id::bigint), sum(weight), sum(hashtext(store)::bigint), max(logged_time) FROM {}"
                " WHERE logged_time >= {} AND logged_time < {}"
            ).format(
                sql.Identifier(*table.split(".")),
                f"{days[0]} 00:00:00+00",
                f"{days[-1] + timedelta(days=1)} 00:00:00+00",
            )
        ).fetchone()
    assert row is not None
    return row
