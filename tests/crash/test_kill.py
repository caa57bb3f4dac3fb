"""kill -9 in the middle of a backfill: nothing missing, nothing doubled, nothing loaded twice."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date

import psycopg

from tenantry.db.install import install
from tenantry.embedded import Server
from tests.support.databases import Source, Warehouse
from tests.support.program import command, environment, run, succeed
from tests.support.samples.small_template import define, make_ticks, mend
from tests.support.waiting import wait_until

FIRST = date(2024, 3, 1)
DAYS = 40
BACKFILL = ("backfill", "ticks", "--all", "--from", "2024-03-01", "--to", "2024-04-09", "--json")


@contextmanager
def running(warehouse: Warehouse, env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command(warehouse, *BACKFILL),
        env=environment(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def prepare(warehouse: Warehouse, source: Source) -> None:
    """Forty days of two rows at the source, of which each takes its time, and nothing in the warehouse."""
    make_ticks(source, FIRST, DAYS)
    source.run("UPDATE ticks SET value = 'slow' WHERE extract(hour FROM at AT TIME ZONE 'UTC') = 0")
    define(warehouse)
    warehouse.run("SELECT _wh_internal.open_feed('ticks', 'acme', 'acme')")


def loaded(warehouse: Warehouse) -> int:
    count: int = warehouse.value("SELECT count(*) FROM _wh.slices WHERE status = 'loaded'")
    return count


def equal_to_the_source(warehouse: Warehouse, source: Source) -> None:
    assert warehouse.value("SELECT count(*) FROM pg_matviews WHERE schemaname = 'acme'") == DAYS
    assert (
        warehouse.value("SELECT count(*) FROM _wh.slices WHERE status = 'loaded' AND row_count = 2") == DAYS
    )
    assert warehouse.reader.rows("SELECT schema_name, id, at FROM public.ticks ORDER BY id") == source.rows(
        "SELECT 'acme', id, at FROM ticks ORDER BY id"
    )


def test_after_kill_9_of_a_backfill_the_same_command_loads_only_what_is_missing(
    acme: Warehouse, source: Source
) -> None:
    prepare(acme, source)
    with running(acme) as process:
        wait_until(lambda: loaded(acme) >= 3)
        process.kill()
        process.wait()
    # What the killed program had in hand is cut off by the server when it notices, or committed before that.
    wait_until(
        lambda: (
            acme.value(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name = 'tenantry backfill'"
            )
            == 0
        )
    )
    kept = loaded(acme)
    assert 3 <= kept < DAYS
    mend(source)
    (again,) = succeed(acme, *BACKFILL).json["load"]["feeds"]
    assert (again["loaded"], again["present"], again["failed"]) == (DAYS - kept, kept, 0)
    equal_to_the_source(acme, source)
    (third,) = succeed(acme, *BACKFILL).json["load"]["feeds"]
    assert (third["loaded"], third["present"]) == (0, DAYS)


def test_the_same_command_right_after_kill_9_need_not_wait_for_the_server_to_notice(
    acme: Warehouse, source: Source
) -> None:
    prepare(acme, source)
    with running(acme) as process:
        wait_until(lambda: loaded(acme) >= 3)
        process.kill()
    mend(source)
    assert succeed(acme, *BACKFILL).json["load"]["complete"]
    equal_to_the_source(acme, source)


def test_after_kill_9_of_the_server_the_same_command_loads_only_what_is_missing(
    make_server: Callable[..., Server], source: Source
) -> None:
    durable = make_server(fsync="on", synchronous_commit="on", full_page_writes="on")
    durable.start()
    warehouse = installed(durable)
    warehouse.connect_to(source)
    warehouse.make_schema()
    prepare(warehouse, source)
    with running(warehouse) as process:
        wait_until(lambda: loaded(warehouse) >= 3)
        assert durable.pid is not None
        os.kill(durable.pid, signal.SIGKILL)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 3, (out, err)
    assert "Traceback" not in err

    durable.start()
    kept = loaded(warehouse)
    assert warehouse.value("SELECT count(*) FROM pg_matviews WHERE schemaname = 'acme'") == kept
    mend(source)
    (again,) = succeed(warehouse, *BACKFILL).json["load"]["feeds"]
    assert (again["loaded"], again["present"]) == (DAYS - kept, kept)
    equal_to_the_source(warehouse, source)
    assert run(warehouse, "status").code == 0


def installed(server: Server) -> Warehouse:
    """A warehouse in the server's database postgres."""
    passwords = {"whadmin": "whadmin-password", "phood_ro": "reader-password"}
    with psycopg.connect(server.conninfo(), autocommit=True) as session:
        install(session, passwords)
    for role, password in passwords.items():
        server.save_password(role, password)
    return Warehouse(server, "postgres", "whadmin")
