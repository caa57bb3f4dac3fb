"""A real Citus cluster: a worker is added and gets data, and a worker is killed while days are loaded."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tenantry.core.days import today_utc
from tests.integration.cluster.conftest import DAYS, NAMES
from tests.support.citus.cluster import CONTROL, PASSWORDS, SPARE, control, spare
from tests.support.databases import Source, Warehouse
from tests.support.program import run, running, succeed
from tests.support.samples.healthy import findings, troubles
from tests.support.samples.small_template import make_ticks

pytestmark = [
    pytest.mark.skipif(not (SPARE and CONTROL), reason="needs a real cluster whose nodes may be killed"),
    pytest.mark.timeout(900),
]

OWNER_LOGS_IN = {"TENANTRY_WHADMIN_PASSWORD": PASSWORDS["whadmin"]}
CHECKS = ("slices", "records", "cluster")
MANY = 700
"""Days that are loaded while a worker is killed."""

TOTALS = [(name, 2 * DAYS) for name in NAMES]


def rows(warehouse: Warehouse) -> list[tuple[str, int]]:
    return warehouse.reader.rows("SELECT schema_name, count(*) FROM public.ticks GROUP BY 1 ORDER BY 1")


def without_roles(warehouse: Warehouse) -> None:
    """Take from the server that is no node what earlier tests have left there."""
    with psycopg.connect(make_conninfo(spare(), dbname=warehouse.name), autocommit=True) as session:
        session.execute("SET citus.enable_ddl_propagation = off")
        for role in ("reader_of_acme", "phood_ro", "whadmin"):
            session.execute(f"DROP ROLE IF EXISTS {role}")


def test_an_added_worker_gets_roles_and_data_and_readers_see_what_they_saw(spread: Warehouse) -> None:
    host, _, port = SPARE.rpartition(":")
    without_roles(spread)
    try:
        succeed(spread.admin, "reader", "add", "reader_of_acme", "--tenant", "acme", env=OWNER_LOGS_IN)
        with psycopg.connect(spread.admin.conninfo, autocommit=True) as session:
            session.execute("SET citus.enable_ddl_propagation = on")
            session.execute(f"ALTER ROLE reader_of_acme PASSWORD '{PASSWORDS['phood_ro']}'")
        added = succeed(spread.admin, "cluster", "add-worker", host, "--port", port, env=OWNER_LOGS_IN)
        for role in ("whadmin", "phood_ro", "reader_of_acme"):
            assert f"{role} created on {SPARE}" in added.err
        assert "needs a password" not in added.err
        assert [finding.command for finding in findings(spread, "cluster")] == ["tenantry cluster rebalance"]
        succeed(spread, "cluster", "rebalance", "--yes")
        status = succeed(spread, "cluster", "status", "--json").json
        new = next(node for node in status["nodes"] if node["port"] == int(port))
        assert new["placements"] > 0
        assert status["moves"] == []
        assert rows(spread) == TOTALS
        reader = make_conninfo(
            spread.server.conninfo(user="reader_of_acme", dbname=spread.name), password=PASSWORDS["phood_ro"]
        )
        with psycopg.connect(reader, autocommit=True) as opened:
            assert (
                opened.execute("SELECT schema_name, count(*) FROM public.ticks GROUP BY 1").fetchall()
                == TOTALS[:1]
            )
        # The new node knows the tables, too, and answers whoever logs in there with the rows of their own tenants.
        with psycopg.connect(make_conninfo(reader, host=host, port=port), autocommit=True) as opened:
            assert opened.execute(
                """SELECT DISTINCT schema_name FROM _wh_data."public.tenantry_distributed_ticks" """
            ).fetchall() == [("acme",)]
        succeed(spread, "verify", "ticks", "--all")
        assert troubles(findings(spread, *CHECKS)) == []
    finally:
        succeed(spread.admin, "reader", "drop", "reader_of_acme", "--yes", env=OWNER_LOGS_IN)


def records_and_rows(warehouse: Warehouse) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """The days that loads acknowledged with their rows, and the days that there are with theirs."""
    return (
        warehouse.rows(
            "SELECT schema_name, slice_date, row_count FROM _wh.slices WHERE row_count > 0 AND loaded_at IS NOT NULL ORDER BY 1, 2"
        ),
        warehouse.rows("SELECT schema_name, day, count(*) FROM public.ticks GROUP BY 1, 2 ORDER BY 1, 2"),
    )


def acknowledged(warehouse: Warehouse) -> int:
    return int(
        warehouse.value("SELECT count(*) FROM _wh.slices WHERE row_count > 0 AND loaded_at IS NOT NULL")
    )


def test_what_loads_acknowledged_survives_the_crash_of_a_worker(spread: Warehouse, source: Source) -> None:
    workers = [node["port"] for node in succeed(spread, "cluster", "status", "--json").json["nodes"][1:]]
    first = today_utc() - timedelta(days=MANY - 1)
    source.run("DROP TABLE ticks")
    make_ticks(source, first, MANY, per_day=10)
    span = ("--from", first, "--to", today_utc())
    try:
        with running(spread, "slice", "reload", "ticks", "--all", *span, "--pause", 0.5) as loading:
            while acknowledged(spread) < len(NAMES) * DAYS + 5:
                assert loading.poll() is None
            control("kill", workers[0])
            out, _ = loading.communicate(timeout=300)
        assert loading.returncode == 1
        gone = f"127.0.0.1:{workers[0]}"
        assert gone in out
        for words, code in (
            (("verify", "ticks", "--all", "--from", today_utc() - timedelta(days=3)), 1),
            (("cluster", "status"), 0),
            (("doctor", "--only", "cluster"), 1),
        ):
            down = run(spread, *words)
            assert (down.code, gone in down.out) == (code, True), down
        assert f"{gone} does not answer" in run(spread, "cluster", "status").err
        loaded = run(spread, "slice", "reload", "ticks", "yesterday", "--all")
        assert (loaded.code, gone in loaded.out) == (1, True), loaded
        assert "the connection's address" not in loaded.err
        refused = run(spread, "cluster", "rebalance", "--yes")
        assert refused.errors[0].startswith(f"1 node does not answer: {gone}")
    finally:
        control("start", workers[0])
    recorded, stored = records_and_rows(spread)
    assert recorded == stored
    succeed(spread, "slice", "reload", "ticks", "--all", *span)
    assert rows(spread) == [(name, MANY * 10) for name in NAMES]
    succeed(spread, "verify", "ticks", "--all")
    assert troubles(findings(spread, *CHECKS)) == []
