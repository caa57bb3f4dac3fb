"""Installing over an older version."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tenantry.db import upgrade
from tenantry.db.connect import session
from tenantry.db.install import install
from tenantry.db.migrations import known
from tests.support.databases import Database, Source, Warehouse
from tests.support.program import run, succeed


def made_older(warehouse: Warehouse) -> None:
    """As if of an older version: without the newest migration, with an old function, and without a new one."""
    warehouse.run("DROP TABLE _wh.readers, _wh.rebuilds, _wh.restored_jobs")
    warehouse.run("DELETE FROM _wh.migrations WHERE name = 'recovery'")
    warehouse.run("DROP FUNCTION _wh.does_mv_exist")
    warehouse.run(
        "CREATE OR REPLACE FUNCTION _wh.current_date_utc() RETURNS date LANGUAGE sql AS 'SELECT current_date'"
    )
    warehouse.run("CREATE FUNCTION _wh_internal.former() RETURNS integer LANGUAGE sql AS 'SELECT 1'")


def catalog(database: Database) -> list[object]:
    return [
        database.rows("SELECT oid, xmin FROM pg_proc WHERE pronamespace::regnamespace::text IN ('_wh', '_wh_internal') ORDER BY 1"),
        database.rows("SELECT oid FROM pg_class WHERE relnamespace = '_wh'::regnamespace ORDER BY 1"),
        database.rows("SELECT version FROM _wh.migrations ORDER BY 1"),
    ]  # fmt: skip


def test_an_internal_function_with_old_parameters_does_not_stay(acme: Warehouse, source: Source) -> None:
    source.log([(1, "2024-03-10 12:00:00+00")])
    acme.run(
        "CREATE FUNCTION _wh_internal.publish_tenant(feed _wh.feeds) RETURNS boolean LANGUAGE sql AS 'SELECT false'"
    )
    with session(acme.admin.conninfo, role=None) as admin:
        install(admin, {})
    acme.run("SELECT _wh.update_mv_by_template('foodlogstats', 'acme', 'acme', '2024-03-10')")
    assert acme.value("SELECT count(*) FROM acme.foodlogstats") == 1


def test_a_dry_run_says_what_an_upgrade_then_does_and_changes_nothing(warehouse: Warehouse) -> None:
    assert "Nothing to change" in succeed(warehouse.admin, "upgrade").out
    made_older(warehouse)
    refused = run(warehouse, "status")
    assert refused.code == 4
    assert "tenantry upgrade" in refused.err
    before = catalog(warehouse)
    planned = succeed(warehouse.admin, "upgrade", "--dry-run", "--json").json["changes"]
    assert catalog(warehouse) == before
    done = succeed(warehouse.admin, "upgrade", "--json").json["changes"]
    assert done == planned
    assert done["migrations"] == ["migration recovery applied"]
    assert done["new"] == ["function _wh.does_mv_exist(text,text)"]
    assert done["changed"] == ["function _wh.current_date_utc()"]
    assert done["gone"] == ["function _wh_internal.former()"]
    succeed(warehouse, "status")
    assert "Nothing to change" in succeed(warehouse.admin, "upgrade", "--dry-run").out


def test_an_example_template_that_was_dropped_does_not_come_back(warehouse: Warehouse) -> None:
    succeed(warehouse, "template", "drop", "foodlogstats", "--yes")
    for command in ("upgrade", "init"):
        succeed(warehouse.admin, command)
    assert warehouse.rows("SELECT template_name FROM _wh.mv_templates") == []


def test_an_upgrade_that_fails_changes_nothing(warehouse: Warehouse) -> None:
    made_older(warehouse)
    # What the newest migration makes is in its way.
    warehouse.run("CREATE VIEW _wh.restored_jobs AS SELECT 1 AS x")
    before = catalog(warehouse)
    for command in ("upgrade", "init"):
        outcome = run(warehouse.admin, command)
        assert (outcome.code, outcome.errors) == (1, ['relation "restored_jobs" already exists'])
    assert catalog(warehouse) == before


def test_an_upgrade_is_refused_while_a_load_is_at_work_and_can_wait_for_it(acme: Warehouse) -> None:
    acme.run("SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'acme')")
    with session(acme.admin.conninfo, role=None) as admin, acme.connect() as load:
        load.execute("BEGIN; SELECT _wh_internal.hold_tenant('acme')")
        pid = load.info.backend_pid
        assert [(work.pid, work.tenants) for work in upgrade.at_work(admin)] == [(pid, ["acme"])]
        assert not upgrade.run(admin, {}).any, "nobody is kept from an upgrade that changes nothing"
        load.execute("COMMIT")
        load.execute("SET application_name = 'tenantry backfill'; SELECT 1")
        load.execute("DROP FUNCTION _wh.does_mv_exist")
        with busy(load):
            for command in ("upgrade", "init"):
                refused = run(acme.admin, command)
                assert refused.errors == [f"1 session is working: tenantry backfill (pid {pid})"]
        assert acme.value("SELECT to_regproc('_wh.does_mv_exist')") is None

        seen = threading.Event()
        waiting = threading.Thread(
            target=upgrade.run, args=(admin, {}, 60, lambda _: seen.set()), daemon=True
        )
        with busy(load):
            waiting.start()
            assert seen.wait(120)
        load.close()
        waiting.join(120)
        assert not waiting.is_alive()
    assert acme.value("SELECT to_regproc('_wh.does_mv_exist')") is not None


@contextmanager
def busy(session: psycopg.Connection) -> Iterator[None]:
    """The session is at work until the end of the block: who has rested for five seconds is not any more."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.2):
            session.execute("SELECT 1")

    session.execute("SELECT 1")
    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        over.set()
        worker.join()


def test_a_job_that_runs_is_named_and_the_record_of_one_that_crashed_is_not(warehouse: Warehouse) -> None:
    if warehouse.value("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron')"):
        pytest.skip("its records are pg_cron's")
    warehouse.run("SELECT cron.schedule('acme_hourly', '12 * * * *', 'SELECT 1')")
    with warehouse.connect() as job, session(warehouse.admin.conninfo, role=None) as admin:
        for pid in (job.info.backend_pid, 2**30):
            job.execute(
                "INSERT INTO cron.job_run_details (jobid, job_pid, status, start_time)"
                " SELECT jobid, %s, 'running', clock_timestamp() FROM cron.job",
                (pid,),
            )
        assert list(map(str, upgrade.at_work(admin))) == [f"job acme_hourly (pid {job.info.backend_pid})"]


def test_only_a_warehouse_that_is_not_newer_can_be_upgraded(warehouse: Warehouse, source: Source) -> None:
    nothing = run(Database(source.server, source.name, "postgres"), "upgrade")
    assert (nothing.code, nothing.errors) == (4, ["this database holds no warehouse"])
    warehouse.run("INSERT INTO _wh.migrations (version, name, sha256) VALUES (9999, 'later', '')")
    newer = run(warehouse.admin, "upgrade")
    assert newer.code == 4
    assert f"it has migration 9999, this program knows up to {known()[-1].version}" in newer.err
