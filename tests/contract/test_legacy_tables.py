"""Manual, "Adding a New Type of DataTable/MV (Legacy)": functions that operators write themselves keep working."""

from __future__ import annotations

from datetime import date
from typing import LiteralString

import psycopg
import pytest

from tests.contract.roles import AS_EITHER, acting
from tests.support.databases import Database, Source, Warehouse

HANDLER: LiteralString = """
  EXCEPTION
      WHEN OTHERS THEN
          RETURN FALSE;"""

CREATE_FUNCTION: LiteralString = """
CREATE OR REPLACE FUNCTION _wh.create_crate_stats_mv(
    tenant_connection_name text,
    target_schema text,
    base_view_name text,
    target_date date,
    client_name text DEFAULT NULL::text
)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
  DECLARE
      connection_string TEXT;
      remote_query TEXT;
      view_name TEXT;
      full_mv_name TEXT;
      client_override TEXT;
      create_sql TEXT;
      context JSONB;
  BEGIN
      view_name := _wh.create_mv_name(base_view_name, target_date);
      connection_string := _wh.get_tenant_connection_string(tenant_connection_name);
      full_mv_name := target_schema || '.' || view_name;
      client_override := COALESCE(client_name, target_schema);

      remote_query := format($remote$
          SELECT c.id, c.name, c.weight::numeric, d.name as dock, '%s' as client, c.seen_at
          FROM crates c
          LEFT JOIN docks d ON c.dock_id = d.id
          WHERE c.seen_at::DATE = '%s'::DATE
      $remote$, client_override, target_date);

      create_sql := format($create$
          CREATE MATERIALIZED VIEW %I.%I AS
          SELECT * FROM dblink(%L, %L)
          AS t(id INTEGER, name TEXT, weight NUMERIC, dock TEXT, client TEXT, seen_at TIMESTAMP)
      $create$, target_schema, view_name, connection_string, remote_query);

      EXECUTE create_sql;

      EXECUTE format('CREATE UNIQUE INDEX ON %I.%I (id)', target_schema, view_name);
      EXECUTE format('CREATE INDEX ON %I.%I (seen_at)', target_schema, view_name);
      EXECUTE format('CREATE INDEX ON %I.%I (client)', target_schema, view_name);

      RETURN TRUE;
  EXCEPTION
      WHEN OTHERS THEN
          RETURN FALSE;
  END;
  $function$
;
"""

WRAPPER: LiteralString = """
CREATE OR REPLACE FUNCTION _wh.update_crate_stats(
    tenant_connection_name text,
    target_schema text,
    target_date date,
    allow_refresh_yesterday boolean DEFAULT true
)
 RETURNS jsonb
 LANGUAGE plpgsql
AS $function$
  BEGIN
      RETURN _wh.update_mv_core(
          tenant_connection_name,
          target_schema,
          target_date,
          'crate_stats',
          '_wh.create_crate_stats_mv',
          allow_refresh_yesterday
      );
  END;
  $function$
;
"""

WINDOW: LiteralString = "SELECT _wh.update_mv_window('acme', 'acme', '2023-10-01'::date, '2023-10-03'::date, '_wh.update_crate_stats')"


@pytest.fixture
def crates(source: Source) -> Source:
    """A source with two crates on each of the first three days of October 2023, the second just before midnight of UTC."""
    source.run("CREATE TABLE docks (id int, name text)")
    source.run("INSERT INTO docks VALUES (0, 'East'), (1, 'West')")
    source.run("CREATE TABLE crates (id int, name text, weight text, dock_id int, seen_at timestamptz)")
    source.run(
        "INSERT INTO crates SELECT 2 * d + n, 'Crate ' || n, 10 + d, n,"
        " ('2023-10-01'::date + d)::timestamp AT TIME ZONE 'UTC' + n * interval '23:59:59'"
        " FROM generate_series(0, 2) d, generate_series(0, 1) n"
    )
    source.run("GRANT SELECT ON docks, crates TO source_reader")
    return source


def write_functions(database: Database) -> None:
    """Both of the operators' functions, as this role."""
    database.run(CREATE_FUNCTION)
    database.run(WRAPPER)


def spoil_the_second_day(source: Source) -> None:
    """Give it a weight that is no number."""
    source.run("UPDATE crates SET weight = 'heavy' WHERE id = 3")


@AS_EITHER
def test_the_create_function_can_be_written_and_makes_a_day_with_its_indexes(
    acme: Warehouse, crates: Source, role: str
) -> None:
    acting(acme, role).run(CREATE_FUNCTION)
    assert acme.value("SELECT _wh.create_crate_stats_mv('acme', 'acme', 'crate_stats', '2023-10-02')") is True
    assert acme.rows("SELECT id, dock, weight, client FROM acme.crate_stats_2023_10_02 ORDER BY id") == [
        (2, "East", 11, "acme"),
        (3, "West", 11, "acme"),
    ]
    assert acme.value("SELECT count(*) FROM pg_indexes WHERE tablename = 'crate_stats_2023_10_02'") == 3


