"""Backfills: what is planned, how much a source is asked at once, and what becomes of failures."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest

from tenantry.core.days import Span
from tenantry.core.model import FailedSlice, Feed, LoadedSlice
from tenantry.db.connect import session
from tenantry.flow.slice.feed import open_feed
from tenantry.loader import planning
from tenantry.loader import run as backfill
from tenantry.loader.events import Silent, Waiting
from tenantry.loader.result import Result
from tenantry.loader.run import Limits
from tests.support.databases import Source, Warehouse
from tests.support.listener import Listener
from tests.support.samples.small_template import QUERY, define, make_ticks, mend, spoil
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

FIRST = date(2024, 3, 1)

LEAVING = 0.2
"""Seconds that a session may take to end."""


def span(days: int) -> Span:
    return Span(FIRST, FIRST + timedelta(days=days - 1))


@dataclass
class Recorder(Silent):
    """Remembers what it was told."""

    slices: list[LoadedSlice] = field(default_factory=list)
    failures: list[FailedSlice] = field(default_factory=list)
    waits: list[Waiting] = field(default_factory=list)

    def loaded(self, slice_: LoadedSlice) -> None:
        self.slices.append(slice_)

    def failed(self, slice_: FailedSlice) -> None:
        self.failures.append(slice_)

    def waiting(self, event: Waiting) -> None:
        self.waits.append(event)


@pytest.fixture
def ticking(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse with the template `ticks`, whose source has two rows on each of thirty days."""
    make_ticks(source, FIRST, 30)
    define(acme)
    return acme


def feed(warehouse: Warehouse, name: str = "acme") -> Feed:
    with session(warehouse.conninfo) as opened:
        return open_feed(opened, "ticks", name, name)


def load(
    warehouse: Warehouse,
    days: int,
    *,
    feeds: Sequence[Feed] | None = None,
    jobs: int = 2,
    watcher: Silent | None = None,
) -> Result:
    plans = planning.plan(warehouse.conninfo, feeds or [feed(warehouse)], span(days))
    return backfill.run(warehouse.conninfo, plans, Limits(per_source=jobs), watcher or Silent())


def most_sessions_while(source: Source, work: Callable[[], object]) -> int:
    """The most sessions of the warehouse that the source saw at one time, without those that are about to end.

    Such a one is there for a moment after its program has left, so those count that were there a while before, too.
    """
    looks: deque[tuple[float, set[int]]] = deque()
    seen = 0
    with source.connect() as watch, ThreadPoolExecutor() as pool:
        done = pool.submit(work)
        while not done.done():
            rows = watch.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename = 'source_reader'"
            ).fetchall()
            looks.append((time.monotonic(), {row[0] for row in rows}))
            while looks[-1][0] - looks[0][0] > LEAVING:
                _, before = looks.popleft()
                seen = max(seen, len(before & looks[-1][1]))
        done.result()
    return seen


def test_a_backfill_loads_what_is_missing_and_shows_it(ticking: Warehouse) -> None:
    watcher = Recorder()
    result = load(ticking, 6, watcher=watcher)
    assert (result.complete, result.rows, result.feeds[0].loaded, result.feeds[0].present) == (True, 12, 6, 0)
    assert sorted(slice_.day for slice_ in watcher.slices) == list(span(6))
    assert ticking.reader.rows(
        "SELECT schema_name, count(*), count(DISTINCT id) FROM public.ticks GROUP BY 1"
    ) == [("acme", 12, 12)]


def test_a_second_backfill_loads_only_what_is_missing(ticking: Warehouse) -> None:
    load(ticking, 4)
    ticking.run("DROP MATERIALIZED VIEW acme.ticks_2024_03_02 CASCADE")
    result = load(ticking, 6)
    assert (result.feeds[0].loaded, result.feeds[0].present) == (3, 3)
    assert ticking.value("SELECT count(*) FROM acme.ticks") == 12


def test_reloading_plans_every_day_of_the_span(ticking: Warehouse) -> None:
    load(ticking, 4)
    plans = planning.plan(ticking.conninfo, [feed(ticking)], span(4), reload=True)
    assert (plans[0].days, plans[0].present) == (tuple(span(4)), 0)


