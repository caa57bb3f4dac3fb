"""kill -9 in the middle of a move: run again, it ends with the same counts and sums, and leaves nothing over.

TENANTRY_TEST_KILLS=20 plays more points, TENANTRY_TEST_SEED=8 others.
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from functools import cache, partial

import pytest

from tenantry.embedded import Server
from tests.crash.test_kill import installed
from tests.support.databases import Maker, Source, Warehouse
from tests.support.program import command, environment, succeed
from tests.support.samples.small_template import define, make_ticks
from tests.support.samples.two_years import COLUMNS, DIGEST, QUERY, TwoYears, leftovers, make_two_years
from tests.support.waiting import wait_until

KILLS = int(os.environ.get("TENANTRY_TEST_KILLS", "4"))

# The kills, and two years of a warehouse made before them: the usual limit is too short for a slow machine.
pytestmark = pytest.mark.timeout(600 + 20 * KILLS)

ROUTES = {"own": ("partition", "matview"), "shared": ("shared", "partition")}
"""Between which storages a tenant that begins in daily views is moved to and fro."""

SHARED_INDEX = re.compile("tenantry_[0-9a-f]{20}$")


@pytest.fixture(scope="module")
def two_years_until(server: Server, templates: None) -> Iterator[Callable[[date], TwoYears]]:
    """Loaded once for all tests of this module that begin on the same day; of 2024 two months, as moves take their time."""
    maker = Maker(server)
    yield cache(partial(make_two_years, server, maker, last=date(2024, 2, 29)))
    maker.drop_all()


@pytest.fixture
def two_years(two_years_until: Callable[[date], TwoYears], today: date) -> TwoYears:
    """Loaded until today."""
    return two_years_until(today)


def movers(warehouse: Warehouse) -> set[int]:
    """Sessions that move."""
    rows = warehouse.rows(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'tenantry move'"
    )
    return {row[0] for row in rows}


@contextmanager
def moving(warehouse: Warehouse, storage: str) -> Iterator[subprocess.Popen[str]]:
    """The command at work: the block begins when its session is there, or it has ended."""
    before = movers(warehouse)
    with subprocess.Popen(
        command(warehouse, "template", "set-storage", "ticks", storage),
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            wait_until(lambda: process.poll() is not None or bool(movers(warehouse) - before))
            yield process
        finally:
            process.kill()
            process.communicate()


@pytest.mark.parametrize("route", ROUTES)
def test_a_move_killed_at_random_points_ends_with_the_same_counts_and_sums(
    server: Server, maker: Maker, two_years: TwoYears, chance: random.Random, route: str
) -> None:
    there, back = ROUTES[route]
    other = {there: back, back: there}
    warehouse, source = two_years.clone(server, maker)
    source.run("DROP TABLE ticks")
    trial, _ = two_years.clone(server, maker)
    (moved,) = succeed(trial, "template", "set-storage", "ticks", there, "--json").json["moved"]
    storage = there
    killed = 0
    while killed < (KILLS if route == "own" else KILLS // 2):
        with moving(warehouse, storage) as process:
            with suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0, moved["duration_seconds"]))
            if process.poll() is None:
                process.kill()
                killed += 1
                continue
        # It was faster than chance: the other way then.
        assert process.returncode == 0
        assert warehouse.rows(DIGEST) == two_years.digest
        assert leftovers(warehouse) == []
        succeed(warehouse, "template", "drop-old", "ticks")
        storage = other[storage]
    succeed(warehouse, "template", "set-storage", "ticks", storage)
    assert warehouse.rows("SELECT storage FROM _wh.feeds") == [(storage,)]
    assert warehouse.rows(DIGEST) == two_years.digest
    assert warehouse.reader.rows("SELECT schema_name, count(*) FROM public.ticks GROUP BY 1") == [
        ("acme", 2 * len(two_years.digest))
    ]
    assert leftovers(warehouse) == []
    succeed(warehouse, "template", "drop-old", "ticks")
    assert [name for name in leftovers(warehouse, "tenantry_") if not SHARED_INDEX.search(name)] == []


def test_after_kill_9_of_the_server_a_move_goes_on(
    make_server: Callable[..., Server], source: Source, chance: random.Random
) -> None:
    durable = make_server(fsync="on", synchronous_commit="on", full_page_writes="on")
    durable.start()
    warehouse = installed(durable)
    warehouse.connect_to(source)
    warehouse.make_schema()
    make_ticks(source, date(2023, 12, 12), 40)
    define(warehouse, columns=COLUMNS, query=QUERY)
    warehouse.run(
        "SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', '2023-12-12', '2024-01-20')"
    )
    warehouse.run("SELECT _wh.update_public_view_by_template('ticks')")
    digest = warehouse.rows(DIGEST)
    with moving(warehouse, "partition") as process:
        with suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0, 0.1))
        assert durable.pid is not None
        os.kill(durable.pid, signal.SIGKILL)
        _, err = process.communicate(timeout=120)
    assert process.returncode in (0, 3), err
    assert "Traceback" not in err
    durable.start()
    assert warehouse.rows(DIGEST) == digest
    succeed(warehouse, "template", "set-storage", "ticks", "partition")
    assert warehouse.rows(DIGEST) == digest
    assert leftovers(warehouse) == []