@AS_EITHER
def test_the_wrapper_can_be_written_and_names_every_argument_as_the_manual_does(
    acme: Warehouse, crates: Source, role: str
) -> None:
    write_functions(acting(acme, role))
    result = acting(acme, role).value(
        "SELECT _wh.update_crate_stats(tenant_connection_name := 'acme', target_schema := 'acme',"
        " target_date := '2023-10-02', allow_refresh_yesterday := false)"
    )
    assert (result["success"], result["action"], result["rows"]) == (True, "created", 2)


@AS_EITHER
def test_a_day_is_made_then_pulled_again_and_readers_see_it(
    acme: Warehouse, crates: Source, role: str
) -> None:
    database = acting(acme, role)
    write_functions(database)
    crates.run(
        "INSERT INTO crates VALUES (90, 'Today', '1', 0, now()), (91, 'Tomorrow', '1', 0, now() + interval '1 day')"
    )
    result = database.value("SELECT _wh.update_crate_stats('acme', 'acme', CURRENT_DATE)")
    assert (result["success"], result["action"], result["rows"]) == (True, "created", 1)
    crates.run("UPDATE crates SET name = 'Changed' WHERE id >= 90")
    result = database.value("SELECT _wh.update_crate_stats('acme', 'acme', CURRENT_DATE)")
    assert result["success"] is True
    assert acme.reader.rows("SELECT DISTINCT name FROM acme.crate_stats") == [("Changed",)]
    assert acme.rows(
        "SELECT DISTINCT pg_get_userbyid(relowner)::text FROM pg_class WHERE relname LIKE 'crate_stats%'"
    ) == [("whadmin",)]


@AS_EITHER
def test_a_window_of_days_goes_through_the_wrapper(acme: Warehouse, crates: Source, role: str) -> None:
    database = acting(acme, role)
    write_functions(database)
    result = database.value(WINDOW)
    assert (result["success"], result["processed_mvs"], result["total_records"]) == (True, 3, 6)
    assert acme.rows("SELECT matviewname::text, matviewowner::text FROM pg_matviews ORDER BY 1") == [
        (f"crate_stats_2023_10_0{day}", "whadmin") for day in (1, 2, 3)
    ]
    assert acme.reader.rows("SELECT seen_at::date, count(*) FROM acme.crate_stats GROUP BY 1 ORDER BY 1") == [
        (date(2023, 10, day), 2) for day in (1, 2, 3)
    ]


@AS_EITHER
def test_a_day_whose_function_returns_false_is_a_failed_slice_and_says_how_to_see_why(
    acme: Warehouse, crates: Source, role: str
) -> None:
    database = acting(acme, role)
    write_functions(database)
    spoil_the_second_day(crates)
    with pytest.raises(psycopg.Error, match="returned false, and created no materialized view") as caught:
        database.run("SELECT _wh.update_crate_stats('acme', 'acme', '2023-10-02')")
    assert "remove it to see the reason" in str(caught.value.diag.message_hint)
    result = database.value(WINDOW)
    assert (result["success"], result["processed_mvs"], result["failed"]) == (False, 2, 1)
    assert "returned false" in result["date_results"][1]["error"]
    assert [
        (day.day, status, error and "returned false" in error) for day, status, error in slices(acme)
    ] == [
        (1, "loaded", None),
        (2, "failed", True),
        (3, "loaded", None),
    ]
    assert acme.reader.value("SELECT count(*) FROM acme.crate_stats") == 4


@AS_EITHER
def test_a_day_whose_function_raises_is_a_failed_slice_with_the_sources_reason(
    acme: Warehouse, crates: Source, role: str
) -> None:
    database = acting(acme, role)
    write_functions(database)
    without: LiteralString = CREATE_FUNCTION.replace(HANDLER, "")
    assert without != CREATE_FUNCTION
    database.run(without)
    spoil_the_second_day(crates)
    reason = 'invalid input syntax for type numeric: "heavy"'
    with pytest.raises(psycopg.Error, match=reason):
        database.run("SELECT _wh.update_crate_stats('acme', 'acme', '2023-10-02')")
    result = database.value(WINDOW)
    assert (result["success"], result["failed"]) == (False, 1)
    assert reason in result["date_results"][1]["error"]
    assert [(day.day, status, error and reason in error) for day, status, error in slices(acme)] == [
        (1, "loaded", None),
        (2, "failed", True),
        (3, "loaded", None),
    ]


def slices(warehouse: Warehouse) -> list[tuple[date, str, str | None]]:
    """Day, status and reason of the slices of the base name."""
    return [
        (day, status, error)
        for day, status, error in warehouse.rows(
            "SELECT slice_date, status, error FROM _wh.slices WHERE template_name = 'crate_stats' ORDER BY 1"
        )
    ]
