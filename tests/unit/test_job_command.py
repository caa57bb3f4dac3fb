"""Jobs are recognised by their commands, however those are written."""

import re

import pytest

from tenantry.db.build import public_files
from tenantry.flow.job.subject import PARAMETERS, Subject, is_plain, subject, window_days

HOURLY = Subject("hourly", "foodlogstats", "acme", "acme_conn")


@pytest.mark.parametrize(
    "command",
    [
        "SELECT _wh.update_mv_by_template('foodlogstats', 'acme_conn', 'acme', _wh.current_date_utc());",
        "select * from _wh.update_mv_by_template ( 'foodlogstats' , 'acme_conn'::text, E'acme' )",
        'SELECT "_wh"."update_mv_by_template"($$foodlogstats$$, $q$acme_conn$q$, \'acme\')',
        (
            "SELECT _wh.update_mv_by_template(target_schema => 'acme', template_name => 'foodlogstats',"
            " tenant_connection_name := 'acme_conn')"
        ),
        "/* today */ SELECT 1; SELECT _wh.update_mv_by_template('foodlogstats', 'acme_conn', 'acme') -- done",
        "SELECT _wh.update_foodlogstats('acme_conn', 'acme', CURRENT_DATE);",
        "SELECT _wh.update_mv_core('acme_conn', 'acme', CURRENT_DATE, 'foodlogstats', 'create_foodlogstats_mv')",
    ],
)
def test_an_update_of_today_is_recognised(command: str) -> None:
    assert subject(command) == HOURLY


@pytest.mark.parametrize(
    "command, expected",
    [
        (
            (
                "SELECT _wh.update_mv_window_by_template('foodlogstats', 'c', 'acme', _wh.current_date_utc() -"
                " INTERVAL '14 days', _wh.current_date_utc() - INTERVAL '1 day');"
            ),
            Subject("window", "foodlogstats", "acme", "c"),
        ),
        (
            "CALL _wh.refresh_window('orders', 'c', 'acme', 14, only_changed => true);",
            Subject("window", "orders", "acme", "c"),
        ),
        (
            "SELECT _wh.update_mv_window('c', 'acme', '2024-01-01', '2024-01-31', '_wh.update_orders')",
            Subject("window", "orders", "acme", "c"),
        ),
        (
            (
                "SELECT _wh.create_combined_table_from_template_by_year('foodlogstats', 'acme', EXTRACT(YEAR FROM"
                " _wh.current_date_utc() - INTERVAL '1 year')::integer);"
            ),
            Subject("yearly", "foodlogstats", "acme", None),
        ),
        (
            "CALL _wh.fold_in_steps('foodlogstats', 'acme', 2025)",
            Subject("yearly", "foodlogstats", "acme", None),
        ),
        (
            "SELECT _wh.update_mv_by_template('a', 'c', 'acme'), _wh.update_mv_by_template('b', 'c', 'acme')",
            Subject("hourly", None, "acme", "c"),
        ),
        ("SELECT _wh.update_mv_by_template('a', 'c', 'O''Brien')", Subject("hourly", "a", "O'Brien", "c")),
        ("SELECT _wh.refresh_mv('acme', 'foodlogstats_2024_01_01')", Subject("other", None, "acme", None)),
    ],
)
def test_other_work_on_one_tenant_is_recognised(command: str, expected: Subject) -> None:
    assert subject(command) == expected


@pytest.mark.parametrize(
    "command",
    [
        "",
        "VACUUM ANALYZE",
        "SELECT '_wh.update_mv_by_template(''a'', ''c'', ''acme'')'",
        "SELECT 1 -- _wh.update_mv_by_template('a', 'c', 'acme')",
        "SELECT other.update_mv_by_template('a', 'c', 'acme')",
        "SELECT _wh.update_mv_by_template('a', 'c', schema_name) FROM _wh.feeds",
        "SELECT _wh.update_mv_by_template('a', 'c', 'acme'); SELECT _wh.update_mv_by_template('a', 'c', 'other')",
        "this is no SQL, _wh.update_mv_by_template('a', 'c', 'acme')",
    ],
)
def test_what_names_no_tenant_or_several_belongs_to_none(command: str) -> None:
    assert subject(command) == Subject()


def test_every_function_that_works_on_a_tenant_is_known_with_the_order_of_its_parameters() -> None:
    words = {
        "template_name": "template",
        "tenant_connection_name": "connection",
        "target_schema": "schema",
        "base_view_name": "base",
        "update_function_name": "function",
    }
    declared = {}
    for file in public_files():
        text = file.read_text(encoding="utf-8")
        found = re.search(
            r"(?:FUNCTION|PROCEDURE) _wh\.(\w+)\((.*?)\)\s+(?:RETURNS|LANGUAGE)", text, re.DOTALL
        )
        assert found is not None, file.name
        parameters = [words.get(name) for name in re.findall(r"(?:^|,)\s*(\w+) ", found[2])]
        if "schema" in parameters:
            declared[found[1]] = parameters
    assert set(declared) == set(PARAMETERS)
    for name, parameters in declared.items():
        known = [word if word in words.values() else None for word in PARAMETERS[name]]
        assert known == parameters[: len(known)], name


