"""Jobs of the tests: in Tenantry's own schema cron, and in pg_cron's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tenantry.db.install import install
from tests.support import sessions
from tests.support.databases import Database, Warehouse

DUE = {0, 1, 7, *range(10, 18), 20, 22}
"""Minutes of the hour at which jobs of tests would run."""

COMMAND = "SELECT _wh.update_foodlogstats('tenant_a_conn', 'tenant_a', CURRENT_DATE);"


def either_cron(request: pytest.FixtureRequest) -> Iterator[Warehouse]:
    """A warehouse without jobs: with Tenantry's own schema cron, or (parameter "pg_cron") the fixture `served`."""
    if request.param == "own":
        yield request.getfixturevalue("warehouse")
        return
    served: Warehouse = request.getfixturevalue("served")
    _let_jobs_pass()
    yield served
    served.admin.run("DELETE FROM cron.job")
    served.admin.run("DELETE FROM cron.job_run_details")


def _let_jobs_pass() -> None:
    """Do not begin shortly before pg_cron would run what a test schedules and only looks at."""
    now = datetime.now(UTC)
    if now.second >= 50 and (now.minute + 1) % 60 in DUE:
        time.sleep(62 - now.second)


def pg_cron(request: pytest.FixtureRequest) -> Iterator[Warehouse]:
    """The database postgres, where pg_cron runs jobs, as a warehouse; empty again afterwards, as other tests expect it."""
    bindir: Path | None = request.getfixturevalue("server_bindir")
    if not (bindir and (bindir.parent / "lib" / "pg_cron.so").exists()):
        pytest.skip("this server has no pg_cron")
    request.getfixturevalue("templates")
    served = Warehouse(request.getfixturevalue("server"), "postgres", "whadmin")
    with served.admin.connect() as session:
        install(session, {})
    yield served
    with served.admin.connect() as session:
        session.execute("DROP EXTENSION dblink, pg_cron CASCADE")
        session.execute("DROP SCHEMA _wh, _wh_internal CASCADE")
    # pg_cron remembers its table in each session.
    sessions.close(served.name)


def schedule(database: Database, name: str, when: str = "12 * * * *", command: str = COMMAND) -> int:
    """Schedule a job by name; returns its jobid."""
    jobid = database.value("SELECT cron.schedule(%s, %s, %s)", (name, when, command))
    assert isinstance(jobid, int)
    return jobid


def jobs(database: Database) -> list[tuple[object, ...]]:
    """Name, schedule, command, active and username of the jobs that the database's user sees."""
    return database.rows(
        "SELECT jobname::text, schedule, command, active, username FROM cron.job ORDER BY jobid"
    )
