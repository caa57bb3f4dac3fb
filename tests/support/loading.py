"""The two ways in which days come into the warehouse, for tests that hold both to the same word."""

from __future__ import annotations

from datetime import date
from typing import Protocol

import psycopg

from tenantry.core.days import Span
from tenantry.db.connect import session
from tenantry.flow.slice.feed import open_feed
from tenantry.loader import planning, run
from tenantry.loader.events import Silent
from tests.support.databases import Warehouse


class Pull(Protocol):
    """Pull the days from the first to the last, both included, new or again, of a tenant; raise if one fails."""

    def __call__(
        self, warehouse: Warehouse, first: date, last: date, *, template: str = ..., name: str = ...
    ) -> None: ...


def by_loader(
    warehouse: Warehouse, first: date, last: date, *, template: str = "foodlogstats", name: str = "acme"
) -> None:
    """With the library: streamed where the storage allows it."""
    with session(warehouse.conninfo) as opened:
        feed = open_feed(opened, template, name, name)
    plans = planning.plan(warehouse.conninfo, [feed], Span(first, last), reload=True)
    (result,) = run.run(warehouse.conninfo, plans, run.Limits(), Silent()).feeds
    assert result.complete, result


def by_sql(
    warehouse: Warehouse, first: date, last: date, *, template: str = "foodlogstats", name: str = "acme"
) -> None:
    """With the SQL functions: through dblink."""
    with psycopg.connect(warehouse.conninfo, autocommit=True) as opened:
        done = opened.execute(
            "SELECT _wh.update_mv_window_by_template(%s, %s, %s, %s, %s)", (template, name, name, first, last)
        ).fetchone()
        opened.execute("SELECT _wh.update_public_view_by_template(%s)", (template,))
    assert done is not None
    assert done[0]["failed"] == 0, done[0]
