"""The nightly window of 14 days, one of which has changed, from a source that is 5 ms away: only what changed, and everything."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta

from bench.contest import Contestant, hold
from bench.delay import delayed
from bench.lab import Lab
from bench.pipes import pipe
from bench.report import Table
from bench.stage import PARTITIONS, TEMPLATE, TENANT, Stage
from bench.turns import in_table
from bench.workloads.backfill import by_dblink, program
from bench.workloads.hourly import change
from tenantry.core.days import Span
from tenantry.db.connect import open_session, session
from tenantry.flow.slice.feed import find_feed
from tenantry.flow.source import connection
from tenantry.flow.source.session import open_source, source_conninfo
from tenantry.loader import planning, run
from tenantry.loader.events import Silent
from tenantry.loader.planning import Plan
from tenantry.loader.sessions import Keeper

ROUND_TRIP = 0.005
"""Seconds to the source and back."""

WINDOW = 14
REPEATS = 10
FULL = "all days (--reload)"
CHANGED = "what changed"
BY_HAND = "a dblink matview a day, refreshed"
LIMIT = "limit: one COPY into a COPY"
BASELINES = {"full": FULL, "by hand": BY_HAND, "limit": LIMIT}


def measure(lab: Lab) -> list[Table]:
    """Two tables: as commands, and in a running program."""
    stage = lab.stage
    window = Span(max(stage.size.first, stage.size.last - timedelta(days=WINDOW - 1)), stage.size.last)
    with delayed(stage.server.port or 0, ROUND_TRIP) as port:
        stage.add_start("nightly", lambda conninfo: _load(stage, conninfo, port, window), start=PARTITIONS)
        stage.reset("nightly")
        shown = f"{len(window)} days of {stage.size.per_day:,} rows, one changed, {1000 * ROUND_TRIP:g} ms to the source"
        ways = [_command(stage, window, CHANGED), _command(stage, window, FULL, "--reload")]
        rows = len(window) * stage.size.per_day
        return [
            hold(lab, f"{shown}; process start included", ways, {"full": FULL}, rows=rows),
            _running(stage, window, port, f"{shown}; in one running program, {REPEATS} times by turns"),
        ]


def _command(stage: Stage, window: Span, name: str, *options: str) -> Contestant:
    arguments = ["refresh", TEMPLATE, "--tenant", TENANT]
    arguments += ["--days", str(len(window)), "--date", str(window.last), *options]
    return Contestant(
        name=name,
        shown=f"TENANTRY_DSN=$WAREHOUSE tenantry {' '.join(arguments)}",
        pipeline=[[program("tenantry"), *arguments]],
        count="SELECT count(*) FROM acme.foodlogstats",
        environment={"TENANTRY_DSN": stage.warehouse},
        start="nightly",
        before=lambda: change(stage, window.last),
    )


def _running(stage: Stage, window: Span, port: int, title: str) -> Table:
    """In turns, as `by_turns` does it; here the source changes before each turn, and digests are asked for after `FULL`."""
    with session(stage.warehouse) as owner:
        feed = find_feed(owner, TEMPLATE, TENANT)
    only_changed = planning.plan_changed([feed], window)
    every_day = planning.plan(stage.warehouse, [feed], window, reload=True)
    with ExitStack() as sessions:
        keeper = sessions.enter_context(Keeper(stage.warehouse))
        warehouse = sessions.enter_context(open_session(stage.warehouse))
        source = sessions.enter_context(open_source(source_conninfo(warehouse, TENANT)))
        warehouse.execute(f"CREATE TEMPORARY TABLE stage ({stage.template().columns})".encode())
        for day in window:
            address = stage.source_with_password.replace(f"port={stage.server.port}", f"port={port}")
            warehouse.execute(by_dblink(stage.template(), address, day, _view(day)).encode())
        read = f"COPY ({stage.template().asked(window.first, window.last)}) TO STDOUT (FORMAT binary)"

        def refresh(plan: list[Plan]) -> None:
            result = run.run(stage.warehouse, plan, run.Limits(), Silent(), keeper)
            assert result.complete

        def refresh_views() -> None:
            for day in window:
                warehouse.execute(f"REFRESH MATERIALIZED VIEW {TENANT}.{_view(day)}".encode())

        def pipe_all() -> None:
            warehouse.execute("TRUNCATE stage")
            pipe(source, read, warehouse, "COPY stage FROM STDIN (FORMAT binary)")

        ways: dict[str, Callable[[], None]] = {
            CHANGED: lambda: refresh(only_changed),
            FULL: lambda: refresh(every_day),
            BY_HAND: refresh_views,
            LIMIT: pipe_all,
        }
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(REPEATS):
            refresh(only_changed)
            for name, way in ways.items():
                change(stage, window.last)
                started = time.perf_counter()
                way()
                seconds[name].append(time.perf_counter() - started)
    return in_table(title, seconds, BASELINES)


def _view(day: date) -> str:
    return f"by_hand_{day:%Y_%m_%d}"


def _load(stage: Stage, conninfo: str, port: int, window: Span) -> None:
    """Load all days, and the window once more, so that its digests are known."""
    stage.load(conninfo)
    with session(conninfo) as owner:
        connection.put(owner, replace(stage.address(TENANT), port=port), stage.source_password)
        feed = find_feed(owner, TEMPLATE, TENANT)
    run.run(conninfo, planning.plan_changed([feed], window), run.Limits(), Silent())
