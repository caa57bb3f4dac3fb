"""Templates: columns as PostgreSQL reads them, and what is refused before anything is pulled."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest

from tenantry.flow.slice import at_source
from tenantry.flow.slice.feed import find_feed
from tests.support.databases import Source, Warehouse
from tests.support.samples.small_template import COLUMNS, QUERY, define, make_ticks

pytestmark = pytest.mark.any_server

DAY = date(2024, 3, 8)


def parsed(warehouse: Warehouse, template: str = "ticks") -> list[tuple[str, str]]:
    return warehouse.rows(
        "SELECT column_name, data_type FROM _wh.template_columns WHERE template_name = %s ORDER BY position",
        (template,),
    )


def pull(warehouse: Warehouse) -> None:
    warehouse.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)", (DAY,))


@pytest.mark.parametrize(
    "definition, column",
    [
        ("n int", ("n", "integer")),
        ("n NUMERIC(10, 2)", ("n", "numeric(10,2)")),
        ("n varchar(20)", ("n", "character varying(20)")),
        ('"Mixed Case, and a comma" text', ("Mixed Case, and a comma", "text")),
        ('"with ""quotes""" text', ('with "quotes"', "text")),
        ("UPPER TEXT", ("upper", "text")),
        ("tags text[]", ("tags", "text[]")),
        ("matrix int[][]", ("matrix", "integer[]")),
        ("at timestamp(3) with time zone", ("at", "timestamp(3) with time zone")),
        ("at timestamp", ("at", "timestamp without time zone")),
        ("largeur_日本 double precision", ("largeur_日本", "double precision")),
        ("data jsonb", ("data", "jsonb")),
        ("span tstzrange", ("span", "tstzrange")),
        ("\n  n int -- how many\n", ("n", "integer")),
        ("n int -- how many", ("n", "integer")),
        ("n /* how, many */ int", ("n", "integer")),
    ],
)
def test_columns_are_read_as_postgresql_reads_them(
    warehouse: Warehouse, definition: str, column: tuple[str, str]
) -> None:
    define(warehouse, columns=definition, time_column=None)
    assert parsed(warehouse) == [column]


def test_the_columns_of_the_delivered_template_are_those_that_reports_use(warehouse: Warehouse) -> None:
    columns = parsed(warehouse, "foodlogstats")
    assert columns[0] == ("id", "integer")
    assert ("logged_time", "timestamp with time zone") in columns
    assert len(columns) == 21


@pytest.mark.parametrize(
    "definition",
    [
        "",
        "n",
        "n nonsense",
        "n int,",
        "n int, n text",
        "n int; DROP TABLE _wh.slices",
        "n int)",
        "n numeric(5000)",
        "-- none",
    ],
)
def test_columns_that_cannot_be_read_are_refused_with_the_reason(
    warehouse: Warehouse, definition: str
) -> None:
    with pytest.raises(
        psycopg.Error, match='template "ticks": column_definitions cannot be read: '
    ) as caught:
        define(warehouse, columns=definition, time_column=None)
    assert "name type, name type" in str(caught.value.diag.message_hint)
    assert warehouse.rows("SELECT template_name FROM _wh.mv_templates") == [("foodlogstats",)]


@pytest.mark.parametrize("column", ["nowhere", "value", "AT", ""])
def test_a_time_column_that_is_no_time_is_refused(warehouse: Warehouse, column: str) -> None:
    with pytest.raises(
        psycopg.errors.UndefinedColumn,
        match=f'time_column "{column}" is not one of its date or timestamp columns',
    ):
        define(warehouse, time_column=column)


def test_a_time_column_cannot_be_lost_by_a_change_of_columns(warehouse: Warehouse) -> None:
    define(warehouse)
    with pytest.raises(psycopg.errors.UndefinedColumn, match='time_column "at"'):
        warehouse.run(
            "UPDATE _wh.mv_templates SET column_definitions = 'id int' WHERE template_name = 'ticks'"
        )
    assert ("at", "timestamp with time zone") in parsed(warehouse)


def test_a_changed_definition_changes_the_columns_and_a_deleted_template_takes_them_along(
    warehouse: Warehouse,
) -> None:
    define(warehouse)
    define(warehouse, columns="id bigint, at timestamptz")
    assert parsed(warehouse) == [("id", "bigint"), ("at", "timestamp with time zone")]
    warehouse.run("DELETE FROM _wh.mv_templates WHERE template_name = 'ticks'")
    assert parsed(warehouse) == []


