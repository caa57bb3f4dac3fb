"""The data dictionary that `tenantry describe` prints."""

from __future__ import annotations

from datetime import date

import pytest

from tenantry.warehouse import Warehouse as FrontDoor
from tests.support.databases import Source, Warehouse
from tests.support.program import run, succeed

pytestmark = pytest.mark.any_server

DAY = date(2024, 3, 10)


@pytest.mark.parametrize("storage", ["matview", "partition"])
def test_a_template_is_described_by_what_reports_see_of_it(
    acme: Warehouse, source: Source, storage: str
) -> None:
    source.fill(DAY, 1)
    acme.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'foodlogstats'", (storage,))
    acme.run(
        "UPDATE _wh.mv_templates SET description = E'Waste | `rm`\\n# and more',"
        " column_descriptions = '{\"store\": \"the | store\"}' WHERE template_name = 'foodlogstats'"
    )
    before = succeed(acme, "describe", "foodlogstats").out
    assert "No tenant uses this template." in before
    assert "| `id` | `integer` |" in before

    acme.load(DAY, DAY)
    acme.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    acme.run("COMMENT ON COLUMN public.foodlogstats.name IS 'what the operator says'")
    acme.run("ANALYZE")
    (described,) = FrontDoor(acme.conninfo).describe()
    columns = {column.name: column for column in described.columns}
    assert next(iter(columns)) == "schema_name"
    assert (columns["id"].type, columns["logged_time"].type) == ("integer", "timestamp with time zone")
    assert columns["name"].description == "what the operator says"
    assert columns["store"].description == "the | store"
    assert (columns["id"].null_share, columns["flags"].null_share) == (0, 1)
    assert [feed.tenant for feed in described.feeds] == ["acme"]

    told = succeed(acme, "describe").out
    assert "\nWaste \\| \\`rm\\` \\# and more\n" in told
    assert "| the \\| store |" in told
    assert "WHERE logged_time >= '2024-03-10 00:00Z' AND logged_time < '2024-03-11 00:00Z'" in told
    # Values may be personal data.
    assert all(column.samples is None for column in described.columns)
    assert "| samples |" not in told
    sampled = succeed(acme, "describe", "foodlogstats", "--samples").out
    assert "`valid`" in sampled
    assert "`valid`" not in told


def test_names_that_are_words_of_sql_are_quoted(acme: Warehouse) -> None:
    acme.run(
        "INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions, time_column) VALUES"
        " ('order', $$SELECT 1 AS id, '{START_TIME}'::timestamptz AS \"end\"$$, 'id int, \"end\" timestamptz', 'end')"
    )
    acme.run("SELECT _wh.update_mv_by_template('order', 'acme', 'acme', %s)", (DAY,))
    acme.run("SELECT _wh.update_public_view_by_template('order')")
    told = succeed(acme, "describe", "order").out
    report = told.partition("```sql\n")[2].partition("```")[0]
    assert acme.reader.rows(report) == [("acme", DAY, 1)]


def test_an_unknown_template_is_refused(warehouse: Warehouse) -> None:
    outcome = run(warehouse, "describe", "foodlogstat")
    assert (outcome.code, outcome.errors) == (2, ['template "foodlogstat" does not exist'])
