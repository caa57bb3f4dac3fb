"""Manual, "Disabling a Tenant": its jobs rest, its data stays."""

from __future__ import annotations

from datetime import date

import pytest

from tests.contract.roles import AS_EITHER, AS_EITHER_BY_CRON, acting
from tests.support.databases import Source, Warehouse
from tests.support.jobs import schedule

JOBS = ("foodlogstats_update_brook", "brook_2week_refresh", "yearly_combination_brook")

DAY = date(2022, 2, 28)


@pytest.fixture
def cron(cron: Warehouse) -> Warehouse:
    """A warehouse with the three jobs of one tenant and one of another."""
    for name in (*JOBS, "other"):
        schedule(cron, name)
    return cron


@AS_EITHER_BY_CRON
def test_jobs_are_unchecked_one_by_one_and_seen_to_rest(cron: Warehouse, role: str) -> None:
    """A table editor sends an UPDATE by primary key for each row."""
    with acting(cron, role).connect() as session:
        for name in JOBS:
            (jobid,) = (
                session.execute("SELECT jobid FROM cron.job WHERE jobname = %s", (name,)).fetchone() or ()
            )
            session.execute("UPDATE cron.job SET active = false WHERE jobid = %s", (jobid,))
    assert acting(cron, role).rows(
        "SELECT jobid > 0, jobname::text, schedule, active FROM cron.job WHERE jobname LIKE '%brook%' ORDER BY jobname"
    ) == [(True, name, "12 * * * *", False) for name in sorted(JOBS)]
    assert cron.value("SELECT active FROM cron.job WHERE jobname = 'other'") is True


@AS_EITHER
def test_the_connection_notes_when_it_was_touched(acme: Warehouse, role: str) -> None:
    acme.run("UPDATE _wh.tenant_connections SET updated_at = '2020-01-01'")
    acting(acme, role).run("UPDATE _wh.tenant_connections SET updated_at = NOW() WHERE tenant_name = 'acme'")
    assert acme.value("SELECT now() - updated_at < interval '1 minute' FROM _wh.tenant_connections") is True
    assert acme.load(DAY, DAY)["processed_mvs"] == 1


@AS_EITHER
def test_the_reason_goes_into_the_log(warehouse: Warehouse, role: str) -> None:
    acting(warehouse, role).run(
        "INSERT INTO _wh.function_logs (function_name, log_level, message, context)"
        " VALUES ('manual_operation', 'INFO', 'Tenant disabled',"
        " jsonb_build_object('tenant_name', 'brook', 'reason', 'kitchen closed', 'disabled_date', NOW()))"
    )
    assert warehouse.rows(
        "SELECT log_level, message, context ->> 'reason', now() - created_at < interval '1 minute'"
        " FROM _wh.function_logs WHERE function_name = 'manual_operation'"
    ) == [("INFO", "Tenant disabled", "kitchen closed", True)]


def test_reports_go_on_with_the_data_that_is_there(acme: Warehouse, source: Source) -> None:
    source.fill(DAY, 1)
    acme.load(DAY, DAY)
    acme.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    schedule(acme, "foodlogstats_update_acme")
    acme.run("UPDATE cron.job SET active = false WHERE jobname LIKE '%acme%'")
    source.run("DELETE FROM phood_foodlogsum")
    assert acme.reader.value("SELECT count(*) FROM acme.foodlogstats_2022_02_28") == 3
    assert acme.reader.value("SELECT count(*) FROM acme.foodlogstats") == 3
    assert acme.reader.value("SELECT count(*) FROM public.foodlogstats") == 3
