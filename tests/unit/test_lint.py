"""Linting: the delivered template is clean, and each rule has what breaks it and what does not."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantry.core.model import Template
from tenantry.flow.template.file import parse, read
from tenantry.flow.template.lint import Finding, functions, lint

RANGE = "s.at >= '{START_TIME}'::timestamptz AND s.at < '{END_TIME}'::timestamptz"
UTC_DAY = "(s.at AT TIME ZONE 'UTC')::date = '{TARGET_DATE}'::date"
UNIQUE = "CREATE UNIQUE INDEX {VIEW_NAME}_id ON {SCHEMA}.{VIEW_NAME} (id);"
COLUMNS = "id integer, at timestamptz"


def template(
    query: str | None = None,
    *,
    where: str = RANGE,
    select: str = "s.id, s.at",
    columns: str = COLUMNS,
    indexes: str | None = UNIQUE,
    time_column: str | None = "at",
    storage: str | None = None,
) -> Template:
    return Template(
        "sales",
        query or f"SELECT {select}\nFROM sale s\nWHERE {where}",
        columns,
        indexes=indexes,
        time_column=time_column,
        storage=storage,
    )


def rules(template: Template, severity: str | None = None) -> list[str]:
    return [f.rule for f in lint(template) if severity in (None, f.severity)]


def only(template: Template) -> Finding:
    (finding,) = lint(template)
    return finding


def test_the_delivered_template_is_clean() -> None:
    (file,) = read(Path(str(files("tenantry") / "sql" / "templates" / "foodlogstats.sql")))
    assert lint(file.template, file.lines) == []
    assert lint(template()) == []


# The day ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "where",
    [
        RANGE,
        "'{START_TIME}' <= s.at AND '{END_TIME}' > s.at",
        "s.at >= '{TARGET_DATE} 00:00:00+00'::timestamptz AND s.at < '{TARGET_DATE} 00:00Z'::timestamptz + interval '1 day'",
        "s.at >= ('{TARGET_DATE}'::date AT TIME ZONE 'UTC') AND s.at < ('{TARGET_DATE}'::date + 1) AT TIME ZONE 'UTC'",
        f"s.shop = 1 AND ({RANGE}) AND s.created_at < '{{END_TIME}}'",
        f"{RANGE} AND EXISTS (SELECT FROM tariff t WHERE t.valid_from < '{{END_TIME}}' AND t.valid_to >= '{{START_TIME}}')",
    ],
)
def test_a_half_open_range_in_utc_is_right(where: str) -> None:
    assert lint(template(where=where)) == []


def test_the_range_may_stand_in_a_join_a_subquery_or_each_part_of_a_union() -> None:
    for query in (
        f"SELECT s.id, s.at FROM shop p JOIN sale s ON s.shop = p.id AND {RANGE}",
        f"WITH s AS (SELECT * FROM sale s WHERE {RANGE}) SELECT s.id, s.at FROM s",
        f"SELECT s.id, s.at FROM sale s WHERE {RANGE} UNION ALL SELECT s.id, s.at FROM old_sale s WHERE {RANGE}",
    ):
        assert lint(template(query)) == []


@pytest.mark.parametrize(
    "where",
    [
        UTC_DAY,
        "date(s.at AT TIME ZONE 'utc') = '{TARGET_DATE}'",
        "'{TARGET_DATE}'::date = CAST(s.at AT TIME ZONE 'Etc/UTC' AS date)",
        "date_trunc('day', s.at, 'UTC') = '{TARGET_DATE}'",
        "to_char(s.at AT TIME ZONE 'UTC', 'YYYY-MM-DD') = '{TARGET_DATE}'",
    ],
)
def test_a_utc_day_is_accepted_with_advice_for_the_range(where: str) -> None:
    finding = only(template(where=where))
    assert (finding.rule, finding.severity, finding.line) == ("no-index", "note", 3)
    assert finding.fix == f"Better: {RANGE}"


@pytest.mark.parametrize(
    "where",
    [
        "s.at::date = '{TARGET_DATE}'",
        "date(s.at) = '{TARGET_DATE}'",
        "date_trunc('day', s.at) = '{TARGET_DATE}'",
        "to_char(s.at, 'YYYY-MM-DD') = '{TARGET_DATE}'",
        "s.at::date BETWEEN '{TARGET_DATE}' AND '{TARGET_DATE}'",
        "(s.at AT TIME ZONE 'Europe/Paris')::date = '{TARGET_DATE}'",
        "(s.at AT TIME ZONE s.zone)::date = '{TARGET_DATE}'",
    ],
)
def test_a_day_that_is_not_of_utc_is_an_error(where: str) -> None:
    finding = only(template(where=where))
    assert (finding.rule, finding.severity, finding.line, finding.fix) == (
        "day-not-utc",
        "error",
        3,
        f"Write {RANGE}",
    )


def test_a_date_cast_to_a_date_is_no_day_of_another_zone() -> None:
    dates = "id integer, at date"
    assert rules(template(where="s.at::date = '{TARGET_DATE}'", columns=dates)) == ["no-index"]
    assert lint(template(where="s.at = '{TARGET_DATE}'", columns=dates)) == []
    assert lint(template(where="s.at BETWEEN '{TARGET_DATE}' AND '{TARGET_DATE}'", columns=dates)) == []


@pytest.mark.parametrize(
    "where, words",
    [
        ("s.at BETWEEN '{START_TIME}' AND '{END_TIME}'", "BETWEEN"),
        ("s.at >= '{START_TIME}' AND s.at <= '{END_TIME}'", "<= includes the midnight"),
        ("s.at > '{START_TIME}' AND s.at < '{END_TIME}'", "> leaves out"),
        ("s.at >= '{END_TIME}' AND s.at < '{START_TIME}'", "wrong end"),
        ("s.at >= '{TARGET_DATE}'", "only one bound"),
        ("s.at = '{TARGET_DATE}'", "only true at its first moment"),
    ],
)
def test_a_range_that_is_not_half_open_is_an_error(where: str, words: str) -> None:
    finding = only(template(where=where))
    assert (finding.rule, finding.severity, finding.fix) == ("half-open", "error", f"Write {RANGE}")
    assert words in finding.message


def test_a_day_that_is_bounded_on_one_side_only_is_an_error_however_it_is_cut() -> None:
    for where in (
        "(s.at AT TIME ZONE 'UTC')::date >= '{TARGET_DATE}'",
        "(s.at AT TIME ZONE 'UTC')::date <> '{TARGET_DATE}'",
        "coalesce(s.at, s.made) < '{TARGET_DATE}'",
    ):
        assert rules(template(where=where)) == ["half-open"]
    assert rules(template(where="s.at <= '{TARGET_DATE}'", columns="id integer, at date")) == ["half-open"]
    assert (
        rules(
            template(where="(s.at AT TIME ZONE 'UTC')::date BETWEEN '{START_TIME}' AND '{TARGET_DATE}'"),
            "error",
        )
        == []
    )


def test_a_day_under_or_is_a_warning() -> None:
    for where in (f"({RANGE}) OR s.late", f"s.shop = 1 AND (({UTC_DAY}) OR s.late)", f"NOT ({UTC_DAY})"):
        assert rules(template(where=where), "warning") == ["day-predicate"]
    assert lint(template(where=f"({RANGE}) AND (s.late OR s.shop = 1)")) == []


def test_one_end_of_the_day_is_enough_for_a_day_but_not_for_a_range() -> None:
    assert rules(template(where="s.at >= '{START_TIME}'")) == ["half-open", "one-day"]
    assert rules(template(where="s.at < '{END_TIME}'")) == ["half-open", "one-day"]
    whole = template(where="s.at >= '{START_TIME}' AND s.at < '{START_TIME}'::timestamptz + interval '1 day'")
    assert rules(whole) == rules(whole, "note") == ["one-day"]
    assert rules(template(where=f"{RANGE} AND s.day = '{{TARGET_DATE}}'")) == ["one-day"]


def test_midnight_of_the_sessions_zone_is_a_warning() -> None:
    where = "s.at >= '{TARGET_DATE}'::date AND s.at < '{TARGET_DATE}'::date + 1"
    assert (only(template(where=where)).rule, only(template(where=where)).severity) == ("day-zone", "warning")
    assert lint(template(where=where, columns="id integer, at timestamp")) == []


@pytest.mark.parametrize(
    "where",
    [
        "s.at::timestamptz >= '{START_TIME}' AND s.at::timestamptz < '{END_TIME}'",
        "s.at + interval '1 hour' >= '{START_TIME}' AND s.at + interval '1 hour' < '{END_TIME}'",
        "coalesce(s.at, s.created_at) >= '{START_TIME}' AND coalesce(s.at, s.created_at) < '{END_TIME}'",
        "tstzrange('{START_TIME}', '{END_TIME}') @> s.at",
    ],
)
def test_a_column_within_an_expression_is_found_by_no_index(where: str) -> None:
    assert set(rules(template(where=where), "warning")) == {"no-index"}
    assert rules(template(where=where), "error") == []


def test_a_query_that_does_not_ask_for_the_day_is_an_error() -> None:
    assert rules(template(where="s.shop = 1")) == ["day-predicate"]
    assert rules(template(select="s.id, '{TARGET_DATE}'::timestamptz AS at", where="true")) == [
        "day-predicate"
    ]
    assert lint(template(where="s.shop = 1"))[0].severity == "error"
    # What a function does with the day is its own business.
    unclear = only(template("SELECT id, at FROM sales_of('{START_TIME}', '{END_TIME}')"))
    assert (unclear.rule, unclear.severity) == ("day-predicate", "warning")


def test_the_column_that_decides_the_day_is_the_time_column() -> None:
    finding = only(template(select="s.id, s.paid_at AS at"))
    assert (finding.rule, finding.severity) == ("time-column", "warning")
    assert "s.at determines the day, but time_column is s.paid_at" in finding.message
    assert lint(template(select="s.id, at")) == []


# The statement ---------------------------------------------------------------------------------------------------


def test_a_syntax_error_is_named_with_its_line() -> None:
    finding = only(template(f"SELECT s.id, s.at\nFROM sale s\nWHEN {RANGE}"))
    assert (finding.rule, finding.severity, finding.line) == ("syntax", "error", 3)
    assert finding.message == 'syntax error at or near "WHEN"'


@pytest.mark.parametrize(
    "query, rule, line",
    [
        (f"SELECT s.id, s.at FROM sale s WHERE {RANGE};\n\nDROP TABLE sale", "one-statement", 3),
        ("DELETE FROM sale", "not-a-select", 1),
        ("", "not-a-select", 1),
        ("-- nothing", "not-a-select", 1),
        ("SELECT s.id, s.at INTO x FROM sale s", "not-a-select", 1),
        ("SELECT s.id, s.at FROM sale s FOR UPDATE", "not-a-select", 1),
        ("WITH gone AS (DELETE FROM sale RETURNING id, at) SELECT * FROM gone", "not-a-select", 1),
    ],
)
def test_a_template_is_one_select(query: str, rule: str, line: int) -> None:
    finding = only(Template("t", query, COLUMNS, indexes=UNIQUE, time_column="at"))
    assert (finding.rule, finding.severity, finding.line) == (rule, "error", line)


def test_a_semicolon_at_the_end_and_a_with_clause_are_fine() -> None:
    assert lint(template(f"WITH x AS (SELECT 1) SELECT s.id, s.at FROM sale s, x WHERE {RANGE};\n")) == []


def test_a_star_in_the_select_list_is_a_warning() -> None:
    assert rules(template(select="*")) == ["select-star"]
    assert rules(template(select="s.*")) == ["select-star"]
    assert lint(template(select="count(*) AS id, s.at", where=f"{RANGE} GROUP BY s.at")) == []


def test_a_limit_loses_rows_and_an_order_costs_a_sort() -> None:
    assert (
        only(template(where=f"{RANGE} LIMIT 10")).rule,
        only(template(where=f"{RANGE} OFFSET 1")).severity,
    ) == (
        "limit",
        "error",
    )
    order = only(template(where=f"{RANGE}\nORDER BY s.at"))
    assert (order.rule, order.severity, order.line) == ("order-by", "note", 4)
    assert (
        lint(template(select="DISTINCT ON (s.id) s.id, s.at", where=f"{RANGE} ORDER BY s.id, s.at DESC"))
        == []
    )
    assert lint(template(where=f"{RANGE} AND s.id IN (SELECT id FROM best ORDER BY n LIMIT 5)")) == []


@pytest.mark.parametrize(
    "value",
    [
        "now()",
        "random()",
        "clock_timestamp()",
        "pg_catalog.gen_random_uuid()",
        "current_date",
        "current_timestamp(3)",
        "localtimestamp",
        "'now'::timestamptz",
        "'today'::date",
        "custom_random()",
    ],
)
def test_what_differs_each_time_it_is_asked_is_a_warning(value: str) -> None:
    finding = lint(
        template(select=f"s.id, s.at,\n{value} AS n", columns=f"{COLUMNS}, n text"),
        volatile=["custom_random"],
    )
    assert [(f.rule, f.severity, f.line) for f in finding] == [("volatile", "warning", 2)]


def test_what_is_the_same_each_time_is_fine() -> None:
    fine = template(select="s.id, s.at, lower(current_user) AS n", columns=f"{COLUMNS}, n text")
    assert lint(fine) == []
    assert functions(fine) == {"lower"}
    assert functions(template("SELEC")) == set()


# Placeholders ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "where",
    [
        "s.at >= {START_TIME} AND s.at < '{END_TIME}'",
        "s.at >= timestamptz \"{START_TIME}\" AND s.at < '{END_TIME}'",
        f"{RANGE} AND s.client = {{SCHEMA}}",
        f"{RANGE} AND s.client = '{{SCHEMA}}_x'",
    ],
)
def test_a_placeholder_without_its_quotes_is_an_error(where: str) -> None:
    assert "placeholder-quotes" in rules(template(where=where), "error")


def test_an_unquoted_placeholder_hides_nothing_else() -> None:
    bare = template(where="s.at::date = {TARGET_DATE}")
    assert rules(bare) == ["placeholder-quotes", "day-not-utc"]
    assert lint(bare)[0].fix == "Write '{TARGET_DATE}'::date"


def test_placeholders_in_comments_and_strings_are_no_errors() -> None:
    assert (
        lint(template(where=f"{RANGE} -- not {{TARGET_DATE\n/* {{x}} */ AND s.client = '{{SCHEMA}}'")) == []
    )
    assert lint(template(where=f"{RANGE} AND s.kind = ANY ('{{NEW}}') AND s.tags <> '{{OLD}}'::text[]")) == []


@pytest.mark.parametrize("name, meant", [("{TARGET_DAY}", "{TARGET_DATE}"), ("{START}", "{START_TIME}")])
def test_an_unknown_placeholder_is_an_error(name: str, meant: str) -> None:
    finding = next(f for f in lint(template(where=f"{RANGE} AND s.day = '{name}'")))
    assert (finding.rule, finding.severity) == ("unknown-placeholder", "error")
    assert finding.fix == f"Did you mean {meant}?"


# Columns and indexes ---------------------------------------------------------------------------------------------


def test_as_many_columns_are_declared_as_the_query_gives() -> None:
    finding = only(template(select="s.id, s.at, s.shop"))
    assert (finding.rule, finding.severity) == ("column-count", "error")
    assert finding.message == "the query returns 3 columns, but 2 are declared"
    assert only(template(select="s.id")).message == "the query returns 1 columns, but 2 are declared: not at"


def test_columns_that_the_query_names_otherwise_are_a_warning_and_exchanged_ones_an_error() -> None:
    assert [(f.rule, f.severity) for f in lint(template(select="s.number, s.at"))] == [
        ("column-names", "warning")
    ]
    swapped = lint(template(select="s.at, s.id"))
    assert [(f.rule, f.severity) for f in swapped if f.rule == "column-names"] == [
        ("column-names", "error")
    ] * 2
    names = template(
        select="s.name, s.at, i.name",
        columns="shop text, at timestamptz, name text",
        indexes=UNIQUE.replace("(id)", "(name)"),
    )
    assert [(f.rule, f.severity) for f in lint(names)] == [("column-names", "warning")]
    assert lint(template(select="max(s.id), s.at", where=f"{RANGE} GROUP BY s.at")) == []


def test_names_that_are_taken_are_an_error_and_numbers_of_objects_a_warning() -> None:
    taken = template(select="s.id, s.at, s.x AS ctid", columns="id integer, at timestamptz, ctid text")
    assert rules(taken, "error") == ["column-taken"]
    day = template(select="s.id, s.at AS slice_date", columns="id integer, slice_date date", time_column="")
    assert rules(day, "error") == ["column-taken"]
    named = template(
        select="s.id, s.at, s.of, s.kinds", columns="id integer, at timestamptz, of regclass, kinds regtype[]"
    )
    assert rules(named, "warning") == ["local-type"] * 2


def test_a_column_day_of_the_templates_own_takes_the_place_of_the_utc_day() -> None:
    assert "own-day" in rules(template(select="s.id, s.at, s.day", columns=COLUMNS + ", day integer"), "note")
    assert "own-day" not in rules(template(), "note")


@pytest.mark.parametrize(
    "columns",
    [
        "",
        "id",
        "id integer,",
        "id integer, id text",
        "id integer PRIMARY KEY, at timestamptz",
        "id int); SELECT (1",
    ],
)
def test_columns_that_cannot_be_read_are_an_error(columns: str) -> None:
    assert "columns" in rules(template(columns=columns), "error")


@pytest.mark.parametrize(
    "described, message, fix",
    [
        ({"shop": "where"}, 'column "shop" is described, but not declared', "Columns are id, at."),
        ({"at": "x" * 1001}, 'the description of column "at" is longer than 1,000 characters', "Shorten it."),
        (
            {"at": "a\u202eb"},
            'the description of column "at" has characters that cannot be seen',
            r"a\u202eb",
        ),
    ],
)
def test_a_description_that_cannot_be_a_comment_is_an_error(
    described: dict[str, str], message: str, fix: str
) -> None:
    finding = only(replace(template(), descriptions=described))
    assert (finding.rule, finding.severity, finding.message) == ("descriptions", "error", message)
    assert fix in finding.fix
    assert only(replace(template(), description="x" * 1001)).message.startswith("the description is longer")
    assert rules(replace(template(), description="x" * 1000, descriptions={"at": "a\nb"})) == []


def test_the_time_column_is_a_time_among_the_columns() -> None:
    assert only(template(time_column="sold_at")).message == 'time_column "sold_at" is not among the columns'
    assert only(template(time_column="id")).severity == "error"
    assert only(template(time_column="")).severity == "warning"
    assert only(template(time_column=None)).severity == "note"
    assert only(template(time_column="", storage="partition")).severity == "error"
    assert lint(template(storage="partition")) == []


@pytest.mark.parametrize(
    "indexes", [None, "", "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (id)", UNIQUE.replace(";", " WHERE id > 1"), UNIQUE.replace("(id)", "(abs(id))")]
)  # fmt: skip
def test_without_a_unique_index_over_all_rows_there_is_a_warning(indexes: str | None) -> None:
    for storage in ("matview", "partition"):
        finding = only(template(indexes=indexes, storage=storage))
        assert (finding.rule, finding.severity) == ("no-unique-index", "warning")


@pytest.mark.parametrize(
    "index, words",
    [
        ("CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (shop)", '"shop", which is not a column'),
        ("CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (id) INCLUDE (shop)", '"shop", which is not a column'),
        ("CREATE INDEX by_at ON {SCHEMA}.{VIEW_NAME} (at)", "the same name"),
        ("CREATE INDEX ON public.other (at)", "not on {SCHEMA}.{VIEW_NAME}"),
        ("CREATE INDEX CONCURRENTLY ON {SCHEMA}.{VIEW_NAME} (at)", "CONCURRENTLY"),
        ("DROP TABLE x", "not a CREATE INDEX"),
        ("CREATE INDEX ON {SCHEMA}.{VIEW_NAME} at", "cannot be read"),
    ],
)
def test_an_index_that_cannot_be_made_for_each_day_is_an_error(index: str, words: str) -> None:
    finding = lint(template(indexes=f"{UNIQUE}\n{index};"))[0]
    assert (finding.rule, finding.severity, finding.line) == ("indexes", "error", 2)
    assert words in finding.message


_WORDS = ["SELECT", "s.id", "*", ",", "FROM", "sale s", "WHERE", RANGE, UTC_DAY, "OR", "NOT", "(", ")", "{SCHEMA}", "{DAY}",
    "'{TARGET_DATE}'", "=", "<", "IN", "BETWEEN", "AND", "UNION", "VALUES", "LIMIT 1", ";", "$$", "'", "--", "GROUP BY 1", "INTO t"]  # fmt: skip


@given(
    st.lists(st.sampled_from(_WORDS), max_size=12).map(" ".join) | st.text(max_size=20),
    st.sampled_from(["", COLUMNS, "id", "id int) PARTITION BY RANGE (id", "LIKE x", "id a.b.c"]),
    st.sampled_from([None, UNIQUE, "CREATE INDEX ON ONLY {VIEW_NAME} ((a || b)) WHERE c", "'", ";"]),
)
def test_whatever_is_written_linting_answers(query: str, columns: str, indexes: str | None) -> None:
    lint(Template("t", query, columns, indexes=indexes, time_column="at"))


def test_lines_are_those_of_the_file() -> None:
    (file,) = parse(
        "-- name: t\n-- time_column: at\n-- columns: id int,\n--   at timestamptz PRIMARY KEY\n-- index: (nothing)\n\n"
        "SELECT id, at\nFROM sale\nWHERE at::date = '{TARGET_DATE}'\n",
        "t.sql",
    )
    assert [(f.rule, f.line) for f in lint(file.template, file.lines)] == [("columns", 4), ("day-not-utc", 9)]
