"""Templates as files: both forms are read, written, and read again as the same template."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantry.core.errors import InputError
from tenantry.core.model import Template
from tenantry.flow.template import insert
from tenantry.flow.template.file import as_file, merged, parse, read

FOODLOGSTATS = Path(str(files("tenantry") / "sql" / "templates" / "foodlogstats.sql"))

SALES = """\
-- name: sales
-- description: Sales by shop
-- time_column: sold_at
-- storage: partition
-- partition_by: month
-- columns: id integer,
--   shop text,   -- where
--   sold_at timestamptz
-- descriptions:
--   ID: the receipt's number: unique in a shop
--   "sold_at" : when the customer paid,
--     in UTC
-- index: UNIQUE (id)
-- index: (sold_at)
-- index: USING gin (to_tsvector('simple', shop))
-- index: CREATE INDEX x_{VIEW_NAME} ON {SCHEMA}.{VIEW_NAME} (shop)

-- The shop's own name.
SELECT id, shop, sold_at FROM sale
WHERE sold_at >= '{START_TIME}' AND sold_at < '{END_TIME}';
"""

INSERT = """INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions{})
VALUES ({}) {}"""


def test_a_query_with_a_header_is_read() -> None:
    (file,) = parse(SALES, "sales.sql")
    prefix = "INDEX idx_{SCHEMA}_{VIEW_NAME}_"
    on = " ON {SCHEMA}.{VIEW_NAME} "
    assert file.template == Template(
        "sales",
        "-- The shop's own name.\nSELECT id, shop, sold_at FROM sale\n"
        "WHERE sold_at >= '{START_TIME}' AND sold_at < '{END_TIME}';",
        "id integer,\nshop text,   -- where\nsold_at timestamptz",
        description="Sales by shop",
        indexes=f"CREATE UNIQUE {prefix}id{on}(id);\nCREATE {prefix}sold_at{on}(sold_at);\n"
        f"CREATE {prefix}to_tsvector_simple_shop{on}USING gin (to_tsvector('simple', shop));\n"
        "CREATE INDEX x_{VIEW_NAME} ON {SCHEMA}.{VIEW_NAME} (shop);",
        storage="partition",
        time_column="sold_at",
        partition_by="month",
        descriptions={
            "id": "the receipt's number: unique in a shop",
            "sold_at": "when the customer paid,\nin UTC",
        },
    )
    assert {name: file.lines[name] for name in ("query", "columns", "indexes")} == {
        "query": 18,
        "columns": 6,
        "indexes": 13,
    }


def test_the_manuals_insert_is_read_and_what_it_does_not_name_is_unsaid() -> None:
    (file,) = read(FOODLOGSTATS)
    assert (file.template.name, file.template.time_column) == ("foodlogstats", "logged_time")
    assert (file.template.storage, file.template.partition_by) == (None, None)
    assert FOODLOGSTATS.read_text().splitlines()[file.lines["query"]] == "SELECT"
    (nothing,) = parse(INSERT.format(", indexes", "'t', $$SELECT 1$$, 'n int'::text, NULL", ""), "t.sql")
    assert nothing.template == Template("t", "SELECT 1", "n int", indexes="")


def test_a_file_may_insert_several_templates() -> None:
    one = INSERT.format("", "'a', 'q', 'c'), ('b', E'q\\n', 'c'", "ON CONFLICT (template_name) DO UPDATE SET query_template = excluded.query_template, updated_at = now();")  # fmt: skip
    assert [file.template.name for file in parse(one + "\n-- more\n" + one.replace("'a'", "'d'"), "f")] == ["a", "b", "d", "b"]  # fmt: skip


@pytest.mark.parametrize(
    "text, line, reason",
    [
        ("", None, "is empty"),
        ("\nSELECT 1", 2, "a query without a header"),
        ("SELECT 1; SELECT 2", 1, "not an INSERT INTO _wh.mv_templates"),
        ("\\i other.sql", 1, "syntax error"),
        (INSERT.format("", "'t', 'q', 'c'", ";\n\nDROP TABLE _wh.slices;"), 4, "not an INSERT"),
        ("INSERT INTO public.mv_templates (template_name) VALUES ('x')", 1, "not an INSERT"),
        ("INSERT INTO _wh.mv_templates VALUES ('x', 'y')", 1, "names no columns"),
        ("INSERT INTO _wh.mv_templates (template_name) SELECT 'x'", 1, "something else than VALUES"),
        (
            INSERT.format("", "'t', 'q', current_user", ""),
            1,
            "the value of column_definitions is not a string",
        ),
        (INSERT.format("", "'t', 'q' || 'r', 'c'", ""), 1, "the value of query_template is not a string"),
        (INSERT.format("", "'t', 'q', NULL", ""), 1, "no value for column_definitions"),
        (INSERT.format(", created_at", "'t', 'q', 'c', 'now'", ""), 1, "created_at cannot be set"),
        (INSERT.format(", storage", "'t', 'q', 'c', 'citus'", ""), 1, "storage is matview or partition"),
        (
            INSERT.format("", "'t', 'q', 'c'", "ON CONFLICT (template_name) DO UPDATE SET storage = 'x'"),
            1,
            "sets storage",
        ),
        (INSERT.format("", "'t', 'q', 'c'", "ON CONFLICT DO NOTHING"), 1, "only DO UPDATE"),
        ("-- name: t\nSELECT 1", None, 'lacks "columns"'),
        ("-- name: t\n-- columns: n int\n", 2, "no query"),
        ("-- name: t\n-- colour: red\nSELECT 1", 2, 'unknown key "colour"'),
        ("-- name: t\n-- columns: a int,\n-- b int\nSELECT 1", 3, "neither 'key: value'"),
        ("-- name: t\n-- name: u\nSELECT 1", 2, "there twice"),
        ("-- name: t\n-- storage: citus\nSELECT 1", 2, "storage is matview or partition"),
        ("-- name: t\n-- descriptions:\n--   a: b\n--   c\nSELECT 1", 4, "describes no column"),
        ("-- name: t\n-- descriptions: a: b\n--   A: c\nSELECT 1", 3, 'column "a" is described twice'),
        (INSERT.format(", column_descriptions", "'t', 'q', 'c', '[1]'", ""), 1, "not an object of texts"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text: str, line: int | None, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text, "f.sql")
    assert reason in caught.value.message
    assert caught.value.message.startswith("f.sql" if line is None else f"f.sql:{line}: ")


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read(tmp_path / "t.sql")
    (tmp_path / "t.sql").write_bytes(b"-- name: \xff")
    with pytest.raises(InputError, match="not UTF-8 text"):
        read(tmp_path / "t.sql")


def test_the_delivered_template_is_written_with_a_header_that_people_can_read() -> None:
    (file,) = read(FOODLOGSTATS)
    text = as_file(file.template)
    assert text.startswith("-- name: foodlogstats\n-- description: Logged food waste")
    assert "--   logged_time TIMESTAMPTZ,\n" in text
    assert "-- index: UNIQUE (id)\n-- index: (logged_time)\n" in text
    assert merged(parse(text, "f")[0].template, file.template) == file.template


_LINES = st.lists(
    st.sampled_from(["", "a int", "  b text", "-- c", "-- name: x", "$text$", "it's", "\\", "CREATE INDEX ON x (y);", "ü"])
)  # fmt: skip
_TEXTS = _LINES.map("\n".join) | st.text(max_size=12).filter(
    lambda text: "\0" not in text and "\r" not in text
)
_SOME = _TEXTS.filter(lambda text: text.strip())
TEMPLATES = st.builds(
    Template,
    _SOME,
    _SOME,
    _SOME,
    description=_TEXTS,
    indexes=_TEXTS,
    storage=st.sampled_from(["matview", "partition"]),
    time_column=_TEXTS,
    partition_by=st.sampled_from(["year", "month"]),
    descriptions=st.dictionaries(
        st.sampled_from(["id", "At", 'a "b: c', "ü ", "x"]) | _SOME, _SOME, max_size=4
    ),
)


@given(TEMPLATES)
def test_any_template_is_the_same_after_it_was_written_and_read(template: Template) -> None:
    assert parse(insert.write(template), "f")[0].template == template
    (again,) = parse(as_file(template), "f")
    assert merged(again.template, template) == template


def test_loading_over_a_stored_template_keeps_what_is_unsaid_and_what_differs_in_blanks_alone() -> None:
    stored = Template("t", "\nSELECT 1\n", "n int", "d", "CREATE INDEX;", "partition", "at", "month")
    assert merged(Template("t", "SELECT 1", " n int "), stored) == stored
    assert merged(Template("t", "SELECT 1", "n int", indexes="", time_column=""), stored) == Template(
        "t", "\nSELECT 1\n", "n int", "d", "", "partition", "", "month"
    )
