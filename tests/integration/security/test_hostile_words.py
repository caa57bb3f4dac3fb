"""A source that sends what a terminal obeys, or hides: in rows, in the names of columns, and in errors of a megabyte."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from tenantry.core.days import today_utc
from tests.support.databases import Source, Warehouse
from tests.support.loading import by_sql
from tests.support.program import Outcome, run
from tests.support.samples.small_template import define
from tests.unit.test_visible import obeyed

HOSTILE: LiteralString = "\x1b[2J\x1b]52;c;ZXZpbA==\x07\x9b31m\r\x7f\u202egnp\u2066\u200f\u061c\u2028\x85[red]x[/red][link=http://e]y[/link]"
FIRST_SHOWN = "\\x1b[2J\\x1b]52;c;ZXZpbA==\\x07\\x9b31m"
MEBIBYTE = 2**20

QUERY = "SELECT id, at, word FROM words WHERE at >= '{START_TIME}' AND at < '{END_TIME}'"
COLUMNS = "id bigint, at timestamptz, word text"
INDEXES = "CREATE UNIQUE INDEX {VIEW_NAME}_id ON {SCHEMA}.{VIEW_NAME} (id)"

Tell = Callable[..., Outcome]


@pytest.fixture
def day() -> date:
    """The day before yesterday."""
    return today_utc() - timedelta(days=2)


@pytest.fixture(params=["matview", "partition"])
def words(request: pytest.FixtureRequest, acme: Warehouse, source: Source, day: date) -> Warehouse:
    """A template over a view at the source, which raises an error if the table `anger` has a row."""
    source.run("CREATE TABLE said (id bigint, at timestamptz, word text); CREATE TABLE anger (words text)")
    source.run(
        "CREATE FUNCTION angry() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$ DECLARE said text; BEGIN"
        " SELECT words INTO said FROM public.anger; IF FOUND THEN"
        " RAISE EXCEPTION '%', said USING DETAIL = said, HINT = said; END IF; RETURN true; END $$"
    )
    source.run(
        "CREATE VIEW words AS SELECT * FROM said WHERE (SELECT angry()); GRANT SELECT ON words TO source_reader"
    )
    source.run("INSERT INTO said VALUES (1, %s::timestamp AT TIME ZONE 'UTC', %s)", (day, HOSTILE))
    define(acme, "words", query=QUERY, columns=COLUMNS, indexes=INDEXES)
    acme.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'words'", (request.param,))
    return acme


@pytest.fixture
def tell(words: Warehouse) -> Tell:
    """Runs a command; nothing that it prints may be obeyed."""

    def run_it(*arguments: object) -> Outcome:
        done = run(words, *arguments)
        assert obeyed(done.out) == []
        assert obeyed(done.err) == []
        assert len(done.out) + len(done.err) < MEBIBYTE / 4
        assert "Traceback" not in done.err
        return done

    return run_it


def words_in(value: Any) -> str:
    """All texts of a JSON value."""
    if isinstance(value, dict | list):
        return " ".join(map(words_in, value.values() if isinstance(value, dict) else value))
    return str(value)


def rage(source: Source, size: int) -> None:
    source.run("INSERT INTO anger VALUES (%s)", (HOSTILE + "x" * size,))


def test_rows_are_shown_and_not_obeyed(
    words: Warehouse, source: Source, tell: Tell, day: date, tmp_path: Path
) -> None:
    by_sql(words, day, day, template="words")
    file = tmp_path / "words.sql"
    file.write_text(
        f"-- name: words\n-- columns: {COLUMNS}\n-- index: {INDEXES}\n-- time_column: at\n{QUERY}\n"
    )
    tried = tell("template", "test", file, "--tenant", "acme", "--day", day, "--rows", 5)
    assert (tried.code, FIRST_SHOWN in tried.out) == (0, True), tried.err
    assert "[red]x[/red][link=http://e]y[/link]" in tried.out
    told = tell("template", "test", file, "--tenant", "acme", "--day", day, "--rows", 5, "--json")
    assert HOSTILE in words_in(told.json)

    source.run("UPDATE said SET word = word || 'z'")
    differing = tell("verify", "words", "--tenant", "acme", "--from", day, "--to", day)
    assert "word" in differing.out
    assert HOSTILE in words_in(
        tell("verify", "words", "--tenant", "acme", "--from", day, "--to", day, "--json").json
    )


def test_errors_are_shown_and_kept_in_a_form_and_length_that_harms_nobody(
    words: Warehouse, source: Source, tell: Tell, day: date
) -> None:
    by_sql(words, day, day, template="words")
    # A much larger one breaks the session, and is tried again.
    rage(source, 600)
    for failing in (
        ("refresh", "words", "--tenant", "acme", "--date", day),
        ("refresh", "words", "--tenant", "acme", "--days", 2),
        ("refresh", "words", "--tenant", "acme", "--days", 2, "--json"),
        ("backfill", "words", "--tenant", "acme", "--from", day),
        ("slice", "reload", "words", day, "--tenant", "acme"),
        ("verify", "words", "--tenant", "acme", "--from", day, "--to", day),
    ):
        done = tell(*failing)
        assert done.code != 0, failing
        assert "[2J" in done.out + done.err, failing
    for looking in (
        ("slice", "list", "words"), ("slice", "list", "words", "--json"), ("status",), ("status", "--json"),
        ("logs", "--since", "1h"), ("logs", "--since", "1h", "--json"), ("doctor",), ("doctor", "--json"),
    ):  # fmt: skip
        tell(*looking)
    stored = words.rows("SELECT error FROM _wh.slices WHERE error IS NOT NULL") + words.rows(
        "SELECT message FROM _wh.function_logs"
    )
    assert any(FIRST_SHOWN in text for (text,) in stored)
    for (text,) in stored:
        assert obeyed(text) == []
        assert len(text) < 4 * 2000


def test_what_a_job_in_sql_ends_with_is_as_harmless(words: Warehouse, source: Source, day: date) -> None:
    """It becomes the run's message in cron.job_run_details, and stands in the server's log."""
    rage(source, MEBIBYTE)
    for call in (
        "CALL _wh.refresh_window('words', 'acme', 'acme', 2)",
        "CALL _wh.refresh_window('words', 'acme', 'acme', 2, only_changed => true)",
        "SELECT _wh.update_mv_by_template('words', 'acme', 'acme', _wh.current_date_utc())",
        "SELECT _wh.update_mv_window_by_template('words', 'acme', 'acme', _wh.current_date_utc() - 2, _wh.current_date_utc())",
    ):
        with words.connect() as session, pytest.raises(psycopg.Error) as caught:
            session.execute(call.encode())
        said = caught.value.diag
        assert "[2J" in str(said.message_primary)
        for text in (said.message_primary, said.message_detail, said.message_hint):
            assert obeyed(text or "") == []
            assert len(text or "") < 6 * 2200
    kept = words.rows("SELECT error FROM _wh.slices UNION ALL SELECT message FROM _wh.function_logs")
    assert max(len(text) for (text,) in kept if text) < 2 * 2000
    assert any(text.endswith(" characters more)") for (text,) in kept if text)


def test_names_of_columns_are_shown_and_not_obeyed(
    words: Warehouse, source: Source, tell: Tell, tmp_path: Path
) -> None:
    with source.connect() as session:
        session.execute(f'ALTER TABLE said RENAME word TO "{HOSTILE[:40]}"'.encode())
        session.execute(
            "CREATE OR REPLACE VIEW hostile AS SELECT * FROM said; GRANT SELECT ON hostile TO source_reader"
        )
    query = tmp_path / "query.sql"
    query.write_text("SELECT h.* FROM hostile h WHERE h.at >= '{START_TIME}' AND h.at < '{END_TIME}'\n")
    made = tell(
        "template", "new", "hostile", query, "--connection", "acme", "--output", tmp_path / "hostile.sql"
    )
    if made.code == 0:
        tell("template", "lint", tmp_path / "hostile.sql")
        tell("template", "load", tmp_path / "hostile.sql", "--yes")
        tell("template", "list")
        tell("template", "show", "hostile")


def test_the_warehouse_and_the_program_agree_on_what_is_kept(acme: Warehouse) -> None:
    from tenantry.core.visible import kept

    for text in (
        "",
        "plain",
        "two\nlines\tand a tab",
        HOSTILE,
        "ü\u202e€🙂" * 600,
        "".join(map(chr, range(1, 0xD800)))[:5000],
    ):
        assert acme.value("SELECT _wh_internal.visible(%s)", (text,)) == kept(text)
    every = [chr(n) for n in range(1, 0xD800)]
    answers = acme.rows(
        "SELECT _wh_internal.visible(c) FROM unnest(%s::text[]) WITH ORDINALITY AS t(c, n) ORDER BY n",
        (every,),
    )
    assert [answer for (answer,) in answers] == [kept(c) for c in every]
    assert acme.value("SELECT _wh_internal.visible(NULL) IS NULL") is True