def test_days_that_an_earlier_text_made_are_pulled_again_only_if_somebody_asks_for_it(
    ticking: Warehouse,
) -> None:
    load(ticking, 2)
    define(ticking, query=QUERY.replace("ELSE value::int", "ELSE 1 + value::int"))
    feeds = [feed(ticking)]
    assert planning.plan(ticking.conninfo, feeds, span(2))[0].days == ()
    assert planning.plan(ticking.conninfo, feeds, span(2), outdated=True)[0].days == tuple(span(2))


def test_a_template_that_fails_on_one_day_of_thirty_leaves_29_slices(
    ticking: Warehouse, source: Source
) -> None:
    bad = FIRST + timedelta(days=11)
    spoil(source, bad)
    result = load(ticking, 30)
    assert (result.complete, result.feeds[0].loaded) == (False, 29)
    assert [(failure.day, failure.error) for failure in result.feeds[0].failures] == [
        (bad, 'acme.ticks 2024-03-12: invalid input syntax for type integer: "broken"')
    ]
    assert ticking.value("SELECT count(*) FROM pg_matviews WHERE schemaname = 'acme'") == 29
    assert ticking.value("SELECT count(*) FROM public.ticks") == 58

    mend(source)
    again = load(ticking, 30)
    assert (again.complete, again.feeds[0].loaded, again.feeds[0].present) == (True, 1, 29)


def test_a_day_that_gets_rows_of_another_keeps_the_one_worker_from_no_other_day(
    ticking: Warehouse, source: Source
) -> None:
    first = source.value("SELECT min(id) FROM ticks")
    source.run("UPDATE ticks SET at = at - interval '1 month' WHERE id = %s", (first,))
    define(ticking, query=f"{QUERY} OR id = {first}")
    ticking.run("UPDATE _wh.mv_templates SET storage = 'partition'")
    (result,) = load(ticking, 5, jobs=1).feeds
    assert [failure.day for failure in result.failures] == list(span(5))


def test_a_failed_refresh_is_tried_again_by_the_next_backfill(ticking: Warehouse, source: Source) -> None:
    load(ticking, 3)
    spoil(source, FIRST)
    ticking.run(
        "SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', '2024-03-01', '2024-03-02')"
    )
    mend(source)
    assert planning.plan(ticking.conninfo, [feed(ticking)], span(3))[0].days == (FIRST,)
    assert load(ticking, 3).complete
    assert planning.plan(ticking.conninfo, [feed(ticking)], span(3))[0].days == ()


def test_a_day_that_was_loaded_before_its_end_is_pulled_again(ticking: Warehouse) -> None:
    load(ticking, 3)
    ticking.run("UPDATE _wh.slices SET loaded_at = '2024-03-02 23:59:59+00' WHERE slice_date = '2024-03-02'")
    assert planning.plan(ticking.conninfo, [feed(ticking)], span(3))[0].days == (date(2024, 3, 2),)


def test_the_slice_of_today_counts_as_there(ticking: Warehouse, today: date) -> None:
    plans = planning.plan(ticking.conninfo, [feed(ticking)], Span(today, today))
    assert plans[0].days == (today,)
    backfill.run(ticking.conninfo, plans, Limits(), Silent())
    assert planning.plan(ticking.conninfo, [feed(ticking)], Span(today, today))[0].days == ()


def test_days_of_a_yearly_table_count_as_there_unless_they_failed(ticking: Warehouse) -> None:
    load(ticking, 2)
    ticking.run("DROP VIEW acme.ticks CASCADE")
    ticking.run('CREATE TABLE _wh_data."acme.ticks_2024" AS SELECT * FROM acme.ticks_2024_03_01')
    ticking.run("DROP MATERIALIZED VIEW acme.ticks_2024_03_01, acme.ticks_2024_03_02")
    # As a warehouse has it that was kept by hand: no load is on record.
    ticking.run("DELETE FROM _wh.slices")
    assert planning.plan(ticking.conninfo, [feed(ticking)], span(30))[0].days == ()
    ticking.run("SELECT _wh_internal.record_failure(f, '2024-03-02', 'broken') FROM _wh.feeds f")
    assert planning.plan(ticking.conninfo, [feed(ticking)], span(30))[0].days == (date(2024, 3, 2),)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_source_sees_no_more_sessions_than_it_was_promised(
    ticking: Warehouse, source: Source, jobs: int
) -> None:
    source.run("UPDATE ticks SET value = 'slow' WHERE extract(hour FROM at AT TIME ZONE 'UTC') = 0")
    assert most_sessions_while(source, lambda: load(ticking, 6, jobs=jobs)) == jobs


