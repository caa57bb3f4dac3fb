"""kill -9 in the middle of a fold: reports show every row once at any time, and the same command finishes it.

TENANTRY_TEST_KILLS=20 plays more points, TENANTRY_TEST_SEED=8 others.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from tenantry.embedded import Server
from tests.crash.test_kill import installed
from tests.integration.storage.year.small_year import (
    FOLD,
    TOTALS,
    assert_folded,
    daily_views,
    fill,
    make_small_year,
    year,
)
from tests.support.databases import Maker, Source, Warehouse
from tests.support.program import command, environment, succeed
from tests.support.waiting import wait_until

KILLS = int(os.environ.get("TENANTRY_TEST_KILLS", "4"))

pytestmark = pytest.mark.timeout(600 + 20 * KILLS)


def folding(warehouse: Warehouse) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(warehouse, *FOLD),
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def is_folded(warehouse: Warehouse) -> bool:
    """Whether nothing is left to do, once the session of a killed program has ended."""
    wait_until(
        lambda: (
            warehouse.value(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query ~ 'fold_' AND pid <> pg_backend_pid()"
            )
            == 0
        )
    )
    return bool(year(warehouse)["status"] == "converted")


def finish(warehouse: Warehouse) -> None:
    """Run the command again, unless the last step was committed before the kill."""
    if not is_folded(warehouse):
        succeed(warehouse, *FOLD)
    assert_folded(warehouse)


def test_a_fold_killed_at_random_points_shows_every_row_once_and_is_finished_by_the_same_command(
    server: Server, maker: Maker, templates: None, chance: random.Random
) -> None:
    small_year = make_small_year(server, maker)

    def clone() -> Warehouse:
        return Warehouse(server, maker.clone(small_year.warehouse, "warehouse"), "whadmin")

    warehouse = clone()
    totals = warehouse.reader.rows(TOTALS)
    begun = time.monotonic()
    succeed(warehouse, *FOLD)
    usual = time.monotonic() - begun
    warehouse = clone()
    killed = 0
    while killed < KILLS:
        with folding(warehouse) as process:
            with suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0, usual))
            if process.poll() is None:
                process.kill()
                killed += 1
        assert warehouse.reader.rows(TOTALS) == totals
        if is_folded(warehouse):
            # It was faster than chance.
            assert_folded(warehouse)
            warehouse = clone()
        else:
            assert process.returncode != 0
    finish(warehouse)
    assert warehouse.reader.rows(TOTALS) == totals


def test_after_kill_9_of_the_server_a_fold_goes_on(
    make_server: Callable[..., Server], source: Source
) -> None:
    durable = make_server(fsync="on", synchronous_commit="on", full_page_writes="on")
    durable.start()
    warehouse = installed(durable)
    fill(warehouse, source)
    totals = warehouse.rows(TOTALS)
    # The table is built, so the server is killed among the later steps or within one.
    warehouse.run("SELECT _wh.fold_year_step('ticks', 'acme', 2023, false)")
    with folding(warehouse) as process:
        wait_until(lambda: daily_views(warehouse) < 365)
        assert durable.pid is not None
        os.kill(durable.pid, signal.SIGKILL)
        _, err = process.communicate(timeout=120)
    assert process.returncode in (0, 3), err
    assert "Traceback" not in err
    durable.start()
    assert warehouse.rows(TOTALS) == totals
    finish(warehouse)
    assert warehouse.rows(TOTALS) == totals
