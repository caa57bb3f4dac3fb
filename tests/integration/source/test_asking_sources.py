"""Planning asks many sources at once, each through one login, and the warehouse through a few sessions for all of them."""

from __future__ import annotations

import socket
from datetime import date

import psycopg
import pytest

from tenantry.core.errors import SourceError
from tenantry.core.model import Feed
from tenantry.db.connect import session
from tenantry.flow.slice import each_source
from tenantry.flow.slice import slice as slices
from tenantry.flow.slice.each_source import ask_each
from tenantry.flow.slice.feed import list_feeds
from tenantry.loader import planning
from tests.support.databases import Database, Source, Warehouse
from tests.support.samples.small_template import define, make_ticks
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

FIRST = date(2024, 3, 1)
TENANTS = 12


@pytest.fixture
def fleet(warehouse: Warehouse, source: Source) -> list[Feed]:
    """Two feeds of each tenant; all sources are one database."""
    make_ticks(source, FIRST, 2)
    source.fill(FIRST, 2)
    define(warehouse)
    for number in range(TENANTS):
        add(warehouse, source, f"tenant_{number:02}")
    with session(warehouse.conninfo) as opened:
        return list_feeds(opened)


def add(warehouse: Warehouse, source: Source, name: str) -> None:
    warehouse.connect_to(source, name)
    warehouse.run("SELECT _wh_internal.create_tenant_schema(%s)", (name,))
    for template in ("foodlogstats", "ticks"):
        warehouse.run("SELECT _wh_internal.open_feed(%s, %s, %s)", (template, name, name))


def test_planning_logs_in_once_at_each_source_and_a_few_times_at_the_warehouse(
    warehouse: Warehouse, source: Source, fleet: list[Feed]
) -> None:
    assert len(fleet) == 2 * TENANTS
    watched = Database(warehouse.server, "postgres", "postgres")

    def counted() -> tuple[int, int]:
        rows = watched.rows("SELECT pg_stat_force_next_flush(), datname, sessions FROM pg_stat_database")
        found = {name: number for _, name, number in rows}
        return found[source.name], found[warehouse.name]

    def quiet() -> bool:
        return not watched.rows(
            "SELECT FROM pg_stat_activity WHERE datname = ANY (%s) AND application_name LIKE 'tenantry%%'",
            ([source.name, warehouse.name],),
        )

    wait_until(quiet)
    for asks in (
        lambda: planning.plan_whole(warehouse.conninfo, fleet, date(2024, 3, 2)),
        lambda: planning.rows_ahead(warehouse.conninfo, fleet),
    ):
        sources, warehouses = counted()
        asks()
        wait_until(quiet)
        more_sources, more_warehouses = counted()
        assert more_sources - sources <= TENANTS
        assert more_warehouses - warehouses <= each_source.MOST_AT_ONCE + 2
    plans = planning.plan_whole(warehouse.conninfo, fleet, date(2024, 3, 2))
    assert [(plan.feed, plan.unknown, len(plan.days)) for plan in plans] == [
        (feed, None, 62) for feed in fleet
    ]


def test_a_source_that_does_not_answer_stops_none_of_the_others(
    warehouse: Warehouse, source: Source, fleet: list[Feed], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "PATIENCE", 5)
    # It takes connections, and never says a word.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        warehouse.run("UPDATE _wh.tenant_connections SET port = %s WHERE tenant_name = 'tenant_03'", (port,))
        plans = planning.plan_whole(warehouse.conninfo, fleet, date(2024, 3, 2))
    assert [plan.feed for plan in plans] == fleet
    assert {(plan.feed.schema, bool(plan.days)) for plan in plans if plan.unknown} == {("tenant_03", False)}
    assert all("tenant_03" in plan.unknown for plan in plans if plan.unknown)
    assert all(len(plan.days) == 62 for plan in plans if not plan.unknown)


def test_an_error_about_one_feed_is_its_answer_and_another_error_is_raised(
    warehouse: Warehouse, fleet: list[Feed]
) -> None:
    def answer(opened: psycopg.Connection, feed: Feed) -> str:
        if feed == fleet[1]:
            raise SourceError("no", connection=feed.connection)
        return feed.schema

    found = ask_each(warehouse.conninfo, fleet, answer)
    assert list(found) == fleet
    assert [feed for feed, said in found.items() if isinstance(said, SourceError)] == [fleet[1]]

    def fail(opened: psycopg.Connection, feed: Feed) -> str:
        raise LookupError("not of the source")

    with pytest.raises(LookupError):
        ask_each(warehouse.conninfo, fleet, fail)
