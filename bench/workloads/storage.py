"""How much space a row takes: the same year in each storage, and as the source would store it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import LiteralString

from bench.lab import Lab
from bench.report import Table
from bench.stage import EMPTY, PARTITIONS, TEMPLATE, TENANT, Stage
from tenantry.db.connect import session
from tenantry.flow.slice import year
from tenantry.flow.slice.feed import find_feed

PLAIN = "a plain table of the same rows, no index"
_TABLES: LiteralString = "c.relkind = 'r' AND c.relname LIKE '%.foodlogstats\\_%'"
_VIEWS: LiteralString = "c.relkind = 'm'"


@dataclass(frozen=True)
class Room:
    """Bytes of some relations, and their rows."""

    heap: int
    indexes: int
    rows: int


def measure(lab: Lab) -> list[Table]:
    """One table. An incomplete year cannot be folded, so that line is left out."""
    stage = lab.stage
    whole = (stage.size.first.month, stage.size.first.day, stage.size.last.month, stage.size.last.day) == (
        1,
        1,
        12,
        31,
    )
    rooms: dict[str, Room] = {}
    for start, name, loaded, folded in (
        (PARTITIONS, "partition", _TABLES, _TABLES),
        (EMPTY, "matview", _VIEWS, _TABLES),
    ):
        stage.reset(start)
        lab.tell(f"{name} storage: loading")
        stage.load(stage.warehouse)
        rooms[f"{name} storage, as loaded"] = _room(stage, loaded)
        if whole:
            with session(stage.warehouse) as owner:
                year.fold(owner, find_feed(owner, TEMPLATE, TENANT), stage.size.first.year)
            rooms[f"{name} storage, the year folded"] = _room(stage, folded)
    with session(stage.warehouse) as owner:
        owner.execute("CREATE TABLE public.plain AS SELECT * FROM acme.foodlogstats")
    rooms[PLAIN] = _room(stage, "c.relname = 'plain'")
    return [_table(stage, rooms)]


def _room(stage: Stage, which: LiteralString) -> Room:
    """The space of all relations that match `which`, with their TOAST tables, which count as heap."""
    with session(stage.warehouse) as owner:
        row = owner.execute(
            "SELECT sum(pg_table_size(c.oid)), sum(pg_indexes_size(c.oid)),"
            " (SELECT count(*) FROM acme.foodlogstats) FROM pg_class c WHERE " + which
        ).fetchone()
    assert row is not None
    return Room(int(row[0]), int(row[1]), int(row[2]))


def _table(stage: Stage, rooms: Mapping[str, Room]) -> Table:
    plain = rooms[PLAIN]
    lines, results = [], []
    for name, room in rooms.items():
        ratio = room.heap / plain.heap
        lines.append(
            [
                name,
                f"{room.heap / room.rows:.0f}",
                f"{room.indexes / room.rows:.0f}",
                f"{(room.heap + room.indexes) / room.rows:.0f}",
                f"{ratio:.2f}",
            ]
        )
        results.append({"name": name, **asdict(room), "ratios": {"plain heap": round(ratio, 3)}})
    title = f"Bytes a row, of {stage.size.rows:,} rows in {stage.size.days:,} days"
    return Table(title, ["", "heap", "indexes", "both", "heap / plain"], lines, results)