def test_the_administrator_may_write_templates_too(warehouse: Warehouse) -> None:
    warehouse.admin.run(
        "INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions) VALUES ('t', 'SELECT 1', 'n int')"
    )
    assert parsed(warehouse, "t") == [("n", "integer")]


@pytest.mark.parametrize(
    "time_type, bound",
    [("date", "2024-03-08"), ("timestamp", "2024-03-08 00:00"), ("timestamptz(0)", "2024-03-08 00:00+00")],
)
def test_a_time_column_may_have_any_type_of_time(
    acme: Warehouse, source: Source, time_type: str, bound: str
) -> None:
    define(
        acme,
        query=f"SELECT 1, '{bound}'::{time_type}, '{{TARGET_DATE}}'::text",
        columns=f"id int, at {time_type}, day text",
    )
    pull(acme)
    assert acme.rows("SELECT id, day FROM acme.ticks WHERE at = %s", (bound,)) == [(1, "2024-03-08")]


def test_a_row_without_a_time_is_refused(acme: Warehouse, source: Source) -> None:
    define(acme, query="SELECT 1, NULL::timestamptz, 1")
    with pytest.raises(psycopg.errors.CheckViolation, match="1 of 1 rows have a at outside the UTC day"):
        pull(acme)


@pytest.mark.parametrize("end", ["", ";", " ;\n", "\n-- the end"])
def test_a_query_may_end_in_a_semicolon_or_a_comment(acme: Warehouse, source: Source, end: str) -> None:
    make_ticks(source, DAY, 2)
    define(acme, query=QUERY.replace("'slow' THEN length(pg_sleep(0.3)::text)", "'slow' THEN 0") + end)
    pull(acme)
    assert acme.value("SELECT count(*) FROM acme.ticks") == 2
    assert acme.rows("SELECT * FROM _wh_internal.source_extent('ticks', 'acme', 'acme')") == [
        (DAY, date(2024, 3, 9))
    ]


def test_a_column_that_the_source_does_not_have_is_named(acme: Warehouse, source: Source) -> None:
    make_ticks(source, DAY, 1)
    define(acme, query=QUERY.replace("SELECT id", "SELECT idd"))
    with pytest.raises(
        psycopg.errors.UndefinedColumn, match=r'acme\.ticks 2024-03-08: column "idd" does not exist'
    ):
        pull(acme)


def test_a_query_that_gives_other_columns_than_were_promised_is_refused(
    acme: Warehouse, source: Source
) -> None:
    make_ticks(source, DAY, 1)
    define(acme, columns=COLUMNS + ", more text")
    with pytest.raises(
        psycopg.Error, match=r"acme\.ticks 2024-03-08: remote query result rowtype does not match"
    ):
        pull(acme)


def test_an_index_that_cannot_be_made_leaves_no_slice(acme: Warehouse, source: Source) -> None:
    make_ticks(source, DAY, 1)
    define(acme, indexes="CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (nowhere)")
    with pytest.raises(psycopg.errors.UndefinedColumn, match="nowhere"):
        pull(acme)
    assert acme.value("SELECT count(*) FROM pg_matviews WHERE schemaname = 'acme'") == 0


def test_a_template_that_takes_single_days_cannot_be_asked_for_its_span(
    acme: Warehouse, source: Source
) -> None:
    make_ticks(source, DAY, 1)
    define(acme, query="SELECT id, at, 1 FROM ticks WHERE (at AT TIME ZONE 'UTC')::date = '{TARGET_DATE}'")
    acme.run("SELECT _wh_internal.open_feed('ticks', 'acme', 'acme')")
    with (
        acme.connect() as session,
        pytest.raises(psycopg.errors.FeatureNotSupported, match="more than one day") as caught,
    ):
        at_source.source_span(session, find_feed(session, "ticks", "acme"))
    assert "--from" in str(caught.value.diag.message_hint)


def test_an_unknown_storage_is_refused(warehouse: Warehouse) -> None:
    define(warehouse)
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="storage"):
        warehouse.run("UPDATE _wh.mv_templates SET storage = 'citus'")
