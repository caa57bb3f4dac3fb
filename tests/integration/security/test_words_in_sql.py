"""What a source writes into its errors is shown by every function that may pass it on to psql, to a log or to pg_cron's records."""

from __future__ import annotations

import re
from datetime import date

import psycopg
import pytest

from tests.integration.security.test_hostile_words import HOSTILE
from tests.support.databases import Source, Warehouse
from tests.support.samples.small_template import define
from tests.unit.test_visible import obeyed

DAY = date(2024, 3, 10)

HEARS = re.compile(r"\.dblink(_\w+)?\(|_wh_internal\.source_(select|login)\(|REFRESH MATERIALIZED VIEW")
"""What a source is asked with, in a function's text."""

CALLED = re.compile(r"_wh(?:_internal)?\.(\w+)\s*\(")

CALLS = {
    "create_foodlogstats_mv": "SELECT _wh.create_foodlogstats_mv('acme', 'acme', 'foodlogstats', '2024-03-11')",
    "create_mv_from_template": "SELECT _wh.create_mv_from_template('foodlogstats', 'acme', 'acme', '2024-03-11')",
    "load_days": "SELECT _wh.load_days('foodlogstats', 'acme', '2024-03-10', '2024-03-10')",
    "recreate_mv_by_template": "SELECT _wh.recreate_mv_by_template('foodlogstats', 'acme', 'acme', '2024-03-10')",
    "refresh_mv": "SELECT _wh.refresh_mv('acme', 'foodlogstats_2024_03_10')",
    "refresh_window": "CALL _wh.refresh_window('foodlogstats', 'acme', 'acme', 1)",
    "update_foodlogstats": "SELECT _wh.update_foodlogstats('acme', 'acme', '2024-03-10')",
    "update_mv_by_template": "SELECT _wh.update_mv_by_template('foodlogstats', 'acme', 'acme', '2024-03-10')",
    "update_mv_core": "SELECT _wh.update_mv_core('acme', 'acme', '2024-03-11', 'own', '_wh.create_own_mv')",
    "update_mv_window": "SELECT _wh.update_mv_window('acme', 'acme', '2024-03-10', '2024-03-10')",
    "update_mv_window_by_template": "SELECT _wh.update_mv_window_by_template('foodlogstats', 'acme', 'acme', '2024-03-10', '2024-03-10')",
    "source_days": "SELECT _wh.source_days('foodlogstats', 'acme')",
    "set_template_override": "SELECT _wh.set_template_override('foodlogstats', 'acme',"
    " (SELECT query_template FROM _wh.mv_templates WHERE template_name = 'foodlogstats'), '2024-03-10')",
    "try_template": "SELECT _wh.try_template('foodlogstats', 'acme', '2024-03-10')",
    "verify_days": "SELECT _wh.verify_days('foodlogstats', 'acme', '2024-03-10', '2024-03-10')",
    "verify_slice": "SELECT _wh.verify_slice('foodlogstats', 'acme', '2024-03-10')",
    "ask_ranges": "SELECT _wh_internal.ask_ranges('foodlogstats', 'acme', 'acme', 'n bigint', 'SELECT count(*) FROM (%1$s) s',"
    " ARRAY['2024-03-10 00:00:00+00', '2024-03-11 00:00:00+00'])",
    "probe_source": "SELECT _wh_internal.probe_source('acme')",
    "rows_ahead": "SELECT _wh_internal.rows_ahead('foodlogstats', 'acme', 'acme')",
    "source_extent": "SELECT _wh_internal.source_extent('foodlogstats', 'acme', 'acme')",
    "source_odd_days": "SELECT _wh_internal.source_odd_days('foodlogstats', 'acme', 'acme')",
    "window_digests": "SELECT _wh_internal.window_digests(f, '2024-03-10', '2024-03-10') FROM _wh.feeds f",
    "begin_source": "SELECT _wh_internal.begin_source('acme')",
    "hold_source": "SELECT _wh_internal.hold_source('acme')",
    "get_tenant_connection_string": "SELECT _wh.get_tenant_connection_string('acme')",
}
"""A call of each that asks a source, by its name."""

AT_LOGIN = {"probe_source", "begin_source", "hold_source", "get_tenant_connection_string"}
"""Those that hear nothing but a login and what is asked at once after it."""

ANSWERING = {"load_days", "try_template", "verify_days", "window_digests"}
"""Those that end in no error, but say what it was."""

WITHOUT_SOURCE = {
    "adopt_copies", "adopt_tenants",
    "publish_views", "check_views_by_template_for_year", "create_combined_table_from_template_by_year", "drop_old_storage", "fit_storage", "fold_in_steps", "fold_year", "fold_year_step",
    "set_storage", "update_tenant_union_view_by_template", "update_tenant_view",
}  # fmt: skip
"""Those that name one of the others in a hint or reach it by a call that asks no source: they work by what is here."""

PARTS = {
    "adopted_rows", "ask_source", "holds_source", "libpq_knows", "source_select",
    "end_source", "matview_create", "matview_replace_in_year", "partition_load", "shared_load", "stage_day", "refresh_relation", "release_source", "source_digests",
    "source_login", "source_names", "source_said",
}  # fmt: skip
"""Parts of the others, which never end in an error by themselves: their callers show it."""


