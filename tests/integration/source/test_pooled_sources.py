"""A source behind PgBouncer: right in both pool modes, or told what to set."""

from __future__ import annotations

from datetime import date
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.support.databases import Source, Warehouse
from tests.support.loading import Pull, by_loader, by_sql
from tests.support.pooler import Mode, pgbouncer, through
from tests.support.program import address, run, succeed
from tests.support.samples.small_template import define

pytestmark = pytest.mark.system

DAY = date(2024, 3, 8)
NEXT = date(2024, 3, 9)

MODES = pytest.mark.parametrize("mode", ["session", "transaction"])

QUERY: LiteralString = "SELECT id, at, at::date, cash, name, substring(name from '\\d+') FROM ticks WHERE at >= '{START_TIME}' AND at < '{END_TIME}'"
COLUMNS: LiteralString = "id int, at timestamptz, day date, cash money, name text, number text"

TRUTH: list[tuple[Any, ...]] = [
    (1, DAY, "$12.30", "n 17", "17"),
    (2, DAY, "-$1,000.00", "n 18", "18"),
    (3, NEXT, "$0.01", "n 19", "19"),
]


@pytest.fixture
def kolkata(warehouse: Warehouse, source: Source) -> Source:
    """A source whose sessions are all but what a load wants, unless they are told."""
    source.run("CREATE TABLE ticks (id int, at timestamptz, cash money, name text)")
    source.run("GRANT SELECT ON ticks TO source_reader")
    source.run(
        "INSERT INTO ticks VALUES (1, '2024-03-08 00:00+00', '12.3', 'n 17'), (2, '2024-03-08 23:00+00', '-1000', 'n 18'),"
        " (3, '2024-03-09 00:00+00', '.01', 'n 19')"
    )
    with source.connect() as session:
        for name, value in (
            ("TimeZone", "Asia/Kolkata"),
            ("DateStyle", "SQL"),
            ("standard_conforming_strings", "off"),
            ("IntervalStyle", "sql_standard"),
            ("default_transaction_isolation", "serializable"),
        ):
            session.execute(
                sql.SQL("ALTER DATABASE {} SET {} TO {}").format(
                    sql.Identifier(source.name), sql.Identifier(name), sql.Literal(value)
                )
            )
    for template, storage in (("ticks", "matview"), ("parts", "partition")):
        define(warehouse, template, query=QUERY, columns=COLUMNS)
        warehouse.run(
            "UPDATE _wh.mv_templates SET storage = %s WHERE template_name = %s", (storage, template)
        )
    return source


def connect(warehouse: Warehouse, source: Source, port: int, **options: str) -> None:
    warehouse.connect_to(source)
    warehouse.run("UPDATE _wh.tenant_connections SET port = %s, options = %s", (port, Jsonb(options)))
    warehouse.make_schema()


def stored(warehouse: Warehouse, template: str) -> list[tuple[Any, ...]]:
    table: LiteralString = "acme.ticks" if template == "ticks" else "acme.parts"
    return warehouse.rows("SELECT id, day, cash::text, name, number FROM " + table + " ORDER BY id")


def loads_the_truth(warehouse: Warehouse, source: Source) -> None:
    ways: list[tuple[str, Pull]] = [
        ("ticks", by_sql),
        ("ticks", by_loader),
        ("parts", by_sql),
        ("parts", by_loader),
    ]
    for template, pull in ways:
        pull(warehouse, DAY, NEXT, template=template)
        assert stored(warehouse, template) == TRUTH, (template, pull)
    source.run("UPDATE ticks SET name = 'n 20' WHERE id = 2")
    # By digest, one day of the two; both ways, and a day refreshed by its function.
    for template in ("ticks", "parts"):
        done = warehouse.value(
            "SELECT _wh.update_mv_window_by_template(%s, 'acme', 'acme', %s, %s, only_changed => true)",
            (template, DAY, NEXT),
        )
        assert (done["processed_mvs"], done["failed"]) == (2, 0)
    source.run("UPDATE ticks SET name = 'n 18' WHERE id = 2")
    for template in ("ticks", "parts"):
        done = warehouse.value(
            "SELECT _wh.update_mv_window_by_template(%s, 'acme', 'acme', %s, %s, only_changed => true)",
            (template, DAY, NEXT),
        )
        assert (done["processed_mvs"], done["unchanged"]) == (1, 1)
        assert stored(warehouse, template) == TRUTH
    warehouse.run("SELECT _wh.refresh_mv('acme', 'ticks_2024_03_08')")
    assert stored(warehouse, "ticks") == TRUTH
    with pytest.raises(psycopg.Error, match=r"TimeZone is Asia/Kolkata.*_wh\.refresh_mv"):
        warehouse.run("REFRESH MATERIALIZED VIEW acme.ticks_2024_03_08")


