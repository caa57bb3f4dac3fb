"""A load that waits for the end of a move goes on in the new storage."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any, LiteralString

import pytest
from psycopg.types.json import Jsonb

from tenantry.core.days import Span
from tenantry.db.connect import session
from tenantry.flow.slice.feed import open_feed
from tenantry.loader import planning, run
from tenantry.loader.events import Silent
from tenantry.loader.result import Result
from tests.support.databases import Source, Warehouse
from tests.support.waiting import wait_until

FIRST = date(2024, 3, 30)
SPAN = Span(FIRST, FIRST + timedelta(days=4))


@pytest.mark.parametrize("only_changed", [False, True])
@pytest.mark.parametrize("storage, other", [("partition", "matview"), ("matview", "partition")])
def test_a_load_that_meets_the_end_of_a_move_goes_on_in_the_new_storage(
    acme: Warehouse, source: Source, storage: str, other: str, only_changed: bool
) -> None:
    source.fill(FIRST, 5)
    acme.run("UPDATE _wh.mv_templates SET storage = %s", (storage,))
    with session(acme.conninfo) as opened:
        feed = open_feed(opened, "foodlogstats", "acme", "acme")
    plans = planning.plan(acme.conninfo, [feed], SPAN)
    assert run.run(acme.conninfo, plans, run.Limits(), Silent()).complete
    source.run("UPDATE phood_foodlogsum SET quantity = 77")
    if only_changed:
        plans = planning.plan_changed([feed], SPAN)
    else:
        plans = planning.plan(acme.conninfo, [feed], SPAN, reload=True)

    with acme.connect() as mover:
        state: dict[str, Any] = {}

        def step() -> str:
            state.update(
                mover.execute(
                    "SELECT _wh_internal.move_step('foodlogstats', 'acme', %s, %s)",
                    (other, Jsonb(state) if state else None),
                ).fetchall()[0][0]
            )
            return str(state["phase"])

        while step() != "compare":
            pass
        results: list[Result] = []
        load = threading.Thread(
            target=lambda: results.append(run.run(acme.conninfo, plans, run.Limits(), Silent()))
        )
        load.start()
        wait_until(
            lambda: (
                acme.value(
                    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                )
                > 0
            )
        )
        while step() != "done":
            pass
        load.join(120)
    (result,) = results[0].feeds
    assert (result.failures, result.not_tried, result.complete) == ([], 0, True)
    assert acme.value("SELECT storage FROM _wh.feeds") == other
    seen: list[LiteralString] = [
        "SELECT count(*), min(quantity), max(quantity) FROM acme.foodlogstats",
        "SELECT count(*), min(quantity), max(quantity) FROM public.foodlogstats",
    ]
    assert [acme.reader.rows(report) for report in seen] == [[(15, 77, 77)]] * 2
