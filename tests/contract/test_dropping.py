"""Manual, "Dropping a Tenant": jobs, schema, place in the public view and connection go; other tenants stay."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest

from tests.contract.roles import AS_EITHER, AS_EITHER_BY_CRON, AS_EITHER_ON_EACH_STORAGE, EACH_STORAGE, acting
from tests.support.databases import Source, Warehouse
from tests.support.jobs import schedule

JOBS = ("foodlogstats_update_brook", "brook_2week_refresh", "yearly_combination_brook")

DAY = date(2023, 4, 30)


@pytest.fixture
def cron(cron: Warehouse) -> Warehouse:
    """A warehouse with the three jobs of one tenant and one of another."""
    for name in (*JOBS, "other"):
        schedule(cron, name)
    return cron


@pytest.fixture
def both(acme: Warehouse, source: Source) -> Warehouse:
    """Tenant acme has two days, brook one and a yearly table; the public view shows both."""
    source.fill(DAY, 2)
    acme.load(DAY, date(2023, 5, 1))
    acme.connect_to(source, "brook_conn")
    acme.make_schema("brook")
    acme.load(DAY, DAY, schema="brook", connection="brook_conn")
    acme.run("CREATE TABLE brook.foodlogstats_2019 AS SELECT * FROM brook.foodlogstats")
    acme.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    return acme


@pytest.fixture
def dropped(both: Warehouse) -> Warehouse:
    """The schema brook is gone, as after the manual's third step."""
    both.admin.run("DROP SCHEMA brook CASCADE")
    return both


@AS_EITHER_BY_CRON
def test_all_jobs_of_a_tenant_are_disabled(cron: Warehouse, role: str) -> None:
    acting(cron, role).run("UPDATE cron.job SET active = false WHERE jobname LIKE '%brook%'")
    assert cron.rows("SELECT jobname::text FROM cron.job WHERE active") == [("other",)]


@AS_EITHER_BY_CRON
def test_disabled_jobs_are_listed(cron: Warehouse, role: str) -> None:
    cron.run("UPDATE cron.job SET active = false WHERE jobname LIKE '%brook%'")
    listed = acting(cron, role).rows(
        "SELECT jobid, jobname::text, active FROM cron.job WHERE jobname LIKE '%brook%'"
    )
    assert {row[1:] for row in listed} == {(name, False) for name in JOBS}


@pytest.mark.parametrize("job", JOBS)
def test_a_job_is_removed(cron: Warehouse, job: str) -> None:
    assert cron.value("SELECT cron.unschedule(%s)", (job,)) is True
    left = {row[0] for row in cron.rows("SELECT jobname::text FROM cron.job")}
    assert left == {*JOBS, "other"} - {job}


@EACH_STORAGE
def test_the_schema_is_dropped_with_all_that_is_in_it(both: Warehouse) -> None:
    """By the role that created it, in the manual postgres: PostgreSQL lets no other do it."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="must be owner of schema brook"):
        both.run("DROP SCHEMA brook CASCADE")
    both.admin.run("DROP SCHEMA brook CASCADE")
    assert both.rows("SELECT schemaname FROM pg_matviews WHERE schemaname = 'brook'") == []
    assert both.reader.value("SELECT count(*) FROM acme.foodlogstats") == 6


@AS_EITHER
def test_a_schema_of_whadmins_own_is_dropped_by_either(acme: Warehouse, role: str) -> None:
    acme.run("CREATE SCHEMA creek")
    acme.load(DAY, DAY, schema="creek")
    acting(acme, role).run("DROP SCHEMA creek CASCADE")
    assert acme.value("SELECT to_regnamespace('creek')") is None


@AS_EITHER
def test_the_public_view_is_brought_back_without_the_tenant(dropped: Warehouse, role: str) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        dropped.reader.run("SELECT count(*) FROM public.foodlogstats")
    assert acting(dropped, role).value("SELECT _wh.update_public_view_by_template('foodlogstats')") is True
    assert dropped.reader.rows("SELECT DISTINCT schema_name FROM public.foodlogstats") == [("acme",)]
    assert dropped.rows(
        "SELECT viewowner::text FROM pg_views WHERE schemaname = 'public' AND viewname = 'foodlogstats'"
    ) == [("whadmin",)]


@EACH_STORAGE
def test_both_steps_can_be_one_transaction_after_the_public_view(both: Warehouse) -> None:
    """Reports lock the public view first, and a DROP SCHEMA last: in this order they cannot deadlock."""
    with both.admin.connect() as session, session.transaction():
        session.execute("DROP VIEW public.foodlogstats")
        session.execute("DROP SCHEMA brook CASCADE")
        session.execute("SELECT _wh.update_public_view_by_template('foodlogstats')")
    assert both.reader.value("SELECT count(*) FROM public.foodlogstats") == 6


@AS_EITHER_ON_EACH_STORAGE
def test_the_tenants_that_are_left_are_listed(dropped: Warehouse, role: str) -> None:
    assert acting(dropped, role).rows(
        "SELECT DISTINCT schemaname::text FROM pg_views"
        " WHERE viewname = 'foodlogstats' AND schemaname NOT IN ('public', '_wh')"
    ) == [("acme",)]


@AS_EITHER_ON_EACH_STORAGE
def test_the_connection_is_removed_and_its_secret_with_it(dropped: Warehouse, role: str) -> None:
    dropped.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    acting(dropped, role).run("DELETE FROM _wh.tenant_connections WHERE tenant_name = 'brook_conn'")
    assert dropped.rows("SELECT tenant_name FROM _wh.tenant_connections") == [("acme",)]
    assert dropped.value("SELECT count(*) FROM pg_user_mappings") == dropped.value(
        "SELECT count(*) FROM pg_user_mappings WHERE srvname = _wh_internal.server_name('acme')"
    )
    assert dropped.load(DAY, DAY)["processed_mvs"] == 1


@pytest.mark.parametrize("role", ["whadmin", "postgres", "phood_ro"])
def test_the_public_view_still_counts(dropped: Warehouse, role: str) -> None:
    dropped.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    assert acting(dropped, role).value("SELECT COUNT(*) FROM public.foodlogstats") == 6


@pytest.mark.parametrize("role", ["whadmin", "postgres", "phood_ro"])
def test_the_public_view_tells_which_tenants_are_included(dropped: Warehouse, role: str) -> None:
    dropped.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    assert acting(dropped, role).rows(
        "SELECT schema_name, COUNT(*) as record_count FROM public.foodlogstats GROUP BY schema_name ORDER BY schema_name"
    ) == [("acme", 6)]
