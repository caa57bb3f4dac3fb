"""A source's own settings change nothing of what is stored, whichever way the rows come and wherever they are kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from tests.support.databases import Source, Warehouse
from tests.support.loading import Pull, by_loader, by_sql
from tests.support.samples.small_template import define

DAY = date(2024, 3, 8)

TABLE: LiteralString = """
CREATE TABLE things (id int, at timestamptz, here timestamp, day date, span interval, cash money, f8 float8, f4 real,
    raw bytea, words text[], name text);
INSERT INTO things VALUES
    (1, '2024-03-08 00:00+00', '2024-03-08 03:04:05', '2024-02-01', '1 year -2 days 03:04:05', '12.30', 0.1, 0.3, '\\x00ff27', '{a,NULL}', 'n 17'),
    (2, '2024-03-08 23:59:59.999999+00', '2024-03-08', '2024-12-31', '-1 mon', '-1234567.89', 1e300 / 3, 16777217, '\\x5c', '{"a b"}', NULL),
    (3, '2024-03-09 00:00+00', NULL, NULL, NULL, NULL, 'NaN', NULL, NULL, NULL, 'tomorrow');
GRANT SELECT ON things TO source_reader
"""

COMPUTED: LiteralString = """
SELECT id, at, here, day, span, cash, f8, f4, raw, words, name,
    at::text, span::text, cash::text, f8::text, f4::text, raw::text, day::text, at::date,
    substring(name from '\\d+'), (name = NULL)::text, E'it\\'s', '{NULL,b}'::text[], quote_ident('id'),
    '2024-03-08 12:00 IST'::timestamptz, '02/03/2024'::date, to_char(1234.5, '9G999D9L'), to_char(day, 'TMMonth'), 'a\\b'
FROM things WHERE at >= '{START_TIME}' AND at < '{END_TIME}'
"""

COLUMNS: LiteralString = (
    "id int, at timestamptz, here timestamp, day date, span interval, cash money, f8 float8, f4 real, raw bytea, words text[],"
    " name text, c1 text, c2 text, c3 text, c4 text, c5 text, c6 text, c7 text, c8 date, c9 text, c10 text, c11 text, c12 text[],"
    " c13 text, c14 timestamptz, c15 date, c16 text, c17 text, c18 text"
)

UNUSUAL: dict[LiteralString, str] = {
    "DateStyle": "SQL, DMY",
    "IntervalStyle": "sql_standard",
    "TimeZone": "America/Chicago",
    "search_path": "elsewhere, public",
    "default_transaction_isolation": "serializable",
    "default_transaction_read_only": "off",
    "default_transaction_deferrable": "on",
    "standard_conforming_strings": "off",
    "quote_all_identifiers": "on",
    "bytea_output": "escape",
    "lc_messages": "C.UTF-8",
    "lc_monetary": "es_CO.UTF-8",
    "lc_numeric": "es_CO.UTF-8",
    "lc_time": "es_CO.UTF-8",
    "extra_float_digits": "-15",
    "xmlbinary": "hex",
    "xmloption": "document",
    "row_security": "on",
    "statement_timeout": "1ms",
    "lock_timeout": "1ms",
    "idle_in_transaction_session_timeout": "1ms",
    "idle_session_timeout": "20s",
    "transaction_timeout": "500ms",
    "client_encoding": "LATIN1",
    "transform_null_equals": "on",
    "array_nulls": "off",
    "backslash_quote": "off",
    "escape_string_warning": "off",
    "timezone_abbreviations": "India",
    "constraint_exclusion": "on",
    "gin_fuzzy_search_limit": "1",
    "enable_seqscan": "off",
}
"""Settings, each with a value that a source may have it at and that could change what is stored, or end the load."""


@pytest.fixture
def things(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse with the template `things` for both storages: tenants `views` and `parts`."""
    with source.connect() as session:
        session.execute(TABLE)
    define(acme, "things", query=COMPUTED, columns=COLUMNS, indexes=None)
    acme.run(
        "INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions, time_column, storage)"
        " SELECT 'parts', query_template, column_definitions, time_column, 'partition' FROM _wh.mv_templates WHERE template_name = 'things'"
    )
    return acme


@contextmanager
def turned(source: Source, wanted: dict[LiteralString, str], *, role: bool = False) -> Iterator[list[str]]:
    """The source with some settings at other values, for its reader or for all; gives those that it knows."""
    whom = sql.SQL("ALTER ROLE source_reader IN DATABASE {}" if role else "ALTER DATABASE {}").format(
        sql.Identifier(source.name)
    )
    with source.connect() as session:
        known = []
        for name, value in wanted.items():
            words = sql.SQL("{} SET {} TO {}").format(
                whom, sql.Identifier(name), sql.SQL(", ").join(map(sql.Literal, value.split(", ")))
            )
            try:
                session.execute(words)
                known.append(name)
            except psycopg.errors.UndefinedObject:
                pass  # a version that has no such setting
            except psycopg.errors.InvalidParameterValue:
                assert value == "es_CO.UTF-8"  # a machine without the locale
        yield known
        session.execute(sql.SQL("{} RESET ALL").format(whom))


def rows(database: Warehouse | Source, statement: LiteralString) -> list[tuple[Any, ...]]:
    with database.connect() as session:
        session.execute("SET TimeZone = 'UTC'")
        return session.execute(statement).fetchall()


def differences(warehouse: Warehouse, truth: list[tuple[Any, ...]], template: str, pull: Pull) -> str:
    """Pull the day, and compare every value; an error that the load ends with is a difference too."""
    try:
        pull(warehouse, DAY, DAY, template=template)
    except (AssertionError, psycopg.Error) as error:
        return str(error)
    table: LiteralString = (
        "SELECT * FROM acme.things ORDER BY id"
        if template == "things"
        else "SELECT * FROM acme.parts ORDER BY id"
    )
    stored = [row[-len(truth[0]) :] for row in rows(warehouse, table)]
    if len(stored) != len(truth):
        return f"{len(stored)} rows"
    pairs = [pair for row, true in zip(stored, truth, strict=True) for pair in zip(row, true, strict=True)]
    return ", ".join(f"{value!r} for {true!r}" for value, true in pairs if value != true)


def test_every_value_is_the_truth_whatever_the_settings_of_the_source(
    things: Warehouse, source: Source
) -> None:
    truth = rows(source, COMPUTED.replace("{START_TIME}", "2024-03-08").replace("{END_TIME}", "2024-03-09"))
    assert len(truth) == 2
    wrong = []
    each: list[tuple[dict[LiteralString, str], bool]] = [
        ({name: value}, False) for name, value in UNUSUAL.items()
    ]
    streamed, pulled, viewed = ("parts", by_loader), ("parts", by_sql), ("things", by_sql)
    for pair in (streamed, viewed):
        assert differences(things, truth, *pair) == ""
    for wanted, role in [*each, (UNUSUAL, True)]:
        with turned(source, wanted, role=role) as known:
            for template, pull in (streamed, viewed, pulled) if role else (streamed, viewed):
                if template == "parts":
                    things.run("DELETE FROM acme.parts")
                found = differences(things, truth, template, pull)
                wrong += [f"{known[:3]} {template} {pull.__name__}: {found}"] if found else []
    assert not wrong, "\n".join(wrong)
