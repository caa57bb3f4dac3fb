"""A template's indexes: read once by PostgreSQL itself, made from their parts, and refused when they are written."""

from __future__ import annotations

from datetime import date
from typing import LiteralString

import psycopg
import pytest

from tenantry.db.install import install
from tests.support.databases import Source, Warehouse
from tests.support.loading import Pull, by_loader, by_sql
from tests.support.program import run, succeed
from tests.support.samples.small_template import define

pytestmark = pytest.mark.any_server

DAY = date(2024, 3, 8)
COLUMNS: LiteralString = '"Id" int, "CreatedAt" timestamptz, "a ""b"" c" text, note text'
QUERY: LiteralString = 'SELECT "Id", "CreatedAt", note, note FROM sale WHERE "CreatedAt" >= \'{START_TIME}\' AND "CreatedAt" < \'{END_TIME}\''
ODD: LiteralString = """
-- the key; and a comment with "a quote
CREATE UNIQUE INDEX "{VIEW_NAME}_id_createdat" ON "{SCHEMA}"."{VIEW_NAME}" ("Id", "CreatedAt");
CREATE INDEX "{VIEW_NAME} it's ""Odd"" x" ON {SCHEMA}.{VIEW_NAME} ("CreatedAt" DESC NULLS LAST, "a ""b"" c" COLLATE "C" text_pattern_ops) /* one ; /* two */ */;
create index {VIEW_NAME}_$x ON {SCHEMA}.{VIEW_NAME} (lower(note), (note || E'it\\'s; {VIEW_NAME}')) INCLUDE ("Id") WITH (fillfactor = 70)
    WHERE note <> '{SCHEMA}' AND note <> $t$a';b$t$;
CREATE INDEX ON "{SCHEMA}"."{VIEW_NAME}" USING hash (note);
CREATE UNIQUE INDEX "{SCHEMA}_{VIEW_NAME}_u" ON {SCHEMA}.{VIEW_NAME} (note, "Id") NULLS NOT DISTINCT
"""


