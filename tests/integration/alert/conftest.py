"""One warehouse for all tests of a module: 200 tenants without data, and what each test spoils."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tenantry.embedded import Server
from tests.integration.alert.receivers import WebReceiver, make_certificate, web_receiver
from tests.support.databases import Maker, Warehouse

TENANTS = 200


@pytest.fixture(scope="module")
def fleet(server: Server, templates: None) -> Iterator[Warehouse]:
    """A warehouse with 200 tenants, each with a feed that was just loaded and an hourly job that went well."""
    maker = Maker(server)
    warehouse = Warehouse(server, maker.clone("tests_warehouse", "warehouse"), "whadmin")
    maker.run("GRANT CREATE, TEMPORARY ON DATABASE {} TO whadmin", warehouse.name)
    with warehouse.connect() as session:
        session.execute(
            "INSERT INTO _wh.tenants (schema_name, tenant_name)"
            " SELECT 't' || n, 'c' || n FROM generate_series(1, %s) n",
            (TENANTS,),
        )
        session.execute(
            "INSERT INTO _wh.feeds (schema_name, template_name, tenant_name, storage)"
            " SELECT schema_name, 'foodlogstats', tenant_name, 'partition' FROM _wh.tenants"
        )
        session.execute(
            "SELECT cron.schedule('foodlogstats_update_' || schema_name, '12 * * * *',"
            " format('SELECT _wh.update_mv_by_template(%L, %L, %L)', 'foodlogstats', tenant_name, schema_name))"
            " FROM _wh.tenants"
        )
        # Without its schema, a tenant counts as dropped by hand.
        session.execute("CREATE SCHEMA t1; CREATE SCHEMA t2")
    yield warehouse
    maker.drop_all()


@pytest.fixture
def well(fleet: Warehouse) -> Iterator[Warehouse]:
    """The fleet with nothing wrong, no routes and no messages: a scheduler leads, jobs and loads went well just now, and doctor's
    checks ran."""
    with fleet.connect() as leader:
        leader.execute("SELECT pg_advisory_lock(8321567, 0)")
        leader.execute(
            "DELETE FROM _wh.alert_routes; DELETE FROM _wh.alerts; DELETE FROM _wh.alert_looks;"
            " DELETE FROM cron.job_run_details; DELETE FROM cron.scheduler; DELETE FROM _wh.verifications;"
            " DELETE FROM _wh.slices;"
            " INSERT INTO _wh.alert_looks (looked_at, examined_at, host, pid) VALUES (now() - interval '1 minute', now(), '', 0);"
            " INSERT INTO cron.scheduler (host, pid, elected_at, alive_at, last_tick)"
            " VALUES ('here', 1, now(), now(), now());"
            " INSERT INTO _wh.slices (schema_name, template_name, slice_date, status, row_count, loaded_at)"
            " SELECT schema_name, template_name, (now() AT TIME ZONE 'UTC')::date, 'loaded', 1,"
            " now() - interval '2 minutes' FROM _wh.feeds;"
            " INSERT INTO cron.job_run_details (jobid, database, username, command, status, start_time, end_time)"
            " SELECT jobid, database, username, command, 'succeeded', now() - interval '3 minutes',"
            " now() - interval '2 minutes' FROM cron.job"
        )
        yield fleet


@pytest.fixture
def receiver() -> Iterator[WebReceiver]:
    """A web server that takes messages."""
    with web_receiver() as served:
        yield served


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for loopback with its key, and its authority's."""
    return make_certificate(tmp_path_factory.mktemp("certificate"))
