"""Logins at a source: refused ones are tried once, and fewer places than workers lose no day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from psycopg import sql

from tenantry.core.days import Span
from tenantry.core.model import Feed, LoadedSlice
from tenantry.db.connect import session
from tenantry.flow.slice.feed import open_feed
from tenantry.loader import planning, run
from tenantry.loader.events import Silent, Waiting
from tenantry.loader.result import FeedResult
from tests.support.databases import Source, Warehouse

FIRST = date(2024, 1, 1)
YEAR = Span(FIRST, FIRST + timedelta(days=120))
TEN = Span(FIRST, FIRST + timedelta(days=9))


@dataclass
class Seen(Silent):
    """What a load told."""

    waits: list[Waiting] = field(default_factory=list)
    slices: list[LoadedSlice] = field(default_factory=list)

    def waiting(self, event: Waiting) -> None:
        self.waits.append(event)

    def loaded(self, slice_: LoadedSlice) -> None:
        self.slices.append(slice_)


@pytest.fixture(params=["partition", "matview"])
def feed(acme: Warehouse, source: Source, request: pytest.FixtureRequest) -> Feed:
    """A feed of foodlogstats: the loader streams into the one storage, and goes through the warehouse to the other."""
    source.fill(FIRST, 121, 1)
    acme.run("UPDATE _wh.mv_templates SET storage = %s", (request.param,))
    with session(acme.conninfo) as opened:
        return open_feed(opened, "foodlogstats", "acme", "acme")


def reader_of_its_own(warehouse: Warehouse, source: Source, limit: int = -1) -> str:
    """Let the connection use a role of this test's own, with a CONNECTION LIMIT."""
    name = f"reader_of_{source.name}"
    with source.connect() as opened:
        opened.execute(
            sql.SQL(
                "CREATE ROLE {} LOGIN PASSWORD 'right' CONNECTION LIMIT {}; GRANT source_reader TO {}"
            ).format(sql.Identifier(name), sql.Literal(limit), sql.Identifier(name))
        )
    warehouse.run("UPDATE _wh.tenant_connections SET username = %s, password = 'right'", (name,))
    return name


def load(warehouse: Warehouse, feed: Feed, span: Span, jobs: int, seen: Seen) -> FeedResult:
    plans = planning.plan(warehouse.conninfo, [feed], span)
    return run.run(warehouse.conninfo, plans, run.Limits(per_source=jobs), seen).feeds[0]


@pytest.mark.parametrize("limit, jobs", [(1, 4), (3, 8)])
def test_workers_without_a_place_leave_their_days_to_those_that_have_one(
    acme: Warehouse, source: Source, feed: Feed, limit: int, jobs: int
) -> None:
    name = reader_of_its_own(acme, source, limit)
    try:
        seen = Seen()
        result = load(acme, feed, YEAR if feed.storage == "partition" else TEN, jobs, seen)
        assert (result.failures, result.not_tried, result.source_lost) == ([], 0, None)
        assert result.complete
        if feed.storage == "partition":
            # None of the months went through the warehouse, day by day.
            assert acme.value("SELECT count(DISTINCT loaded_at) FROM _wh.slices") == 4
    finally:
        drop(source, name)


def test_a_refused_password_is_tried_once(acme: Warehouse, source: Source, feed: Feed) -> None:
    name = reader_of_its_own(acme, source)
    try:
        acme.run("UPDATE _wh.tenant_connections SET password = 'wrong'")
        before = refusals(source, name)
        seen = Seen()
        result = load(acme, feed, YEAR if feed.storage == "partition" else TEN, 4, seen)
        assert seen.waits == []
        assert (len(result.failures), result.loaded) == (1, 0)
        assert name in str(result.source_lost)
        assert refusals(source, name) - before == 1
    finally:
        drop(source, name)


def refusals(source: Source, name: str) -> int:
    return (
        (source.server.directory / "server.log")
        .read_text()
        .count(f'] FATAL:  password authentication failed for user "{name}"')
    )


def drop(source: Source, name: str) -> None:
    with source.connect() as opened:
        opened.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (name,))
        opened.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))