@pytest.fixture
def angry(acme: Warehouse, source: Source) -> Warehouse:
    """A loaded day, whose source from now on fails with hostile words in message, detail, hint and context."""
    source.fill(DAY, 1)
    acme.load(DAY, DAY)
    acme.run(
        "CREATE FUNCTION _wh.create_own_mv(text, text, text, timestamp) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN"
        " EXECUTE format('CREATE MATERIALIZED VIEW %I.%I AS SELECT * FROM public.dblink(%L, ''SELECT id FROM phood_foodlogsum'')"
        " AS t(id integer)', $2, _wh.create_mv_name($3, $4), _wh.get_tenant_connection_string($1)); RETURN true; END $$"
    )
    with source.connect() as there:
        there.execute("CREATE TABLE said (words text)")
        there.execute("INSERT INTO said VALUES (%s)", (HOSTILE,))
        there.execute("GRANT SELECT ON said TO source_reader")
        for statement in (
            (
                f'CREATE FUNCTION "{HOSTILE[:12]}"() RETURNS boolean LANGUAGE plpgsql AS $$ DECLARE said text := (SELECT words FROM public.said);'
                " BEGIN RAISE EXCEPTION '%', said USING DETAIL = said, HINT = said; END $$"
            ),
            "ALTER TABLE phood_foodlogsum RENAME TO kept",
            f'CREATE VIEW phood_foodlogsum AS SELECT * FROM kept WHERE (SELECT "{HOSTILE[:12]}"())',
            "GRANT SELECT ON phood_foodlogsum TO source_reader",
        ):
            there.execute(statement.encode())
    return acme


def strings(value: object) -> list[str]:
    """All texts in what a function returns."""
    if isinstance(value, dict):
        return [text for item in value.items() for text in strings(item)]
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []


def heard(warehouse: Warehouse, statement: str) -> tuple[psycopg.Error | None, list[str]]:
    """The error in which a statement ends, and all the texts that its caller sees of it and before it."""
    texts: list[str] = []
    with warehouse.connect() as session:
        session.add_notice_handler(
            lambda told: texts.extend((told.message_primary or "", told.message_detail or ""))
        )
        try:
            found = session.execute(statement.encode())
            texts += strings(found.fetchall() if found.description else [])
        except psycopg.Error as error:
            said = error.diag
            texts += [
                text or ""
                for text in (said.message_primary, said.message_detail, said.message_hint, said.context)
            ]
            return error, texts
    return None, texts


def test_every_function_that_asks_a_source_is_known_here(warehouse: Warehouse) -> None:
    rows = warehouse.rows(
        "SELECT proname::text, prosrc, pronamespace = '_wh'::regnamespace FROM pg_proc"
        " WHERE pronamespace IN ('_wh'::regnamespace, '_wh_internal'::regnamespace)"
    )
    texts = {name: re.sub(r"--[^\n]*", "", text) for name, text, _ in rows}
    entrances = {name for name, _, entrance in rows if entrance}
    asking = direct = {name for name, text in texts.items() if HEARS.search(text)}
    more = {""}
    while more:
        more = {name for name, text in texts.items() if asking & set(CALLED.findall(text))} - asking
        asking = asking | more
    assert asking & entrances == (CALLS.keys() & entrances) | WITHOUT_SOURCE
    assert direct - entrances <= CALLS.keys() | PARTS


@pytest.mark.parametrize("name", sorted(CALLS.keys() - AT_LOGIN))
def test_hostile_words_of_an_error_are_shown(angry: Warehouse, name: str) -> None:
    error, texts = heard(angry, CALLS[name])
    if name == "window_digests":
        # Where a source cannot tell digests, all days are pulled.
        texts += [text for (text,) in angry.rows("SELECT message FROM _wh.function_logs")]
    assert (error is None) is (name in ANSWERING)
    assert any("\\x1b[2J" in text for text in texts), texts
    for text in texts:
        assert obeyed(text) == []


@pytest.mark.parametrize("call", ["update_mv_by_template", "verify_slice"])
@pytest.mark.parametrize("storage", ["matview", "partition"])
def test_a_value_that_does_not_fit_is_shown(acme: Warehouse, source: Source, call: str, storage: str) -> None:
    with source.connect() as there:
        there.execute("CREATE TABLE words (id bigint, at timestamptz, word text)")
        there.execute("GRANT SELECT ON words TO source_reader")
        there.execute("INSERT INTO words VALUES (1, %s::timestamp AT TIME ZONE 'UTC', '7')", (DAY,))
        define(
            acme,
            "foodlogstats",
            query="SELECT id, at, word FROM words WHERE at >= '{START_TIME}' AND at < '{END_TIME}'",
            columns="id bigint, at timestamptz, word integer",
        )
        acme.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'foodlogstats'", (storage,))
        acme.load(DAY, DAY)
        there.execute("UPDATE words SET word = %s", (HOSTILE,))
    error, texts = heard(acme, CALLS[call])
    assert error is not None
    assert "\\x1b[2J" in texts[0]
    for text in texts:
        assert obeyed(text) == []


def test_words_at_a_login_are_shown(acme: Warehouse, source: Source) -> None:
    source.run("CREATE TABLE said (words text); GRANT SELECT ON said TO source_reader")
    source.run("INSERT INTO said VALUES (%s)", (HOSTILE,))
    acme.run("SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'acme')")
    try:
        source.run("CREATE FUNCTION angry() RETURNS event_trigger LANGUAGE plpgsql AS $$ DECLARE said text; BEGIN"
            " IF session_user = 'source_reader' THEN SELECT words INTO said FROM public.said; RAISE EXCEPTION '%', said; END IF; END $$;"
            " CREATE EVENT TRIGGER angry ON login EXECUTE FUNCTION angry()")  # fmt: skip
    except psycopg.errors.SyntaxError:
        pytest.skip("before PostgreSQL 17 no trigger fires at a login")
    for name in (
        "rows_ahead",
        "source_extent",
        "source_odd_days",
        "update_mv_by_template",
        *sorted(AT_LOGIN),
    ):
        error, texts = heard(acme, CALLS[name])
        assert error is not None
        assert any("\\x1b[2J" in text for text in texts), (name, texts)
        for text in texts:
            assert obeyed(text) == [], name
