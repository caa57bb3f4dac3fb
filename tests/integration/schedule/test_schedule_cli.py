"""`tenantry schedule`: with pg_cron, and with Tenantry's own schema cron."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from psycopg import errors

from tests.support.databases import Source, Warehouse
from tests.support.jobs import either_cron, jobs, schedule
from tests.support.people import member
from tests.support.program import address, run, succeed

PARIS = {"TZ": "Europe/Paris"}


@pytest.fixture(params=["own", pytest.param("pg_cron", marks=pytest.mark.system)])
def cron(request: pytest.FixtureRequest) -> Iterator[Warehouse]:
    """A warehouse with a tenant `acme` and without jobs, with either schema cron."""
    for warehouse in either_cron(request):
        source: Source = request.getfixturevalue("source")
        warehouse.connect_to(source)
        warehouse.make_schema()
        warehouse.run("SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'acme')")
        yield warehouse
        warehouse.admin.run("DROP SCHEMA acme CASCADE")
        warehouse.run("DELETE FROM _wh.feeds")
        warehouse.run("DELETE FROM _wh.tenants")
        warehouse.run("DELETE FROM _wh.tenant_connections")


def test_the_life_of_a_tenants_jobs(cron: Warehouse) -> None:
    schedule(cron, "by hand", "10 * * * *", "SELECT _wh.update_foodlogstats('acme', 'acme', CURRENT_DATE);")
    plan = succeed(cron, "schedule", "install", "--all", "--dry-run", "--json").json["jobs"]
    assert [(job["job"], job["when"]) for job in plan] == [
        ("acme_2week_refresh", "daily at 08:30 UTC"),
        ("yearly_combination_acme", "every year on 15 February at 07:00 UTC"),
    ]
    assert len(jobs(cron)) == 1
    made = succeed(cron, "schedule", "install", "--tenant", "acme", "--json").json["jobs"]
    assert [job["job"] for job in made] == [job["job"] for job in plan]
    assert all(isinstance(job["jobid"], int) for job in made)
    assert succeed(cron, "schedule", "install", "--all", "--json").json["jobs"] == []

    shown = succeed(cron, "schedule", "show", "--tenant", "acme", env=PARIS).out
    assert "daily at 08:30 UTC (" in shown
    assert "Europe/Paris)" in shown
    upcoming = succeed(cron, "schedule", "next", 3, "--json").json["runs"]
    assert [job["job"] for job in upcoming][:2] != ["yearly_combination_acme"] * 2
    assert [job["at"] for job in upcoming] == sorted(job["at"] for job in upcoming)

    assert succeed(cron, "schedule", "disable", "--tenant", "acme", "--json").json["unchanged"] == []
    assert {row[3] for row in jobs(cron)} == {False}
    paused = succeed(cron, "schedule", "show", "--json").json["jobs"]
    assert {job["next_run_at"] for job in paused} == {None}
    again = succeed(cron, "schedule", "enable", "--job", "by hand", "--json").json
    assert again == {"changed": ["by hand"], "unchanged": []}

    refused = run(cron, "schedule", "remove", "--tenant", "acme")
    assert (refused.code, refused.errors) == (2, ["there is no terminal to ask for confirmation"])
    assert len(jobs(cron)) == 3
    succeed(cron, "schedule", "remove", "--job", "by hand", "--yes")
    succeed(cron, "schedule", "remove", "--tenant", "acme", "--yes")
    assert jobs(cron) == []


def test_a_job_is_run_by_hand_and_its_failures_are_told(cron: Warehouse) -> None:
    good = schedule(cron, "good", "@yearly", "SELECT 1")
    schedule(cron, "bad", "@yearly", "SELECT 1 / 0")
    own = cron.value("SELECT NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron')")
    assert succeed(cron, "schedule", "run", "good", "--json").json["run"]["message"] == "SELECT 1"
    failed = run(cron, "schedule", "run", "bad")
    assert (failed.code, failed.errors) == (1, ["bad: ERROR: division by zero"])
    history = succeed(cron, "schedule", "history", "--json").json["runs"]
    assert [(item["job"], item["status"]) for item in history] == (
        [("bad", "failed"), ("good", "succeeded")] if own else []
    )
    if own:
        only = succeed(cron, "schedule", "history", "--failed", "--last", 1, "--json").json["runs"]
        assert [item["job"] for item in only] == ["bad"]
        assert "bad: ERROR: division by zero" in succeed(cron, "schedule", "show").err
        with cron.connect() as running:
            running.execute("SELECT pg_advisory_lock(8321567, %s)", (good,))
            refused = run(cron, "schedule", "run", str(good))
            assert (refused.code, refused.errors) == (2, ["good is running now"])


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("install",), "no tenants were named"),
        (("install", "--tenant", "nobody"), 'tenant "nobody" has no template to load'),
        (("disable",), "no jobs were named"),
        (("disable", "--tenant", "nobody"), 'tenant "nobody" has no jobs'),
        (("enable", "--job", "none"), 'there is no job "none"'),
        (("show", "--tenant", "nobody"), 'tenant "nobody" has no jobs'),
        (("remove", "--job", "7", "--yes"), 'there is no job "7"'),
        (("run", "none"), 'there is no job "none"'),
    ],
)
def test_what_cannot_be_meant_is_one_line_and_changes_nothing(
    warehouse: Warehouse, arguments: tuple[str, ...], message: str
) -> None:
    outcome = run(warehouse, "schedule", *arguments)
    assert (outcome.code, outcome.errors) == (2, [message])


def test_a_disabled_tenant_gets_no_jobs(acme: Warehouse) -> None:
    acme.run("SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'acme')")
    succeed(acme, "tenant", "disable", "acme", "--reason", "rest")
    assert succeed(acme, "schedule", "install", "--all", "--json").json["jobs"] == []
    schedule(acme, "by hand", "10 * * * *", "SELECT _wh.update_foodlogstats('acme', 'acme')")
    for arguments in (("install", "--tenant", "acme"), ("enable", "--tenant", "acme")):
        refused = run(acme, "schedule", *arguments)
        assert (refused.code, refused.errors) == (2, ['tenant "acme" is disabled or being dropped'])


def test_a_new_tenant_gets_its_jobs_unless_told_otherwise(warehouse: Warehouse, source: Source) -> None:
    add = ("tenant", "add", "acme", "--source", address(source), "--from", "today", "--json")
    secret = {"TENANTRY_SOURCE_PASSWORD": source.password}
    assert succeed(warehouse, *add, "--no-schedule", env=secret).json["jobs"] == []
    assert jobs(warehouse) == []
    names = ["foodlogstats_update_acme", "acme_2week_refresh", "yearly_combination_acme"]
    assert succeed(warehouse, *add, env=secret).json["jobs"] == names
    assert succeed(warehouse, *add, env=secret).json["jobs"] == []
    assert [row[0] for row in jobs(warehouse)] == names
    # What was laid out can be run as it is.
    assert (
        succeed(warehouse, "schedule", "run", "foodlogstats_update_acme", "--json").json["run"]["message"]
        == "SELECT 1"
    )
    assert (
        succeed(warehouse, "schedule", "run", "acme_2week_refresh", "--json").json["run"]["message"] == "CALL"
    )


def test_a_job_that_an_administrator_runs_has_the_rights_of_whadmin_alone(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE public.ran_as (login name)")
    schedule(warehouse, "good", "@yearly", "INSERT INTO public.ran_as SELECT session_user")
    succeed(warehouse.admin, "schedule", "run", "good")
    assert warehouse.value("SELECT login FROM public.ran_as") == "whadmin"


def test_groups_see_and_operators_pause_jobs_of_either_scheduler(cron: Warehouse) -> None:
    schedule(cron, "nightly")
    with member(cron, "tenantry_auditor") as auditor:
        assert "nightly" in succeed(auditor, "schedule", "show").out
        succeed(auditor, "schedule", "history")
    with member(cron, "tenantry_operator") as operator:
        assert "nightly" in succeed(operator, "schedule", "show").out
        succeed(operator, "schedule", "disable", "--job", "nightly")
        assert cron.value("SELECT active FROM cron.job WHERE jobname = 'nightly'") is False
        succeed(operator, "schedule", "enable", "--job", "nightly")
        assert cron.value("SELECT active FROM cron.job WHERE jobname = 'nightly'") is True
        for statement in ("DELETE FROM cron.job", "SELECT cron.schedule('mine', '* * * * *', 'SELECT 1')"):
            with pytest.raises(errors.InsufficientPrivilege):
                operator.run(statement)
