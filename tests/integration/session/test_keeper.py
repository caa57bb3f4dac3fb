"""Sessions that are kept from run to run."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from datetime import date

import pytest

from tenantry.core.days import Span
from tenantry.core.model import Feed
from tenantry.db.connect import session
from tenantry.flow.slice.feed import open_feed
from tenantry.loader import run
from tenantry.loader.events import Silent
from tenantry.loader.planning import Plan
from tenantry.loader.result import FeedResult
from tenantry.loader.sessions import Keeper
from tenantry.loader.work.queue import Queue
from tenantry.loader.work.worker import Worker
from tests.support.databases import Source, Warehouse
from tests.support.waiting import wait_until

DAY = Span(date(2024, 3, 10), date(2024, 3, 10))


@pytest.fixture
def keeper(acme: Warehouse) -> Iterator[Keeper]:
    """Keeps sessions for as long as the test."""
    with Keeper(acme.conninfo) as keeper:
        yield keeper


@pytest.fixture(params=["partition", "matview"])
def feed(request: pytest.FixtureRequest, acme: Warehouse, source: Source) -> Feed:
    """A feed of foodlogstats, whose source has three rows on DAY."""
    source.fill(DAY.first, 1)
    acme.run("UPDATE _wh.mv_templates SET storage = %s", (request.param,))
    with session(acme.conninfo) as opened:
        return open_feed(opened, "foodlogstats", "acme", "acme")


def refresh(keeper: Keeper, warehouse: Warehouse, feed: Feed) -> FeedResult:
    plans = [Plan(feed, tuple(DAY), 0)]
    return run.run(warehouse.conninfo, plans, run.Limits(per_source=1), Silent(), keeper).feeds[0]


def sessions(database: Warehouse | Source, user: str) -> list[int]:
    return [
        row[0]
        for row in database.rows(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename = %s"
            " AND pid <> pg_backend_pid()",
            (user,),
        )
    ]


def test_a_second_run_logs_in_nowhere(acme: Warehouse, source: Source, feed: Feed, keeper: Keeper) -> None:
    assert refresh(keeper, acme, feed).rows == 3
    # dblink's login is let go: nothing would tell that its password changed.
    number = 1 if feed.storage == "partition" else 0

    def kept() -> tuple[list[int], list[int]]:
        # A session is there for a moment after its program has left.
        wait_until(lambda: len(sessions(source, "source_reader")) <= number)
        return sessions(acme, "whadmin"), sessions(source, "source_reader")

    before = kept()
    assert [len(each) for each in before] == [1, number]
    assert refresh(keeper, acme, feed).rows == 3
    assert kept() == before
    keeper.close()


def test_a_source_that_moved_is_found_at_its_new_place(
    acme: Warehouse, make_source: Callable[[], Source], feed: Feed, keeper: Keeper
) -> None:
    refresh(keeper, acme, feed)
    other = make_source()
    other.fill(DAY.first, 1, per_day=5)
    acme.run("UPDATE _wh.tenant_connections SET dbname = %s", (other.name,))
    assert refresh(keeper, acme, feed).rows == 5


def test_sessions_that_were_ended_meanwhile_are_opened_again(
    acme: Warehouse, source: Source, feed: Feed, keeper: Keeper
) -> None:
    refresh(keeper, acme, feed)
    for database, user in ((source, "source_reader"), (acme.admin, "whadmin")):
        database.run(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = current_database() AND usename = %s"
            " AND pid <> pg_backend_pid()",
            (user,),
        )
        assert refresh(keeper, acme, feed).rows == 3


def test_a_worker_that_has_ended_is_cancelled_without_harm_to_who_has_its_sessions_now(
    keeper: Keeper,
) -> None:
    opened = keeper.take()
    before = opened.warehouse().info.backend_pid
    keeper.give_back(opened)
    worker = Worker(keeper, Queue(per_source=1), queue.Queue(), pause=0)
    worker.start()
    worker.join(120)

    worker.cancel()

    # Its end would come a moment later.
    for _ in range(5):
        assert keeper.take().warehouse().execute(
            "SELECT pg_backend_pid() FROM pg_sleep(0.05)"
        ).fetchone() == (before,)
        keeper.give_back(opened)