@pytest.fixture
def sales(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse whose source has two sales on two days; nothing is loaded."""
    source.run('CREATE TABLE sale ("Id" int, "CreatedAt" timestamptz, note text)')
    source.run("GRANT SELECT ON sale TO source_reader")
    source.run("INSERT INTO sale VALUES (1, '2024-03-08 12:00Z', 'x'), (2, '2024-03-09 12:00Z', 'y')")
    return acme


def indexes(warehouse: Warehouse, table: str, schema: str = "acme") -> list[str]:
    """The definitions of a relation's indexes, without its own name."""
    rows = warehouse.rows(
        "SELECT replace(indexdef, tablename, 'T') FROM pg_indexes WHERE schemaname = %s AND tablename = %s ORDER BY 1",
        (schema, table),
    )
    return [row[0] for row in rows]


EXPECTED = [
    """CREATE INDEX "T it's ""Odd"" x" ON acme."T" USING btree ("CreatedAt" DESC NULLS LAST, "a ""b"" c" COLLATE "C" text_pattern_ops)""",
    """CREATE INDEX "T_$x" ON acme."T" USING btree (lower(note), ((note || 'it''s; T'::text))) INCLUDE ("Id") WITH (fillfactor='70') WHERE ((note <> 'acme'::text) AND (note <> 'a'';b'::text))""",
    """CREATE INDEX "T_note_idx" ON acme."T" USING hash (note)""",
    """CREATE UNIQUE INDEX "T_id_createdat" ON acme."T" USING btree ("Id", "CreatedAt")""",
    """CREATE UNIQUE INDEX "acme_T_u" ON acme."T" USING btree (note, "Id") NULLS NOT DISTINCT""",
]


@pytest.mark.parametrize("storage", ["matview", "partition"])
@pytest.mark.parametrize("pull", [by_loader, by_sql])
def test_whatever_postgresql_takes_as_an_index_every_slice_gets(
    sales: Warehouse, storage: str, pull: Pull
) -> None:
    define(sales, "My Sales", query=QUERY, columns=COLUMNS, indexes=ODD, time_column="CreatedAt")
    sales.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'My Sales'", (storage,))
    pull(sales, DAY, date(2024, 3, 9), template="My Sales")
    schema, tables = (
        ("_wh_data", ["acme.My Sales_2024"])
        if storage == "partition"
        else ("acme", ["My Sales_2024_03_08", "My Sales_2024_03_09"])
    )
    for table in tables:
        assert sorted(line.replace('"T"', "T") for line in indexes(sales, table, schema)) == sorted(
            line.replace('"T"', "T").replace("ON acme.", f"ON {schema}.") for line in EXPECTED
        )
    assert sales.value('SELECT count(*) FROM acme."My Sales"') == 2


def test_two_indexes_over_quoted_columns_as_a_draft_writes_them_load(
    sales: Warehouse, source: Source
) -> None:
    source.run('CREATE TABLE "Order" ("Id" int PRIMARY KEY, "CreatedAt" timestamptz)')
    source.run('GRANT SELECT ON "Order" TO source_reader')
    source.run("""INSERT INTO "Order" VALUES (1, '2024-03-08 12:00Z')""")
    define(
        sales,
        "orders",
        query='SELECT "Id", "CreatedAt" FROM "Order" WHERE "CreatedAt" >= \'{START_TIME}\' AND "CreatedAt" < \'{END_TIME}\'',
        columns='"Id" int, "CreatedAt" timestamptz',
        indexes='CREATE UNIQUE INDEX {VIEW_NAME}_id ON {SCHEMA}.{VIEW_NAME} ("Id");\n'
        'CREATE INDEX {VIEW_NAME}_createdat ON {SCHEMA}.{VIEW_NAME} ("CreatedAt");',
        time_column="CreatedAt",
    )
    by_sql(sales, DAY, DAY, template="orders")
    assert len(indexes(sales, "orders_2024_03_08")) == 2


def test_long_names_of_indexes_are_cut_and_stay_apart(sales: Warehouse) -> None:
    long: LiteralString = "x" * 50
    texts = [f"CREATE INDEX {{VIEW_NAME}}_{long}_{n} ON {{SCHEMA}}.{{VIEW_NAME}} (note)" for n in (1, 2)]
    define(
        sales,
        query=QUERY,
        columns=COLUMNS,
        indexes=";".join(texts),
        time_column="CreatedAt",
    )
    by_sql(sales, DAY, DAY, template="ticks")
    names = [
        row[0] for row in sales.rows("SELECT indexname FROM pg_indexes WHERE tablename = 'ticks_2024_03_08'")
    ]
    assert len(set(names)) == 2
    assert all(len(name.encode()) <= 63 for name in names)


@pytest.mark.parametrize(
    "text, said",
    [
        ("DROP TABLE _wh.slices", "this is not a CREATE INDEX: DROP TABLE _wh.slices"),
        (
            "CREATE INDEX {VIEW_NAME}_a ON {SCHEMA}.{VIEW_NAME} (note); GRANT ALL ON ALL TABLES IN SCHEMA public TO public",
            "this is not a CREATE INDEX: GRANT ALL",
        ),
        ("/* a */ SELECT 1 -- CREATE INDEX", "this is not a CREATE INDEX: SELECT 1"),
        (
            "CREATE INDEX {VIEW_NAME}_a ON _wh.slices (slice_date)",
            "this does not create an index on {SCHEMA}.{VIEW_NAME}",
        ),
        ("CREATE INDEX {VIEW_NAME}_a ON {SCHEMA}.{VIEW_NAME} (note", "syntax error at end of input"),
        (
            "CREATE INDEX {VIEW_NAME}_a ON {SCHEMA}.{VIEW_NAME} (note) WHERE note = 'x",
            "unterminated quoted string",
        ),
        (
            "CREATE INDEX CONCURRENTLY {VIEW_NAME}_a ON {SCHEMA}.{VIEW_NAME} (note)",
            "CREATE INDEX CONCURRENTLY cannot",
        ),
        ("CREATE INDEX always ON {SCHEMA}.{VIEW_NAME} (note)", 'the same name "always" on every day'),
        ("CREATE INDEX {VIEW_NAME}_a ON {SCHEMA}.{VIEW_NAME} (note) TABLESPACE pg_default", ""),
        (
            "CREATE INDEX {VIEW_NAME}_a ON {SCHEMA}.{VIEW_NAME} (note); CREATE INDEX {VIEW_NAME}_a ON {SCHEMA}.{VIEW_NAME} (note)",
            'relation "{VIEW_NAME}_a" already exists',
        ),
    ],
)
def test_what_is_no_index_of_a_slice_is_refused_when_the_template_is_written(
    sales: Warehouse, text: LiteralString, said: str
) -> None:
    before = sales.value("SELECT count(*) FROM pg_indexes WHERE schemaname = '_wh'")
    if not said:
        define(sales, query=QUERY, columns=COLUMNS, indexes=text, time_column="CreatedAt")
        return
    with pytest.raises(psycopg.Error) as error:
        define(sales, query=QUERY, columns=COLUMNS, indexes=text, time_column="CreatedAt")
    assert (error.value.diag.message_primary or "").startswith('template "ticks": ')
    assert said in (error.value.diag.message_primary or "")
    assert sales.value("SELECT count(*) FROM pg_indexes WHERE schemaname = '_wh'") == before


def test_a_template_that_was_stored_odd_keeps_no_installation_and_doctor_tells(
    sales: Warehouse, source: Source
) -> None:
    define(sales, query=QUERY, columns=COLUMNS, indexes=None, time_column="CreatedAt")
    sales.run("ALTER TABLE _wh.mv_templates DISABLE TRIGGER keep_template_columns")
    sales.run(
        "UPDATE _wh.mv_templates SET indexes = 'ANALYZE {SCHEMA}.{VIEW_NAME}' WHERE template_name = 'ticks'"
    )
    sales.run("ALTER TABLE _wh.mv_templates ENABLE TRIGGER keep_template_columns")
    with sales.admin.connect() as session:
        install(session, {})
    told = run(sales, "doctor", "--only", "templates")
    assert told.code == 1
    assert "this is not a CREATE INDEX: ANALYZE" in told.out
    with pytest.raises(psycopg.Error, match="this is not a CREATE INDEX: ANALYZE"):
        sales.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)", (DAY,))
    sales.run("UPDATE _wh.mv_templates SET indexes = NULL WHERE template_name = 'ticks'")
    assert "not a CREATE INDEX" not in succeed(sales, "doctor", "--only", "templates").out


def test_a_column_that_is_not_there_yet_is_a_warning_and_an_error_of_doctor_and_of_loads(
    sales: Warehouse,
) -> None:
    """The columns of a template may be changed after its indexes."""
    heard: list[str | None] = []
    text = "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (missing)"
    with sales.connect() as session:
        session.add_notice_handler(lambda notice: heard.append(notice.message_primary))
        session.execute(
            "INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions, indexes) VALUES ('ticks', %s, %s, %s)",
            (QUERY, COLUMNS, text),
        )
    assert heard == ['template "ticks": an index cannot be created: column "missing" does not exist']
    assert 'column "missing" does not exist' in run(sales, "doctor", "--only", "templates").out
    with pytest.raises(psycopg.errors.UndefinedColumn, match="missing"):
        sales.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)", (DAY,))
    sales.run(
        "UPDATE _wh.mv_templates SET column_definitions = replace(column_definitions, 'note', 'missing') WHERE template_name = 'ticks'"
    )
    succeed(sales, "doctor", "--only", "templates")