def is_left_as_it_was(source: Source, port: int) -> None:
    """Nothing that a load set stays in the session that the pooler gives to others."""
    with through(source, port) as other:
        for name, value in (
            ("TimeZone", "Asia/Kolkata"),
            ("DateStyle", "SQL, MDY"),
            ("default_transaction_read_only", "off"),
            ("statement_timeout", "0"),
            ("idle_session_timeout", "0"),
            ("row_security", "on"),
        ):
            (found,) = other.execute("SELECT current_setting(%s)", (name,)).fetchone() or ("",)
            assert found == value, name


@MODES
def test_a_source_that_is_said_to_be_behind_a_pooler_gives_the_truth(
    warehouse: Warehouse, kolkata: Source, mode: Mode
) -> None:
    with pgbouncer(kolkata, mode) as port:
        connect(warehouse, kolkata, port, pooler="true")
        loads_the_truth(warehouse, kolkata)
        is_left_as_it_was(kolkata, port)


@MODES
def test_a_pooler_that_drops_the_settings_of_a_login_without_a_word_changes_nothing(
    warehouse: Warehouse, kolkata: Source, mode: Mode
) -> None:
    with pgbouncer(kolkata, mode, ignoring=True) as port:
        connect(warehouse, kolkata, port)
        loads_the_truth(warehouse, kolkata)
        is_left_as_it_was(kolkata, port)


@MODES
def test_a_search_path_holds_behind_a_pooler(warehouse: Warehouse, kolkata: Source, mode: Mode) -> None:
    kolkata.run("CREATE SCHEMA shop")
    kolkata.run("ALTER TABLE ticks SET SCHEMA shop")
    kolkata.run("GRANT USAGE ON SCHEMA shop TO source_reader")
    with pgbouncer(kolkata, mode) as port:
        connect(warehouse, kolkata, port, pooler="true", search_path="shop")
        for template, pull in (("ticks", by_sql), ("parts", by_loader)):
            pull(warehouse, DAY, NEXT, template=template)
            assert stored(warehouse, template) == TRUTH
        is_left_as_it_was(kolkata, port)


def test_the_program_takes_a_tenant_in_through_a_pooler_and_says_how_if_it_was_not_told(
    warehouse: Warehouse, kolkata: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = {"TENANTRY_SOURCE_PASSWORD": kolkata.password}
    with pgbouncer(kolkata, "transaction") as port:
        words = (
            "tenant",
            "add",
            "acme",
            "--source",
            address(kolkata, port=port),
            "--template",
            "parts",
            "--from",
            "2024-03-08",
        )
        refused = run(warehouse, *words, env=env)
        assert refused.code == 1
        assert "unsupported startup parameter: options" in refused.errors[0]
        assert "--option pooler=true" in refused.err
        assert warehouse.value("SELECT count(*) FROM _wh.tenant_connections") == 0

        succeed(warehouse, *words, "--option", "pooler=true", env=env)
        assert stored(warehouse, "parts") == TRUTH
        assert "read only, UTC" in succeed(warehouse, "tenant", "test", "acme").out
        succeed(warehouse, "refresh", "parts", "--days", "2", "--tenant", "acme")
        succeed(warehouse, "doctor", "--only", "sources")
