"""Jobs as the program sees them: with pg_cron, and with Tenantry's own schema cron."""

from __future__ import annotations

import pytest

from tenantry.core.errors import InputError, NotInstalled
from tenantry.db.connect import session
from tenantry.flow.job import table
from tests.support.databases import Warehouse
from tests.support.jobs import schedule

HOURLY = "SELECT _wh.update_mv_by_template('foodlogstats', 'acme_conn', 'acme', _wh.current_date_utc());"


def test_jobs_by_hand_are_found_by_tenant_paused_and_removed(
    cron: Warehouse, request: pytest.FixtureRequest
) -> None:
    by_hand = schedule(cron, "anything-at-all", "12 * * * *", HOURLY)
    schedule(cron, "globex", "13 * * * *", HOURLY.replace("acme", "globex"))
    with session(cron.conninfo) as opened:
        assert table.cron(opened) == ("pg_cron" if "pg_cron" in request.node.name else "own")
        (found,) = table.of_tenant(opened, "acme")
        assert found == table.Job(
            by_hand,
            "anything-at-all",
            "12 * * * *",
            HOURLY,
            True,
            cron.name,
            "whadmin",
            "hourly",
            "foodlogstats",
            "acme",
            "acme_conn",
        )
        assert table.set_active(opened, [by_hand], active=False) == [by_hand]
        assert table.set_active(opened, [by_hand], active=False) == []
        assert [job.active for job in table.all_jobs(opened)] == [False, True]
        assert table.remove(opened, [by_hand, 987654]) == [by_hand]
        assert [job.schema for job in table.all_jobs(opened)] == ["globex"]


def test_a_job_is_made_and_changed_by_name(cron: Warehouse) -> None:
    with session(cron.conninfo) as opened:
        first = table.put(opened, "acme's job", "12 * * * *", HOURLY)
        assert table.put(opened, "acme's job", "13 * * * *", HOURLY) == first
        (found,) = table.all_jobs(opened)
        assert (found.name, found.schedule, found.username) == ("acme's job", "13 * * * *", "whadmin")


def test_an_administrators_session_makes_jobs_of_whadmin(cron: Warehouse) -> None:
    with session(cron.admin.conninfo) as opened:
        table.put(opened, "acme", "12 * * * *", HOURLY)
        assert [job.username for job in table.all_jobs(opened)] == ["whadmin"]


def test_a_job_for_another_database_belongs_to_no_tenant_here(warehouse: Warehouse) -> None:
    warehouse.run("SELECT cron.schedule_in_database('there', '12 * * * *', %s, 'postgres')", (HOURLY,))
    with session(warehouse.conninfo) as opened:
        assert [(job.schema, job.kind) for job in table.all_jobs(opened)] == [(None, "other")]


def test_without_a_schema_cron_there_are_no_jobs(warehouse: Warehouse) -> None:
    warehouse.admin.run("DROP SCHEMA cron CASCADE")
    with session(warehouse.conninfo) as opened:
        assert table.cron(opened) is None
        assert table.all_jobs(opened) == []
        assert table.of_tenant(opened, "acme") == []
        with pytest.raises(NotInstalled, match="no schema cron"):
            table.put(opened, "acme", "12 * * * *", HOURLY)


def test_what_is_no_schedule_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(InputError, match="invalid schedule"), session(warehouse.conninfo) as opened:
        table.put(opened, "acme", "61 * * * *", HOURLY)
