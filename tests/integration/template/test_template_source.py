"""template new and template test: what the source says of a query, without storing anything."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tenantry.core.errors import InputError, SourceError, TemplateError, TenantryError
from tenantry.core.model import Template
from tenantry.db.connect import session
from tenantry.flow.template import draft as template_draft
from tenantry.flow.template import trial as template_trial
from tenantry.flow.template.lint import lint
from tests.support.databases import Source, Warehouse
from tests.support.program import run, succeed

pytestmark = pytest.mark.any_server

DAY = date(2024, 3, 8)
RANGE = "s.sold_at >= '{START_TIME}'::timestamptz AND s.sold_at < '{END_TIME}'::timestamptz"


@pytest.fixture
def selling(acme: Warehouse, source: Source) -> Warehouse:
    """A source with a table of 60,000 sales in three days, which no index finds by time, and some odd types."""
    source.run(
        """
        CREATE DOMAIN price AS numeric(8, 2);
        CREATE TYPE mood AS ENUM ('fine', 'bad');
        CREATE TABLE shop (id int PRIMARY KEY, name varchar(40));
        CREATE TABLE sale (id bigint PRIMARY KEY, shop int, "Paid" price, mood mood, moods mood[], sold_at timestamptz(3) NOT NULL, note text);
        INSERT INTO shop VALUES (1, 'One');
        INSERT INTO sale SELECT n, 1, 2.50, 'fine', '{fine}', timestamptz '2024-03-07 12:00Z' + n * interval '2.88 s', repeat('x', 50)
        FROM generate_series(0, 59999) n;
        ANALYZE;
        GRANT SELECT ON shop, sale TO source_reader;
        """
    )
    return acme


def draft(warehouse: Warehouse, query: str, **options: Any) -> template_draft.Draft:
    with session(warehouse.conninfo) as opened:
        return template_draft.draft(opened, "sales", query, "acme", origin="q.sql", **options)


def trial(warehouse: Warehouse, template: Template, **options: Any) -> template_trial.Trial:
    with session(warehouse.conninfo) as opened:
        return template_trial.run(opened, template, "acme", DAY, **options)


def test_a_query_becomes_a_template_by_what_its_source_says(selling: Warehouse) -> None:
    made = draft(
        selling,
        'SELECT s.id, h.name AS shop, s."Paid", s.mood, s.moods, s.sold_at AS at, count(*) OVER () AS "all"\n'
        f"FROM sale s JOIN shop h ON h.id = s.shop\nWHERE {RANGE};\n",
        storage="partition",
    )
    assert made.template.columns.split(",\n") == [
        "id bigint",
        "shop character varying(40)",
        '"Paid" numeric(8,2)',
        "mood text",
        "moods text[]",
        "at timestamp(3) with time zone",
        '"all" bigint',
    ]
    assert (made.template.time_column, made.template.storage) == ("at", "partition")
    assert made.template.indexes == (
        "CREATE UNIQUE INDEX idx_{SCHEMA}_{VIEW_NAME}_id ON {SCHEMA}.{VIEW_NAME} (id);\n"
        "CREATE INDEX idx_{SCHEMA}_{VIEW_NAME}_at ON {SCHEMA}.{VIEW_NAME} (at);"
    )
    assert made.remarks == [
        "the unique index is the primary key of one table: make sure that no join duplicates its rows",
        "mood is mood at the source, and text in the warehouse",
        "moods is mood[] at the source, and text[] in the warehouse",
    ]
    assert lint(made.template) == []
    found = trial(selling, made.template)
    assert (found.rows, found.strays, len(found.sample)) == (30000, 0, 5)
    assert found.other_types[0].source == "mood"


def test_the_key_of_a_grouped_query_is_what_it_is_grouped_by(selling: Warehouse) -> None:
    made = draft(
        selling,
        f"SELECT s.shop, date_trunc('hour', s.sold_at, 'UTC') AS hour, count(*) FROM sale s WHERE {RANGE} GROUP BY s.shop, 2",
        time_column="hour",
    )
    assert "(shop, hour);" in (made.template.indexes or "")
    unkeyed = draft(selling, f"SELECT s.shop, s.sold_at FROM sale s WHERE {RANGE}")
    assert "UNIQUE" not in (unkeyed.template.indexes or "")
    assert "no unique index was found" in unkeyed.remarks[0]
    timeless = draft(selling, f"SELECT s.id FROM sale s WHERE {RANGE}")
    assert (timeless.template.time_column, "no column determines the day" in timeless.remarks[0]) == (
        "",
        True,
    )


REFUSED: list[tuple[str, type[TenantryError], str, str]] = [
        ("SELECT id, sold_at FROM sale s", TemplateError, "does not select a day", "WHERE sold_at >= '{START_TIME}'"),
        ("SELECT s.id, s.sold_at AS at FROM sale s", TemplateError, "does not select", "WHERE s.sold_at >= '{START_TIME}'"),
        ("SELECT id FROM sale; DROP TABLE sale", TemplateError, "q.sql:1: there are 2 statements", "one SELECT"),
        ("DELETE FROM sale", TemplateError, "not a SELECT but DELETE", ""),
        ("SELECT id FROM sale WHERE sold_at >= {START_TIME}", TemplateError, "without quotes", "'{START_TIME}'"),
        (f"SELECT s.id + 1, s.sold_at FROM sale s WHERE {RANGE}", InputError, "column 1 of the query has no name", "AS"),
        (f"SELECT s.id, s.id, s.sold_at FROM sale s WHERE {RANGE}", InputError, 'called "id" like another', "AS"),
        (f"SELECT s.idd FROM sale s WHERE {RANGE}", SourceError, "column s.idd does not exist", ""),
    ]  # fmt: skip


def test_a_query_that_can_be_no_template_is_refused_with_what_to_write(selling: Warehouse) -> None:
    for query, error, words, hint in REFUSED:
        with pytest.raises(error) as caught:
            draft(selling, query)
        assert words in caught.value.message
        assert hint in (caught.value.hint or "")


def test_a_trial_tells_whether_an_index_finds_the_day(selling: Warehouse, source: Source) -> None:
    template = Template(
        "sales",
        f"SELECT s.id, s.sold_at, s.note FROM sale s WHERE {RANGE}",
        "id bigint, at timestamptz, note varchar",
        time_column="at",
    )
    slow = trial(selling, template, rows=1)
    assert (slow.rows, slow.strays, slow.time_index, len(slow.sample)) == (30000, 0, False, 1)
    assert [(scan.table, scan.rows, scan.by_time) for scan in slow.scans] == [("public.sale", 60000, True)]
    assert slow.sample[0][1:] == ["2024-03-08 00:00:00+00", "x" * 50]
    assert 80 < slow.bytes / slow.rows < 200
    assert [(t.column, t.declared, t.source) for t in slow.other_types] == [
        ("at", "timestamp with time zone", "timestamp(3) with time zone"),
        ("note", "character varying", "text"),
    ]
    source.run("CREATE INDEX ON sale (sold_at)")
    narrow = Template("sales", template.query.replace("'{END_TIME}'", "'{START_TIME}'"), template.columns)
    quick = trial(selling, narrow)
    assert (quick.rows, quick.time_index, quick.scans) == (0, True, [])
    # Nothing of the trial stays, neither here nor there.
    assert selling.value("SELECT count(*) FROM _wh.mv_templates WHERE template_name = 'sales'") == 0


def test_a_trial_is_read_only_and_ends_in_time(selling: Warehouse) -> None:
    slow = Template(
        "t",
        "SELECT 1 AS id, pg_sleep(30)::text AS s FROM sale WHERE sold_at > '{TARGET_DATE}'",
        "id int, s text",
    )
    with pytest.raises(SourceError, match="did not answer within 1 s"):
        trial(selling, slow, seconds=1)
    writing = Template("t", "SELECT 1 AS id, nextval('numbers')::text AS s", "id int, s text")
    with pytest.raises(SourceError, match=r"numbers|read-only"):
        trial(selling, writing)
    with pytest.raises(SourceError, match="has 2 columns available but 3 columns specified"):
        trial(selling, Template("t", "SELECT 1, 2", "a int, b int, c int"))


def test_a_file_is_written_linted_tried_and_loaded(selling: Warehouse, tmp_path: Path) -> None:
    query, path = tmp_path / "query.sql", tmp_path / "sales.sql"
    query.write_text(f"SELECT s.id, s.sold_at FROM sale s\nWHERE {RANGE}\n")
    made = succeed(selling, "template", "new", "sales", query, "--connection", "acme", "--output", path)
    assert f"next: tenantry template test {path} --tenant acme" in made.err
    again = run(selling, "template", "new", "sales", query, "--connection", "acme", "--output", path)
    assert (again.code, again.errors) == (2, [f"{path} already exists"])
    tried = succeed(selling, "template", "test", path, "--tenant", "acme", "--day", DAY, "--rows", 2)
    assert "acme, 2024-03-08: 30,000 rows in " in tried.out
    assert "no index finds the day" in tried.out
    assert "reads all of public.sale (60,000 rows, " in tried.out
    succeed(selling, "template", "load", path)
    json = succeed(selling, "template", "test", "sales", "--tenant", "acme", "--day", DAY, "--json").json[
        "trial"
    ]
    assert (json["rows"], json["columns"], json["time_index"]) == (30000, ["id", "sold_at"], False)
    path.write_text(path.read_text().replace("s.sold_at <", "s.sold_at - interval '1 day' <"))
    strays = run(selling, "template", "test", path, "--tenant", "acme", "--day", DAY)
    assert strays.code == 1
    assert "rows are outside 2024-03-08" in strays.errors[0]
    nobody = run(selling, "template", "test", path, "--tenant", "nobody")
    assert (nobody.code, nobody.errors) == (2, ['connection "nobody" does not exist'])
