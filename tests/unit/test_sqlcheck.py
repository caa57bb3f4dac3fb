"""What `python -m tests.sqlcheck` finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sqlcheck import SQL, errors_in, errors_of


def function(body: str, language: str = "plpgsql") -> str:
    return f"CREATE FUNCTION _wh.f(feed _wh.feeds) RETURNS void LANGUAGE {language} AS $${body}$$;"


def test_the_files_of_the_program_are_found_and_have_no_errors() -> None:
    files = sorted(SQL.rglob("*.sql"))
    assert len(files) > 50
    assert [error for file in files for error in errors_of(file)] == []


@pytest.mark.parametrize(
    "text, error",
    [
        ("SELECT 1;\nSELEC 2;", "line 2: syntax error"),
        ("SELECT (1;", "line 1: syntax error"),
        (function("BEGIN PERFRM 1; END"), "_wh.f: syntax error"),
        (function("BEGIN PERFORM 1 FROM; END"), "_wh.f: syntax error"),
        (function("BEGIN RETURN; END; BEGIN"), "_wh.f: syntax error"),
        (function("BEGIN unknown := 1; END"), '_wh.f: "unknown" is not a known variable'),
        (function("SELECT FROM WHERE", "sql"), "_wh.f: line 1: syntax error"),
        ("DO $$ BEGIN PERFRM 1; END $$;", "DO: syntax error"),
        ("SELECT 'größer';" + function("BEGIN PERFRM 1; END") + "SELECT 1", "_wh.f: syntax error"),
    ],
)
def test_errors_are_found_in_statements_and_in_the_bodies_of_functions(text: str, error: str) -> None:
    (found,) = errors_in(text)
    assert found.startswith(error)


@pytest.mark.parametrize("language", ["sql", "plpgsql"])
def test_a_plain_literal_with_a_backslash_means_two_things_and_is_an_error(language: str) -> None:
    kept = r"SELECT 'größer', E'\n', $q$ \d $q$, '[0-9]' /* \d */ -- '\d'" + "\n"
    begin, end = ("BEGIN PERFORM 1; ", "; END") if language == "plpgsql" else ("", "")
    assert (
        errors_in(function(begin + kept.replace("SELECT", "PERFORM" if begin else "SELECT") + end, language))
        == []
    )
    for literal in (r"'\d'", r"'größer\'"):
        (found,) = errors_in(
            function(
                f"{begin}{kept.replace('SELECT', 'PERFORM' if begin else 'SELECT')}, {literal}{end}", language
            )
        )
        assert found == f"_wh.f: a backslash in the plain literal {literal}; write E'' or [0-9]"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1; SELECT 2",
        function(
            "DECLARE other _wh.feeds := feed; all_of_them _wh.feeds[]; BEGIN other.schema_name := 'x'; END"
        ),
        function("SELECT $1", "sql"),
        "DO $$ BEGIN PERFORM 1; END $$",
        "SELECT 'größer';" + function("BEGIN PERFORM 1; END") + "SELECT 1",
    ],
)
def test_what_is_right_passes(text: str) -> None:
    assert errors_in(text) == []


def test_queries_may_have_placeholders_and_psql_scripts_are_left_out(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder: Path = tmp_path_factory.mktemp("sql") / "queries"
    folder.mkdir()
    queries = folder / "some.sql"
    queries.write_text("-- name: good\nSELECT %s, %(day)s::date, 5 %% 2\n-- name: bad\nSELEC %(day)s\n")
    assert [error.split(": ")[:2] for error in errors_of(queries)] == [["bad", "line 1"]]
    script = folder / "script.sql"
    script.write_text("\\ir other.sql\nnonsense\n")
    assert errors_of(script) == []
