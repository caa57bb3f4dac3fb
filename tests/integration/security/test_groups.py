"""What operators and auditors may do with logins of their own, and what not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import LiteralString

import psycopg
import pytest

from tests.support.databases import Database, Source, Warehouse
from tests.support.people import member
from tests.support.program import run, succeed

pytestmark = pytest.mark.any_server

DAY = date(2024, 3, 10)

LOOKING: list[LiteralString] = [
    "SELECT * FROM _wh.tenant_connections",
    "SELECT * FROM _wh.mv_templates",
    "SELECT * FROM _wh.template_columns",
    "SELECT * FROM _wh.template_indexes",
    "SELECT * FROM _wh.slices",
    "SELECT * FROM _wh.feeds",
    "SELECT * FROM _wh.tenants",
    "SELECT * FROM _wh.readers",
    "SELECT * FROM _wh.function_logs",
    "SELECT * FROM _wh.installations",
    "SELECT * FROM _wh.migrations",
    "SELECT * FROM _wh_audit.entries",
    "SELECT d.* FROM _wh.feeds f CROSS JOIN LATERAL _wh_internal.day_states(f) d",
    "SELECT _wh_internal.find_feed('foodlogstats', 'acme')",
    "SELECT _wh_internal.latest_day('foodlogstats')",
    "SELECT _wh.current_date_utc()",
    "SELECT _wh.does_mv_exist('foodlogstats_2024_03_10', 'acme')",
    "SELECT _wh.check_views_by_template_for_year('foodlogstats', 'acme', 2024)",
    "SELECT * FROM _wh.jobs()",
    "SELECT * FROM _wh.job_runs()",
    "SELECT * FROM _wh.job_leader()",
]
"""What both groups do."""

WORKING: list[LiteralString] = [
    "SELECT _wh.load_days('foodlogstats', 'acme', '2024-03-10', '2024-03-10')",
    "SELECT _wh.load_days('foodlogstats', 'acme', '2024-03-10', '2024-03-10', only_changed => true)",
    "SELECT _wh.verify_days('foodlogstats', 'acme', '2024-03-10', '2024-03-10')",
    "SELECT _wh.publish_views('foodlogstats', 'acme')",
    "SELECT _wh.set_jobs_active('{}', false)",
    "SELECT _wh.disable_tenant('acme', 'a test')",
    "SELECT _wh.enable_tenant('acme')",
    "SELECT _wh.source_days('foodlogstats', 'acme')",
]
"""What operators do beside that."""

ALLOWED = {"tenantry_operator": LOOKING + WORKING, "tenantry_auditor": LOOKING}

REFUSED: list[LiteralString] = [
    "SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'another')",
    "SELECT _wh.update_mv_by_template('foodlogstats', 'acme', 'another')",
    "SELECT _wh.update_mv_core('acme', 'acme', '2024-03-10', 'x', 'pg_catalog.pg_sleep')",
    "SELECT _wh_internal.create_tenant_schema('mine')",
    "SELECT _wh_internal.drop_tenant('acme', true)",
    "SELECT _wh_internal.call_user_function('DELETE FROM _wh.slices', '2024-03-10')",
    "CALL _wh.set_storage('foodlogstats', 'partition')",
    "INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions) VALUES ('x', 'SELECT 1', 'a integer')",
    "UPDATE _wh.mv_templates SET query_template = 'SELECT 1'",
    "UPDATE _wh.tenant_connections SET host = 'elsewhere'",
    "DELETE FROM _wh.tenant_connections",
    "INSERT INTO _wh.readers (reader_name) VALUES ('mine')",
    "UPDATE _wh.slices SET row_count = 0",
    "UPDATE _wh.tenants SET disabled_at = NULL",
    "UPDATE cron.job SET command = 'SELECT 1'",
    "SELECT cron.schedule('mine', '* * * * *', 'SELECT 1')",
    "SELECT _wh_internal.source_login('{server}')",
    "SELECT _wh_internal.hold_source('acme')",
    "SELECT _wh.verify_slice('foodlogstats', 'acme', '2024-03-10')",
    "SELECT _wh.update_mv_window_by_template('foodlogstats', 'acme', 'acme', '2024-03-10', '2024-03-10')",
    "SELECT _wh_internal.record_failure(f, '2024-03-10', '') FROM _wh.feeds f",
    "DELETE FROM _wh.function_logs",
    "INSERT INTO _wh.function_logs (function_name, message) VALUES ('', '')",
    "DELETE FROM _wh_audit.entries",
    "INSERT INTO _wh_audit.entries (what, subject, result) VALUES ('', '', '')",
    "DROP MATERIALIZED VIEW acme.foodlogstats_2024_03_10",
    "SELECT * FROM acme.foodlogstats",
    "SELECT * FROM public.foodlogstats",
    "SELECT * FROM public.dblink('{server}', 'SELECT 1') AS t(x integer)",
    "SELECT public.dblink_connect('host=127.0.0.1')",
    "CREATE TABLE public.mine ()",
    "CREATE TABLE _wh.mine ()",
    "CREATE FUNCTION _wh.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "ALTER USER MAPPING FOR PUBLIC SERVER {server} OPTIONS (SET user 'x')",
    "SET ROLE whadmin",
    "SET SESSION AUTHORIZATION whadmin",
    "GRANT whadmin TO CURRENT_USER",
    "CREATE ROLE mine",
]


@pytest.fixture
def ready(acme: Warehouse, source: Source) -> Warehouse:
    """A day of acme, published."""
    source.fill(DAY, 1)
    acme.load(DAY, DAY)
    acme.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    return acme


@pytest.fixture(params=ALLOWED)
def someone(ready: Warehouse, request: pytest.FixtureRequest) -> Iterator[tuple[str, Database]]:
    """A group, and a login of somebody who belongs to it and to nothing else."""
    with member(ready, request.param) as person:
        yield request.param, person


@pytest.fixture
def auditor(ready: Warehouse) -> Iterator[Database]:
    """A login of an auditor."""
    with member(ready, "tenantry_auditor") as person:
        yield person


@pytest.fixture
def operator(ready: Warehouse) -> Iterator[Database]:
    """A login of an operator."""
    with member(ready, "tenantry_operator") as person:
        yield person


def test_a_member_of_a_group_may_do_what_the_group_is_for_and_nothing_else(
    ready: Warehouse, someone: tuple[str, Database]
) -> None:
    group, person = someone
    for statement in ALLOWED[group]:
        person.run(statement)
    server = ready.value("SELECT _wh_internal.server_name('acme')")
    others = [statement for statement in WORKING if statement not in ALLOWED[group]]
    for statement in [*REFUSED, *others]:
        with person.connect() as opened, pytest.raises(psycopg.Error) as refused:
            opened.execute(statement.replace("{server}", server).encode())
        assert refused.value.sqlstate in {"42501", "0LP01"}, (statement, refused.value)


def test_nobody_of_a_group_sees_a_secret(ready: Warehouse, someone: tuple[str, Database]) -> None:
    _, person = someone
    seen = person.rows("SELECT umoptions::text FROM pg_user_mappings")
    assert {row[0] for row in seen} <= {None}
    with person.connect() as opened:
        try:
            told = opened.execute("SELECT _wh_internal.source_conninfo('acme')::text").fetchall()
        except psycopg.errors.InsufficientPrivilege:
            return
    assert "password" not in str(told)
    assert "password" not in str(
        person.rows("SELECT to_jsonb(c) - 'password' - 'password_set_at' FROM _wh.tenant_connections c")
    )


@pytest.mark.parametrize(
    "call",
    [
        "load_days('foodlogstats', 'globex', '2024-03-10', '2024-03-10')",
        "load_days('foodlogstats', 'public', '2024-03-10', '2024-03-10')",
        "load_days('x''; SELECT 1; --', 'acme', '2024-03-10', '2024-03-10')",
        "load_days(NULL, 'acme', '2024-03-10', '2024-03-10')",
        "load_days('foodlogstats', NULL, '2024-03-10', '2024-03-10')",
        "fold_year('foodlogstats', 'globex', 2023)",
        "verify_days('foodlogstats', 'globex', '2024-03-10', '2024-03-10')",
        "verify_days('foodlogstats'' OR true --', 'acme', '2024-03-10', '2024-03-10')",
        "publish_views('foodlogstats', '_wh')",
        "publish_views(NULL, NULL)",
        "source_days('foodlogstats', 'globex')",
    ],
)
def test_an_operator_works_on_nothing_that_is_not_there(
    ready: Warehouse, operator: Database, call: LiteralString
) -> None:
    with pytest.raises(psycopg.errors.UndefinedObject, match="no tenant"):
        operator.run(f"SELECT _wh.{call}")
    assert ready.value("SELECT count(*) FROM _wh.feeds") == 1


def test_what_an_operator_loads_is_written_down_with_his_login(ready: Warehouse, operator: Database) -> None:
    operator.run("SELECT _wh.load_days('foodlogstats', 'acme', '2024-03-10', '2024-03-10')")
    assert (operator.user, "whadmin", "load_days") in ready.rows(
        "SELECT login, role, what FROM _wh_audit.entries"
    )


def test_an_auditor_looks_around_with_the_program_and_hears_in_one_line_what_he_may_not(
    auditor: Database,
) -> None:
    for words in (
        ("status",),
        ("tenant", "list"),
        ("logs",),
        ("audit",),
        ("slice", "list", "foodlogstats", "--tenant", "acme"),
        ("reader", "list"),
        ("year", "list"),
        ("schedule", "show"),
        ("schedule", "history"),
        ("template", "show", "foodlogstats"),
        ("sizes",),
        ("describe",),
        ("override", "list"),
    ):
        succeed(auditor, *words)
    for asking in (
        ("tenant", "test", "acme"),
        ("verify", "foodlogstats", "--all"),
        ("override", "check", "foodlogstats"),
    ):
        (error,) = run(auditor, *asking).errors
        assert error.endswith(f'asks a source, which needs whadmin, but role "{auditor.user}" is an auditor')
    for changing in (
        ("tenant", "drop", "acme", "--yes"),
        ("tenant", "disable", "acme", "--reason", "a test"),
        ("refresh", "foodlogstats", "--all"),
        ("backfill", "foodlogstats", "--all"),
        ("slice", "reload", "foodlogstats", "2024-03-10", "--all"),
        ("schedule", "disable", "--tenant", "acme"),
        ("template", "edit", "foodlogstats"),
        ("reader", "add", "mine", "--all"),
        ("doctor", "--fix"),
    ):
        refused = run(auditor, *changing)
        assert refused.errors == [
            f'role "{auditor.user}" is an auditor, who can read but not change anything'
        ]