def test_a_source_that_fails_day_after_day_sees_no_more_sessions_either(
    ticking: Warehouse, source: Source
) -> None:
    source.run("UPDATE ticks SET value = 'broken'")
    assert most_sessions_while(source, lambda: load(ticking, 30)) <= 2


def test_days_in_partitions_are_asked_for_a_month_at_a_time(ticking: Warehouse) -> None:
    ticking.run("UPDATE _wh.mv_templates SET storage = 'partition'")
    feeds = [feed(ticking)]
    moments = "SELECT count(DISTINCT loaded_at) FROM _wh.slices"
    load(ticking, 30, feeds=feeds)
    assert ticking.value(moments) == 1
    plans = planning.plan_whole(ticking.conninfo, feeds, span(30).last, reload=True)
    assert backfill.run(ticking.conninfo, plans, Limits(), Silent()).feeds[0].loaded == 30
    assert ticking.value(moments) == 1


def test_a_worker_rests_after_each_slice_if_it_is_told_to(ticking: Warehouse) -> None:
    plans = planning.plan(ticking.conninfo, [feed(ticking)], span(3))
    assert backfill.run(ticking.conninfo, plans, Limits(per_source=1, pause=0.4), Silent()).complete
    assert ticking.value(
        "SELECT min(gap) >= interval '0.4 s' FROM (SELECT loaded_at - lag(loaded_at) OVER (ORDER BY loaded_at) AS gap FROM _wh.slices) g"
    )


def test_two_tenants_are_loaded_at_once(ticking: Warehouse, make_source: Callable[[], Source]) -> None:
    other = make_source()
    make_ticks(other, FIRST, 5)
    ticking.connect_to(other, "bistro")
    ticking.make_schema("bistro")
    result = load(ticking, 5, feeds=[feed(ticking), feed(ticking, "bistro")])
    assert [(item.feed.schema, item.loaded) for item in result.feeds] == [("acme", 5), ("bistro", 5)]
    assert ticking.reader.rows("SELECT schema_name, count(*) FROM public.ticks GROUP BY 1 ORDER BY 1") == [
        ("acme", 10),
        ("bistro", 10),
    ]


def test_a_source_that_is_down_is_left_alone_and_does_not_stop_the_other(
    ticking: Warehouse, make_source: Callable[[], Source], source: Source
) -> None:
    ticking.connect_to(source, "bistro")
    ticking.make_schema("bistro")
    with Listener() as dead:
        ticking.run(
            "UPDATE _wh.tenant_connections SET port = %s, options = %s WHERE tenant_name = 'bistro'",
            (dead.port, '{"sslmode": "disable", "gssencmode": "disable"}'),
        )
        watcher = Recorder()
        result = load(ticking, 30, feeds=[feed(ticking), feed(ticking, "bistro")], watcher=watcher)
    acme, bistro = result.feeds
    assert (acme.complete, acme.loaded) == (True, 30)
    assert (bistro.complete, bistro.loaded, len(bistro.failures) + bistro.not_tried) == (False, 0, 30)
    assert "could not" in str(bistro.source_lost)
    assert 1 <= dead.calls <= 8, "two workers, four tries each"
    assert {wait.feed.schema for wait in watcher.waits} == {"bistro"}
    assert ticking.value("SELECT count(*) FROM public.ticks") == 60


def test_a_password_that_is_refused_is_not_tried_again(ticking: Warehouse) -> None:
    ticking.run("UPDATE _wh.tenant_connections SET password = 'wrong'")
    watcher = Recorder()
    result = load(ticking, 30, watcher=watcher)
    assert watcher.waits == []
    assert "password authentication failed" in str(result.feeds[0].source_lost)
    assert 1 <= len(result.feeds[0].failures) <= 2
    assert (
        ticking.value("SELECT count(*) FROM _wh.slices WHERE error ~ 'password authentication failed'") >= 1
    )


def slow_after_two(warehouse: Warehouse, source: Source) -> None:
    """Let each day after the second take longer than any test needs to do something about it."""
    define(warehouse, query=QUERY.replace("pg_sleep(0.3)", "pg_sleep(5)"))
    source.run("UPDATE ticks SET value = 'slow' WHERE at >= %s", (f"{FIRST + timedelta(days=2)} 00:00Z",))


