"""Advisory locks: a login that may do nothing but read neither takes Tenantry's nor keeps anybody waiting by them."""

from __future__ import annotations

from datetime import timedelta
from typing import LiteralString

import psycopg
import pytest

from tenantry.db.queries import SQL, query, sql_text
from tests.support.databases import Source, Warehouse
from tests.support.program import run
from tests.support.samples.healthy import findings

pytestmark = pytest.mark.any_server

LOCK = sql_text(SQL / "install" / "lock.sql")

LOCKS: list[LiteralString] = [
    "SELECT pg_advisory_lock(hashtextextended(jsonb_build_array('tenantry tenant', 'acme')::text, 0))",
    "SELECT pg_advisory_xact_lock_shared(8321567904)",
    "SELECT pg_try_advisory_lock(8321567, 0)",
    "SELECT pg_try_advisory_xact_lock_shared(8321567904)",
]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_reader_cannot_take_an_advisory_lock(acme: Warehouse, lock: LiteralString) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        acme.reader.run(lock)


@pytest.fixture
def as_on_rds(acme: Warehouse, source: Source) -> Warehouse:
    """Where the administrator may not take these functions from PUBLIC, and a reader sits there with the tenant's lock."""
    source.log([(1, "2024-03-10 12:00:00+00")])
    acme.admin.run("ALTER SCHEMA acme OWNER TO whadmin")
    acme.run("SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'acme')")
    acme.admin.run(
        "GRANT EXECUTE ON FUNCTION pg_advisory_lock(bigint), pg_advisory_lock_shared(bigint), pg_advisory_lock(integer, integer) TO PUBLIC"
    )
    return acme


@pytest.mark.parametrize("shared", ["", "_shared"])
def test_nobody_waits_for_a_reader_that_holds_a_tenant(as_on_rds: Warehouse, shared: LiteralString) -> None:
    with psycopg.connect(as_on_rds.reader.conninfo, application_name="bored", autocommit=True) as bored:
        bored.execute(
            f"SELECT pg_advisory_lock{shared}(_wh_internal.tenant_lock('acme'))".replace(
                "_wh_internal.tenant_lock('acme')",
                "hashtextextended(jsonb_build_array('tenantry tenant', 'acme')::text, 0)",
            )
        )
        if not shared:
            with pytest.raises(psycopg.errors.LockNotAvailable, match=r"tenant acme.*\(bored, phood_ro"):
                as_on_rds.run(
                    "SELECT _wh.update_mv_by_template('foodlogstats', 'acme', 'acme', '2024-03-10')"
                )
        with pytest.raises(psycopg.errors.LockNotAvailable, match=r"tenant acme.*\(bored, phood_ro"):
            as_on_rds.run("SELECT _wh_internal.withdraw_tenant('acme')")
        (found,) = (
            f for f in findings(as_on_rds, "sessions", patience=timedelta(0)) if "should not hold" in f.reason
        )
        assert found.subject == f"session {bored.info.backend_pid}"
        assert found.reason.startswith("phood_ro, bored, 127.0.0.1: holds a lock of Tenantry's")
        dropped = run(as_on_rds, "tenant", "drop", "acme", "--yes")
        assert "bored, phood_ro" in dropped.err, dropped.err


def test_an_installation_gives_up_and_names_who_keeps_it_waiting(as_on_rds: Warehouse) -> None:
    with psycopg.connect(as_on_rds.reader.conninfo, application_name="bored", autocommit=True) as bored:
        bored.execute("SELECT pg_advisory_lock(8321567904)")
        lock = LOCK.replace("1min", "1s")
        with pytest.raises(
            psycopg.errors.LockNotAvailable, match=r"blocks the installation: session .*bored, phood_ro"
        ):
            as_on_rds.admin.run(lock)
    as_on_rds.admin.run(lock)


def test_a_scheduler_tells_who_keeps_it_from_leading(as_on_rds: Warehouse) -> None:
    with psycopg.connect(as_on_rds.reader.conninfo, application_name="bored", autocommit=True) as bored:
        bored.execute("SELECT pg_advisory_lock(8321567, 0)")
        with as_on_rds.connect() as session:
            row = session.execute(
                query("scheduler", "sign_of_life").replace(
                    "LEFT JOIN cron.scheduler s ON true", "LEFT JOIN (SELECT now() AS alive_at) s ON true"
                )
            ).fetchone()
        assert row is not None
        assert row[2] == f"session {bored.info.backend_pid} (bored, phood_ro)"
