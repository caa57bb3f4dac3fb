"""kill -9 of a streaming load at any moment: whole days or none, nothing left over, and the next run does the rest."""

from __future__ import annotations

import random
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from tests.support.databases import Source, Warehouse
from tests.support.loading import by_loader, by_sql
from tests.support.program import command, environment, succeed
from tests.support.samples.small_template import define
from tests.support.waiting import wait_until

FIRST, LAST = date(2024, 1, 10), date(2024, 4, 9)
DAYS, PER_DAY = 91, 300
QUERY = "SELECT id, at, value FROM ticks WHERE at >= '{START_TIME}' AND at < '{END_TIME}'"
BACKFILL = ("backfill", "ticks", "--all", "--from", FIRST, "--to", LAST, "--json")


@pytest.fixture
def ticking(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse with the template `ticks` in partitions of months, whose source has 300 rows on each of 91 days."""
    source.run(
        "CREATE TABLE ticks (id int, at timestamptz, value int); GRANT SELECT ON ticks TO source_reader"
    )
    source.run(
        "INSERT INTO ticks SELECT n, timestamptz '2024-01-10 00:00Z' + n * interval '288 seconds', 1"
        " FROM generate_series(0, 91 * 300 - 1) n"
    )
    define(acme, query=QUERY)
    acme.run("UPDATE _wh.mv_templates SET storage = 'partition', partition_by = 'month'")
    acme.run("SELECT _wh_internal.open_feed('ticks', 'acme', 'acme')")
    return acme


def kill_after(warehouse: Warehouse, seconds: float, *arguments: object) -> bool:
    """Run the program, and kill it so many seconds after its first session on the warehouse; False if it was faster."""
    with subprocess.Popen(
        command(warehouse, *BACKFILL, *arguments),
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            wait_until(lambda: process.poll() is not None or sessions(warehouse) > 0)
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    wait_until(lambda: sessions(warehouse) == 0)
    return process.returncode != 0


def sessions(warehouse: Warehouse) -> int:
    count: int = warehouse.value(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'tenantry%'"
    )
    return count


def check_nothing_is_half(warehouse: Warehouse) -> None:
    """Each day is there whole and recorded, or not at all; and nothing is left of what was cut off."""
    if warehouse.value("SELECT to_regclass('acme.ticks') IS NOT NULL"):
        there = dict(
            warehouse.rows("SELECT (at AT TIME ZONE 'UTC')::date, count(*) FROM acme.ticks GROUP BY 1")
        )
        assert set(there.values()) <= {PER_DAY}
        # Each span of days was committed whole, so its days have one value.
        assert (
            warehouse.value(
                "SELECT count(*) FROM (SELECT at::date FROM acme.ticks GROUP BY 1 HAVING min(value) < max(value)) d"
            )
            == 0
        )
    else:
        there = {}
    recorded = dict(warehouse.rows("SELECT slice_date, row_count FROM _wh.slices WHERE status = 'loaded'"))
    assert recorded == there
    assert warehouse.rows("SELECT relname FROM pg_class WHERE relname ~ '^tenantry_[^f]'") == []


@pytest.mark.parametrize("seed", range(3))
def test_a_backfill_and_a_reload_may_be_killed_at_any_moment(
    ticking: Warehouse, source: Source, seed: int
) -> None:
    chance = random.Random(seed)
    kills = sum(kill_after_and_check(ticking, chance) for _ in range(3))
    result = succeed(ticking, *BACKFILL).json
    assert result["load"]["complete"]
    assert ticking.reader.rows("SELECT id, at, value FROM public.ticks ORDER BY id") == source.rows(
        "SELECT * FROM ticks ORDER BY id"
    )
    assert ticking.value("SELECT count(*) FROM pg_indexes WHERE tablename LIKE 'acme.ticks_2024%'") == 4

    source.run("UPDATE ticks SET value = 2")
    kills += sum(kill_after_and_check(ticking, chance, "--reload") for _ in range(3))
    succeed(ticking, *BACKFILL, "--reload")
    check_nothing_is_half(ticking)
    assert ticking.reader.rows("SELECT id, at, value FROM public.ticks ORDER BY id") == source.rows(
        "SELECT * FROM ticks ORDER BY id"
    )
    # On a fast machine some runs end before they are killed.
    assert kills > 0


def kill_after_and_check(warehouse: Warehouse, chance: random.Random, *arguments: object) -> bool:
    killed = kill_after(warehouse, chance.uniform(0, 0.5), *arguments)
    check_nothing_is_half(warehouse)
    return killed


@pytest.mark.parametrize("whose", ["warehouse", "source"])
def test_sessions_that_are_ended_in_the_middle_are_opened_again(
    ticking: Warehouse, source: Source, whose: str
) -> None:
    database = ticking.admin if whose == "warehouse" else source
    name = "tenantry backfill" if whose == "warehouse" else "tenantry"
    stop = threading.Event()
    ended: list[int] = []

    def end_some() -> None:
        """Whoever is in a COPY, three times."""
        while not stop.is_set() and len(ended) < 3:
            ended.extend(
                row[0]
                for row in database.rows(
                    "WITH busy AS MATERIALIZED (SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                    " AND application_name = %s AND query ILIKE 'COPY%%' AND state = 'active' LIMIT 1)"
                    " SELECT pid FROM busy WHERE pg_terminate_backend(pid)",
                    (name,),
                )
            )

    with ThreadPoolExecutor() as pool:
        ending = pool.submit(end_some)
        try:
            by_loader(ticking, FIRST, LAST, template="ticks")
        finally:
            stop.set()
        ending.result(timeout=120)
    check_nothing_is_half(ticking)
    assert ticking.reader.value("SELECT count(*) FROM public.ticks") == DAYS * PER_DAY
    by_sql(ticking, FIRST, date(2024, 1, 20), template="ticks")
    assert ticking.reader.value("SELECT count(*) FROM public.ticks") == DAYS * PER_DAY