def sleeping(source: Source) -> int:
    """How many sessions of the source are at such a day."""
    count: int = source.value(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
    )
    return count


def test_a_source_that_loses_its_sessions_once_ends_complete(ticking: Warehouse, source: Source) -> None:
    slow_after_two(ticking, source)
    watcher = Recorder()

    def kill() -> None:
        wait_until(lambda: len(watcher.slices) >= 2 and sleeping(source) > 0)
        mend(source)
        source.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = 'source_reader'"
        )

    killer = threading.Thread(target=kill)
    killer.start()
    result = load(ticking, 8, watcher=watcher)
    killer.join()
    assert (result.complete, result.feeds[0].loaded) == (True, 8)
    assert watcher.waits
    assert ticking.value("SELECT count(*) FROM public.ticks") == 16


@dataclass
class Mender(Recorder):
    """Mends the source when it hears of the second try that was in vain."""

    source: Source | None = None

    def waiting(self, event: Waiting) -> None:
        super().waiting(event)
        if self.source and len(self.waits) == 2:
            mend(self.source)


@pytest.mark.parametrize("storage", ["matview", "partition"])
def test_a_source_that_loses_its_session_twice_is_asked_again(
    ticking: Warehouse, source: Source, storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenantry.loader.work.worker.PAUSES", (0.1, 0.5, 0.5))
    ticking.run("UPDATE _wh.mv_templates SET storage = %s", (storage,))
    spoil(source, FIRST, "lost")
    result = load(ticking, 1, watcher=Mender(source=source))
    assert (result.complete, result.feeds[0].loaded) == (True, 1)


def test_a_warehouse_that_loses_its_sessions_once_ends_complete(ticking: Warehouse, source: Source) -> None:
    slow_after_two(ticking, source)
    watcher = Recorder()
    feeds = [feed(ticking)]

    def kill() -> None:
        wait_until(lambda: len(watcher.slices) >= 2 and sleeping(source) > 0)
        mend(source)
        ticking.admin.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'tenantry backfill'"
        )

    killer = threading.Thread(target=kill)
    killer.start()
    result = load(ticking, 8, feeds=feeds, watcher=watcher)
    killer.join()
    assert (result.complete, result.feeds[0].loaded) == (True, 8)
    assert ticking.value("SELECT count(*) FROM public.ticks") == 16


def test_two_backfills_of_one_tenant_at_once_have_every_day_once(ticking: Warehouse) -> None:
    feeds = [feed(ticking)]
    together = threading.Barrier(2)

    def run() -> Result:
        plans = planning.plan(ticking.conninfo, feeds, span(12))
        together.wait(timeout=120)
        return backfill.run(ticking.conninfo, plans, Limits(), Silent())

    with ThreadPoolExecutor() as pool:
        results = [pool.submit(run) for _ in range(2)]
        assert all(result.result().complete for result in results)
    assert ticking.value("SELECT count(*) FROM public.ticks") == 24
    assert ticking.value("SELECT count(*) FROM _wh.slices WHERE status = 'loaded'") == 12
    assert ticking.value("SELECT count(*) FROM pg_matviews WHERE schemaname = 'acme'") == 12


def test_the_views_are_brought_up_to_date_when_nothing_was_missing(ticking: Warehouse) -> None:
    load(ticking, 2)
    ticking.run("DROP VIEW acme.ticks CASCADE")
    result = load(ticking, 2)
    assert (result.complete, result.feeds[0].loaded, result.feeds[0].present) == (True, 0, 2)
    assert ticking.reader.value("SELECT count(*) FROM public.ticks") == 4


def test_a_backfill_leaves_a_line_in_the_log(ticking: Warehouse, source: Source) -> None:
    load(ticking, 2)
    # Nothing to do, nothing to say.
    load(ticking, 2)
    spoil(source, FIRST + timedelta(days=2))
    load(ticking, 5)
    assert ticking.rows(
        "SELECT log_level, message, context ->> 'schema_name', context ->> 'rows' FROM _wh.function_logs"
        " WHERE function_name = 'backfill' ORDER BY id"
    ) == [
        ("INFO", "2 slices loaded, 0 failed, 0 not tried", "acme", "4"),
        ("ERROR", "2 slices loaded, 1 failed, 0 not tried", "acme", "4"),
    ]