@pytest.mark.parametrize(
    "command",
    [
        "SELECT _wh.update_mv_by_template('foodlogstats', 'acme_conn', 'acme', _wh.current_date_utc());",
        "CALL _wh.refresh_window('orders', 'c', 'acme', 14, only_changed => true);",
        (
            "SELECT _wh.create_combined_table_from_template_by_year('foodlogstats', 'acme', EXTRACT(YEAR FROM"
            " _wh.current_date_utc() - INTERVAL '1 year')::integer);"
        ),
        "SELECT * FROM _wh.update_foodlogstats('c', 'acme', CURRENT_DATE); SELECT _wh.refresh_mv('a', 'b')::text AS done",
        "SELECT _wh.update_mv_window('c', 'acme', now() - '1 day'::interval, now(), '_wh.update_foodlogstats')",
        "SELECT _wh.update_mv_core('c', 'acme', CURRENT_DATE, 'foodlogstats', 'create_foodlogstats_mv')",
    ],
)
def test_a_command_of_our_functions_and_values_is_plain(command: str) -> None:
    assert is_plain(command)


@pytest.mark.parametrize(
    "command",
    [
        "",
        "not SQL",
        "SELECT 1",
        "SELECT _wh.mine()",
        "SELECT update_foodlogstats('c', 'acme')",
        "SELECT other.update_foodlogstats('c', 'acme')",
        "SELECT _wh.refresh_mv('a', 'b'); RESET ROLE",
        "SELECT _wh.refresh_mv('a', 'b'), pg_read_file('x')",
        "SELECT _wh.refresh_mv('a', pg_read_file('x'))",
        "SELECT _wh.refresh_mv('a', public.now()::text)",
        "SELECT _wh.refresh_mv('a', (SELECT 'b'))",
        "SELECT _wh.refresh_mv('a', 'b'::evil)",
        "SELECT _wh.refresh_mv('a', 'b' OPERATOR(public.||) 'c')",
        "SELECT _wh.refresh_mv('a', CASE WHEN true THEN 'b' END)",
        "SELECT _wh.refresh_mv('a', 'b') FROM _wh.slices",
        "SELECT _wh.refresh_mv('a', 'b') WHERE pg_sleep(1) IS NULL",
        "SELECT _wh.refresh_mv('a', 'b') UNION SELECT 'x'",
        "SELECT _wh.refresh_mv('a', 'b') INTO x",
        "SELECT _wh.refresh_mv('a', 'b') FOR UPDATE",
        "WITH x AS (DELETE FROM _wh.slices) SELECT _wh.refresh_mv('a', 'b')",
        "SELECT * FROM _wh.refresh_mv('a', 'b'), pg_read_file('x')",
        "SELECT pg_read_file('x') FROM _wh.refresh_mv('a', 'b')",
        "SELECT x.* FROM _wh.refresh_mv('a', 'b') x",
        "SELECT _wh.update_mv_window('c', 'acme', now(), now(), 'public.evil')",
        "SELECT _wh.update_mv_window('c', 'acme', now(), now(), update_function_name => 'evil')",
        "SELECT _wh.update_mv_core('c', 'acme', CURRENT_DATE, 'x', '_wh.evil')",
        "SELECT _wh.update_mv_core('c', 'acme', CURRENT_DATE, 'x', 'create_' || 'evil')",
        "DO $$ BEGIN PERFORM _wh.refresh_mv('a', 'b'); END $$",
        "DELETE FROM _wh.slices",
        "CALL public.refresh_window()",
    ],
)
def test_a_command_that_does_anything_else_is_not_plain(command: str) -> None:
    assert not is_plain(command)


@pytest.mark.parametrize(
    "command, days",
    [
        ("CALL _wh.refresh_window('orders', 'c', 'acme', 14, only_changed => true);", 14),
        ("CALL _wh.refresh_window('orders', 'c', 'acme', days => 30)", 30),
        ("CALL _wh.refresh_window('orders', 'c', 'acme', only_changed => true);", None),
        ("CALL _wh.refresh_window('orders', 'c', 'acme', NULL)", None),
        ("SELECT _wh.update_mv_by_template('orders', 'c', 'acme', '2026-01-01')", None),
        ("VACUUM", None),
    ],
)
def test_the_days_that_a_window_names_are_read(command: str, days: int | None) -> None:
    assert window_days(command) == days
