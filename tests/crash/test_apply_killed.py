"""kill -9 in the middle of tenantry apply: run again it goes on, and ends as if nothing had been."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import LiteralString

import psycopg

from tests.integration.fleet.test_fleet import ENV, HOURLY, fleet_of
from tests.support.databases import Source, Warehouse
from tests.support.program import command, environment, succeed
from tests.support.waiting import wait_until

NAMES = ("one", "two", "three", "four")

THINGS = (
    "SELECT (SELECT count(*) FROM _wh.tenant_connections) + (SELECT count(*) FROM _wh.tenants)"
    " + (SELECT count(*) FROM _wh.feeds) + (SELECT count(*) FROM cron.job)"
)

SESSIONS = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = 'tenantry apply'"
)


def count(session: psycopg.Connection, statement: LiteralString) -> int:
    """What a statement counts. One session for all: to open one for each look would take longer than an apply."""
    row = session.execute(statement).fetchone()
    assert row is not None
    return int(row[0])


def kill_when(warehouse: Warehouse, file: Path, *arguments: str, reached: range) -> None:
    """Kill the command as soon as the number of things is in the range, or let it end; returns when its session has ended."""
    with (
        warehouse.connect() as session,
        subprocess.Popen(
            command(warehouse, "apply", "--file", file, "--yes", *arguments),
            env=environment(ENV),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process,
    ):
        wait_until(lambda: process.poll() is not None or count(session, THINGS) in reached)
        process.kill()
        wait_until(lambda: count(session, SESSIONS) == 0)


def test_an_apply_that_is_killed_is_finished_by_the_next(
    warehouse: Warehouse, source: Source, tmp_path: Path
) -> None:
    file = tmp_path / "tenantry.toml"
    whole = fleet_of(source, *NAMES) + "".join(
        HOURLY.format(name, minute) for minute, name in enumerate(NAMES)
    )
    file.write_text(whole)
    for least in (1, 7, 13):
        kill_when(warehouse, file, reached=range(least, 100))
    succeed(warehouse, "apply", "--file", file, "--yes", env=ENV)
    assert warehouse.value(THINGS) == 16
    assert succeed(warehouse, "plan", "--file", file, env=ENV).out == "no difference\n"
    file.write_text("jobs = []\n[tenants]\n[connections]\n")
    for most in (13, 5):
        kill_when(warehouse, file, "--allow-drop", reached=range(most))
    succeed(warehouse, "apply", "--file", file, "--yes", "--allow-drop", env=ENV)
    assert warehouse.value(THINGS) == 0
    assert succeed(warehouse, "plan", "--file", file, env=ENV).out == "no difference\n"
