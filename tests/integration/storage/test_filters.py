"""Which conditions of report tools leave out what they do not ask for: the table in docs/how-to/connect-bi-tools.md."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.support.databases import Source, Warehouse
from tests.support.samples.small_template import define, make_ticks

GUIDE = Path(__file__).parents[3] / "docs" / "how-to" / "connect-bi-tools.md"
DAYS = [date(2024, month, 10) for month in range(1, 9)]


def read(plan: Any, *, executed: bool) -> int:
    """The slices or partitions in a plan, or those that are read when it is executed."""
    if executed and plan.get("Actual Loops") == 0:
        return 0
    own = int("Relation Name" in plan) + (0 if executed else plan.get("Subplans Removed", 0))
    return own + sum(read(child, executed=executed) for child in plan.get("Plans", []))


def when(warehouse: Warehouse, condition: str) -> str:
    """When a condition leaves out what it rules out."""
    query = f"SELECT count(*) FROM public.ticks WHERE {condition}"
    counted = []
    for options in ("FORMAT JSON", "FORMAT JSON, ANALYZE"):
        plan = warehouse.reader.value(f"EXPLAIN ({options}) {query}")[0]["Plan"]
        counted.append(read(plan, executed="ANALYZE" in options))
    if counted[0] <= 2:
        return "planning"
    return "start" if counted[1] <= 2 else "no"


def table() -> list[tuple[str, str, str]]:
    """The conditions in the guide, and when each prunes in partitions and in materialized views."""
    text = GUIDE.read_text(encoding="utf-8").partition("## Filters that prune")[2].partition("\n## ")[0]
    rows = re.findall(r"^\|[^|]*\| `(.*?)`[^|]*\| (\w+) \| (\w+) \|$", text, re.MULTILINE)
    return [(condition, partition, matview) for condition, partition, matview in rows]


@pytest.mark.parametrize("storage", ["partition", "matview"])
def test_the_guide_says_which_filters_prune(acme: Warehouse, source: Source, storage: str) -> None:
    make_ticks(source, DAYS[0], 250)
    define(acme)
    acme.run(
        "UPDATE _wh.mv_templates SET storage = %s, partition_by = 'month' WHERE template_name = 'ticks'",
        (storage,),
    )
    for day in DAYS:
        acme.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)", (day,))
    acme.run("SELECT _wh.update_public_view_by_template('ticks')")
    told = {}
    for condition, partition, matview in table():
        asked = condition.replace("logged_time", "at").replace("2026-08", "2024-08")
        told[condition] = (partition, matview), when(acme, asked)
    assert len(told) >= 12
    column = 0 if storage == "partition" else 1
    assert {c: t[1] for c, t in told.items()} == {c: t[0][column] for c, t in told.items()}
