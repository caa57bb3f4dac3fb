"""Jobs that pg_cron really runs. One test, because it has to wait for the next minute."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tenantry.db.install import install
from tenantry.embedded import Server
from tests.support.databases import Source, Warehouse
from tests.support.jobs import jobs, schedule

pytestmark = pytest.mark.system

FLAKY = """
INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions) VALUES ('flaky',
    $$SELECT 1 / ('{TARGET_DATE}'::date - (now() AT TIME ZONE 'UTC')::date + 2), '{TARGET_DATE}'::date$$, 'n integer, day date')
"""
"""A template whose slice of the day before yesterday fails at the source: division by zero."""

WINDOW = "_wh.current_date_utc() - INTERVAL '3 days', _wh.current_date_utc() - INTERVAL '1 day'"


@pytest.fixture
def served(make_server: Callable[..., Server], server_bindir: Path | None, source: Source) -> Warehouse:
    """The database that pg_cron serves, with a tenant schema for each job, and a connection to the source.

    On a server of its own: pg_cron 1.4 may look for jobs in the table of an extension that was dropped, for ever, and other
    tests create it and drop it.
    """
    if not (server_bindir and (server_bindir.parent / "lib" / "pg_cron.so").exists()):
        pytest.skip("this server has no pg_cron")
    server = make_server()
    server.start()
    passwords = {"whadmin": "whadmin-password", "phood_ro": "reader-password"}
    with psycopg.connect(server.conninfo(), autocommit=True) as session:
        install(session, passwords)
    for role, password in passwords.items():
        server.save_password(role, password)
    warehouse = Warehouse(server, "postgres", "whadmin")
    warehouse.connect_to(source)
    for schema in ("acme", "hourly", "nightly", "manual"):
        warehouse.make_schema(schema)
    warehouse.run(FLAKY)
    return warehouse


def test_a_run_is_succeeded_when_its_slices_are_and_failed_with_the_reason_when_one_is_not(
    served: Warehouse, source: Source
) -> None:
    source.log([(1, "2024-03-10 12:00:00+00")])
    slice_of = "SELECT _wh.update_mv_by_template('{}', 'acme', '{}', {});"
    commands = {
        "good": slice_of.format("foodlogstats", "hourly", "'2024-03-10'"),
        "bad": slice_of.format("flaky", "hourly", "_wh.current_date_utc() - 2"),
        "nightly": "CALL _wh.refresh_window('flaky', 'acme', 'nightly', 3);",
        "manual": f"SELECT _wh.update_mv_window_by_template('flaky', 'acme', 'manual', {WINDOW});",
        "disabled": slice_of.format("foodlogstats", "acme", "'2024-03-10'"),
    }
    for name, command in commands.items():
        schedule(served, name, "* * * * *", command)
    served.run("UPDATE cron.job SET active = false WHERE jobname = 'disabled'")
    runs = finished(served, 4)
    served.run("SELECT cron.unschedule(jobid) FROM cron.job")
    assert jobs(served) == []

    # The manual's window answers with a summary, so its run counts as succeeded while some of its days could be loaded.
    assert {name: status for name, (status, _) in runs.items()} == {
        "good": "succeeded",
        "bad": "failed",
        "nightly": "failed",
        "manual": "succeeded",
    }
    assert runs["good"][1] == "SELECT 1"
    assert "hourly.flaky" in runs["bad"][1]
    assert "division by zero" in runs["bad"][1]
    assert "1 of 3 days failed, the others are kept" in runs["nightly"][1]
    assert "division by zero" in runs["nightly"][1]
    for schema in ("nightly", "manual"):
        assert served.rows(
            "SELECT _wh.current_date_utc() - slice_date, status FROM _wh.slices WHERE schema_name = %s ORDER BY 1",
            (schema,),
        ) == [(1, "loaded"), (2, "failed"), (3, "loaded")]
        assert served.reader.value(f"SELECT count(*) FROM {schema}.flaky") == 2
    assert served.reader.value("SELECT count(*) FROM hourly.foodlogstats") == 1
    assert served.rows(
        "SELECT DISTINCT matviewowner::text FROM pg_matviews WHERE schemaname = 'nightly'"
    ) == [("whadmin",)]


def finished(served: Warehouse, count: int) -> dict[str, tuple[str, str]]:
    """Status and message of each job's first run by its name, once `count` of them have ended."""
    deadline = time.monotonic() + 180
    while True:
        rows = served.rows(
            "SELECT DISTINCT ON (jobid) jobname::text, r.status, r.return_message"
            " FROM cron.job_run_details r JOIN cron.job j USING (jobid)"
            " WHERE r.status IN ('succeeded', 'failed') ORDER BY jobid, runid"
        )
        # It reads them again whenever one has changed, but may overlook a change while it does.
        served.run("UPDATE cron.job SET active = active WHERE jobname = 'disabled'")
        if len(rows) >= count or time.monotonic() > deadline:
            return {name: (status, message) for name, status, message in rows}
        time.sleep(0.5)
