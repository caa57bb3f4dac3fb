"""Ctrl-C: what was loaded is kept, shown and counted; nothing runs on."""

from __future__ import annotations

import signal
from datetime import date

import pytest

from tests.support.databases import Source, Warehouse
from tests.support.program import running, succeed
from tests.support.samples.small_template import QUERY, define, make_ticks, mend, spoil
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

BACKFILL = (
    "backfill",
    "ticks",
    "--all",
    "--from",
    "2024-03-01",
    "--to",
    "2024-03-20",
    "--sessions",
    2,
    "--json",
)


@pytest.fixture
def ticking(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse with the template `ticks`, whose source has two rows on each of twenty days, one of them slow."""
    make_ticks(source, date(2024, 3, 1), 20)
    source.run("UPDATE ticks SET value = 'slow' WHERE extract(hour FROM at AT TIME ZONE 'UTC') = 0")
    define(acme)
    acme.run("SELECT _wh_internal.open_feed('ticks', 'acme', 'acme')")
    return acme


def loaded(warehouse: Warehouse) -> int:
    count: int = warehouse.value("SELECT count(*) FROM _wh.slices WHERE status = 'loaded'")
    return count


def busy(source: Source) -> int:
    count: int = source.value(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'source_reader'"
        " AND wait_event = 'PgSleep'"
    )
    return count


def test_ctrl_c_keeps_what_was_loaded_and_the_same_command_goes_on(
    ticking: Warehouse, source: Source
) -> None:
    with running(ticking, *BACKFILL) as process:
        wait_until(lambda: loaded(ticking) >= 3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert '"interrupted": true' in out
    kept = loaded(ticking)
    assert 3 <= kept < 20
    assert ticking.reader.value("SELECT count(*) FROM public.ticks") == 2 * kept

    mend(source)
    (again,) = succeed(ticking, *BACKFILL).json["load"]["feeds"]
    assert (again["loaded"], again["present"]) == (20 - kept, kept)
    assert ticking.reader.value("SELECT count(*) FROM public.ticks") == 40


def test_ctrl_c_does_not_wait_for_a_source_that_hangs(ticking: Warehouse, source: Source) -> None:
    mend(source)
    define(ticking, query=QUERY.replace("pg_sleep(0.3)", "pg_sleep(600)"))
    spoil(source, date(2024, 3, 5), "slow")
    spoil(source, date(2024, 3, 6), "slow")
    with running(ticking, *BACKFILL) as process:
        wait_until(lambda: busy(source) == 2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert '"interrupted": true' in out
    assert (loaded(ticking), ticking.reader.value("SELECT count(*) FROM public.ticks")) == (4, 8)


def test_ctrl_c_before_the_first_slice_ends_the_program(ticking: Warehouse) -> None:
    with ticking.connect() as blocker, running(ticking, *BACKFILL) as process:
        blocker.execute("BEGIN")
        blocker.execute("LOCK _wh.slices")
        wait_until(
            lambda: (
                ticking.value(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'relation'"
                )
                >= 1
            )
        )
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "Traceback" not in err
