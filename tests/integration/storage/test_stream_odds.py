"""Partition storage and odd templates, sources and moments."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from tenantry.core.days import Span
from tenantry.core.model import Feed
from tenantry.db.connect import session
from tenantry.db.install import install
from tenantry.embedded import Server
from tenantry.flow.slice import indexes, stream
from tenantry.flow.slice.feed import open_feed
from tenantry.flow.source.session import open_source, source_conninfo
from tenantry.loader import indexing, planning, run
from tenantry.loader.events import Silent
from tenantry.loader.result import FeedResult
from tenantry.loader.sessions import Keeper
from tests.support.cutter import Cutter
from tests.support.databases import Maker, Source, Warehouse
from tests.support.loading import Pull, by_loader, by_sql
from tests.support.program import running
from tests.support.samples.small_template import COLUMNS, INDEXES, define, make_ticks
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

FIRST = date(2024, 1, 15)
SECOND = date(2024, 1, 16)

QUERY: LiteralString = "SELECT id, at, value FROM ticks WHERE at >= '{START_TIME}' AND at < '{END_TIME}'"

WAYS = pytest.mark.parametrize("pull", [by_loader, by_sql])


@pytest.fixture
def ticking(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse with the template `ticks` in partition storage, whose source has two rows on each of four days."""
    make_ticks(source, FIRST, 4)
    source.run("ALTER TABLE ticks ALTER value TYPE int USING value::int")
    define(acme, query=QUERY)
    acme.run("UPDATE _wh.mv_templates SET storage = 'partition'")
    return acme


def feed(warehouse: Warehouse, name: str = "acme") -> Feed:
    with session(warehouse.conninfo) as opened:
        return open_feed(opened, "ticks", name, name)


def load(warehouse: Warehouse, first: date = FIRST, last: date = SECOND) -> FeedResult:
    plans = planning.plan(warehouse.conninfo, [feed(warehouse)], Span(first, last), reload=True)
    return run.run(warehouse.conninfo, plans, run.Limits(), Silent()).feeds[0]


@WAYS
@pytest.mark.parametrize(
    "query, columns",
    [(QUERY + " -- all of them", COLUMNS), (QUERY, COLUMNS + " -- no more"), (QUERY + ";\n", COLUMNS)],
)
def test_query_and_columns_may_end_in_a_comment(
    ticking: Warehouse, pull: Pull, query: LiteralString, columns: LiteralString
) -> None:
    define(ticking, query=query, columns=columns)
    for _ in range(2):
        pull(ticking, FIRST, SECOND, template="ticks")
        assert ticking.reader.value("SELECT count(*) FROM public.ticks") == 4


def test_a_query_that_gives_more_columns_than_are_declared_is_refused_as_dblink_does(
    ticking: Warehouse,
) -> None:
    define(ticking, query=QUERY.replace("value", "value, 1 AS more"))
    result = load(ticking, FIRST, FIRST)
    assert "the query returns 4 columns, but 3 are declared" in result.failures[0].error
    assert ticking.value("SELECT count(*) FROM acme.ticks") == 0


def test_a_column_that_vanished_at_the_source_fails_and_leaves_the_rows(
    ticking: Warehouse, source: Source
) -> None:
    load(ticking)
    source.run("ALTER TABLE ticks DROP COLUMN value")
    result = load(ticking)
    assert [item.day for item in result.failures] == [FIRST, SECOND]
    assert 'column "value" does not exist' in result.failures[0].error
    assert ticking.reader.value("SELECT count(value) FROM public.ticks") == 4


@WAYS
def test_the_source_may_keep_its_text_in_another_encoding(
    acme: Warehouse, server: Server, maker: Maker, pull: Pull
) -> None:
    name = maker.clone("template0", "latin")
    with psycopg.connect(server.conninfo(), autocommit=True) as opened:
        opened.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
        opened.execute(
            sql.SQL(
                "CREATE DATABASE {} TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'"
            ).format(sql.Identifier(name))
        )
    latin = Source(server, name, "postgres")
    latin.run(
        "CREATE TABLE ticks (id int, at timestamptz, value text); GRANT SELECT ON ticks TO source_reader;"
    )
    # The second is, in LATIN1, the bytes of a letter in UTF-8.
    latin.run("INSERT INTO ticks VALUES (1, '2024-01-15 12:00Z', 'Käse'), (2, '2024-01-15 13:00Z', 'Ã¤')")
    acme.connect_to(latin, "latin")
    acme.make_schema("latin")
    define(acme, query=QUERY, columns="id int, at timestamptz, value text")
    acme.run("UPDATE _wh.mv_templates SET storage = 'partition'")
    pull(acme, FIRST, FIRST, template="ticks", name="latin")
    assert acme.reader.rows("SELECT value FROM latin.ticks ORDER BY id") == [("Käse",), ("Ã¤",)]


@WAYS
@pytest.mark.parametrize("storage", ["matview", "partition"])
def test_settings_of_the_source_change_no_value(
    ticking: Warehouse, source: Source, pull: Pull, storage: str
) -> None:
    ticking.run("UPDATE _wh.mv_templates SET storage = %s", (storage,))
    source.run(
        "ALTER TABLE ticks ADD span interval, ADD third float8, ADD mood float4, ADD day date, ADD body bytea;"
        " UPDATE ticks SET span = '-1 year -2 mons +3 days -04:05:06', third = 1 / 3.0::float8, mood = 0.1, day = '2024-02-03',"
        " body = '\\x00ff5c'"
    )
    for setting in (
        "extra_float_digits = -3",
        "intervalstyle = sql_standard",
        "datestyle = 'German, DMY'",
        "bytea_output = escape",
    ):
        source.run(f"ALTER DATABASE {source.name} SET {setting}".encode())  # type: ignore[arg-type]
    define(
        ticking,
        query=QUERY.replace("value", "value, span, third::text::float8, third, mood, day, body"),
        columns=COLUMNS + ", span interval, near float8, third float8, mood float8, day date, body bytea",
    )
    ticking.run(
        "UPDATE _wh.mv_templates SET column_definitions = replace(column_definitions, 'value int', 'value text')"
    )
    pull(ticking, FIRST, FIRST, template="ticks")
    assert ticking.reader.rows(
        "SELECT DISTINCT span::text, near, third, mood, day, body FROM acme.ticks"
    ) == [("-1 years -2 mons +3 days -04:05:06", 1 / 3, 1 / 3, 0.1, date(2024, 2, 3), b"\x00\xff\\")]


@WAYS
@pytest.mark.parametrize(
    "index",
    [
        "CREATE UNIQUE INDEX ON {SCHEMA}.{VIEW_NAME} (id) INCLUDE (value)",
        "CREATE UNIQUE INDEX ON {SCHEMA}.{VIEW_NAME} (abs(id))",
        "CREATE UNIQUE INDEX ON {SCHEMA}.{VIEW_NAME} (id) WHERE value >= 0",
        "CREATE UNIQUE INDEX ON {SCHEMA}.{VIEW_NAME} (at, id); CREATE UNIQUE INDEX ON {SCHEMA}.{VIEW_NAME} (id)",
        "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (id)",
    ],
    ids=["with a column included", "over an expression", "over some rows", "two of them", "none"],
)
def test_days_are_refreshed_whatever_unique_index_there_is(
    ticking: Warehouse, source: Source, pull: Pull, index: LiteralString
) -> None:
    define(ticking, query=QUERY, indexes=index)
    pull(ticking, FIRST, SECOND, template="ticks")
    source.run("UPDATE ticks SET value = value + 1")
    source.run("DELETE FROM ticks WHERE id = (SELECT min(id) FROM ticks)")
    pull(ticking, FIRST, FIRST, template="ticks")
    pull(ticking, FIRST, SECOND, template="ticks")
    rows = source.rows("SELECT id, at, value FROM ticks WHERE at < '2024-01-17' ORDER BY id")
    assert ticking.reader.rows("SELECT id, at, value FROM acme.ticks ORDER BY id") == rows


def test_a_session_that_has_read_which_days_a_table_has_doubles_no_row_of_a_later_one(
    ticking: Warehouse,
) -> None:
    """Without an index it looks once."""
    define(ticking, query=QUERY, indexes=None)
    with Keeper(ticking.conninfo) as keeper:
        for day in (FIRST, SECOND, SECOND):
            plans = planning.plan(ticking.conninfo, [feed(ticking)], Span(day, day), reload=True)
            assert run.run(ticking.conninfo, plans, run.Limits(), Silent(), keeper).complete
    assert ticking.reader.value("SELECT count(*) FROM acme.ticks") == 4


@WAYS
def test_rows_that_the_source_gives_twice_are_refused_in_a_refresh_as_in_the_first_load(
    ticking: Warehouse, pull: Pull
) -> None:
    pull(ticking, FIRST, FIRST, template="ticks")
    define(ticking, query=QUERY.replace("FROM ticks", "FROM ticks, generate_series(1, 2)"))
    with pytest.raises((AssertionError, psycopg.Error), match="more than one row with the same id"):
        pull(ticking, FIRST, FIRST, template="ticks")
    assert ticking.reader.value("SELECT count(*) FROM acme.ticks") == 2
    assert ticking.value("SELECT row_count FROM _wh.slices") == 2


@WAYS
def test_a_row_without_a_key_is_kept(ticking: Warehouse, source: Source, pull: Pull) -> None:
    source.run("UPDATE ticks SET id = NULL")
    for _ in range(2):
        pull(ticking, FIRST, SECOND, template="ticks")
        assert ticking.reader.value("SELECT count(*) FROM acme.ticks") == 4


@pytest.mark.parametrize("storage", ["matview", "partition"])
def test_a_time_without_a_zone_is_utc_in_whatever_zone_the_caller_is(
    ticking: Warehouse, source: Source, storage: str
) -> None:
    source.run("ALTER TABLE ticks ALTER at TYPE timestamp USING at AT TIME ZONE 'UTC'")
    ticking.run("UPDATE _wh.mv_templates SET storage = %s", (storage,))
    ticking.admin.run(f"ALTER DATABASE {ticking.name} SET TimeZone = 'America/Chicago'".encode())  # type: ignore[arg-type]
    rows = source.rows("SELECT id, at::text FROM ticks WHERE at < '2024-01-17' ORDER BY id")
    seen: LiteralString = "SELECT id, (at AT TIME ZONE 'UTC')::text FROM acme.ticks ORDER BY id"
    for pull in (by_sql, by_loader, by_sql):
        pull(ticking, FIRST, SECOND, template="ticks")
        assert ticking.rows(seen) == rows
    if storage == "matview":
        ticking.run("SELECT _wh.refresh_mv('acme', 'ticks_2024_01_15')")
        assert ticking.rows(seen) == rows


@WAYS
def test_a_template_may_drop_the_column_that_told_its_rows_apart(
    ticking: Warehouse, source: Source, pull: Pull
) -> None:
    pull(ticking, FIRST, SECOND, template="ticks")
    define(
        ticking,
        query=QUERY.replace("id, ", ""),
        columns="at timestamptz, value int",
        indexes=INDEXES.replace("(id)", "(at)"),
    )
    source.run("UPDATE ticks SET value = value + 1")
    for day in (FIRST, SECOND):
        pull(ticking, day, day, template="ticks")
    assert ticking.reader.rows("SELECT at, value FROM acme.ticks ORDER BY at") == source.rows(
        "SELECT at, value FROM ticks WHERE at < '2024-01-17' ORDER BY at"
    )


@WAYS
def test_a_table_of_another_template_is_not_taken_for_that_of_a_year(ticking: Warehouse, pull: Pull) -> None:
    define(ticking, "ticks_2024", query=QUERY)
    ticking.run("UPDATE _wh.mv_templates SET storage = 'partition'")
    pull(ticking, FIRST, FIRST, template="ticks_2024")
    with pytest.raises((AssertionError, psycopg.Error), match=r'acme\.ticks_2024" is in the way'):
        pull(ticking, FIRST, FIRST, template="ticks")
    assert ticking.value('SELECT count(*) FROM _wh_data."acme.ticks_2024"') == 2


@pytest.mark.parametrize("change", ["drops", "gets"])
@WAYS
def test_a_tenant_joins_after_the_template_changed_its_columns(
    ticking: Warehouse, source: Source, pull: Pull, change: str
) -> None:
    pull(ticking, FIRST, FIRST, template="ticks")
    ticking.connect_to(source, "globex")
    ticking.make_schema("globex")
    if change == "drops":
        define(ticking, query=QUERY.replace(", value", ""), columns="id int, at timestamptz")
    else:
        define(ticking, query=QUERY.replace("value", "value, 7"), columns=COLUMNS + ", more int")
    pull(ticking, FIRST, FIRST, template="ticks", name="globex")
    assert ticking.reader.rows("SELECT schema_name, count(*) FROM public.ticks GROUP BY 1 ORDER BY 1") == [
        ("acme", 2),
        ("globex", 2),
    ]
    # Views have the template's columns. A table keeps one that the template has dropped.
    shown, kept = (
        ticking.value(
            "SELECT count(*) FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'value'", (name,)
        )
        for name in ("public.ticks", '_wh_data."public.ticks"')
    )
    assert (shown, kept) == (0 if change == "drops" else 1, 1)


@WAYS
def test_a_refresh_of_the_public_relation_brings_the_new_columns(ticking: Warehouse, pull: Pull) -> None:
    pull(ticking, FIRST, FIRST, template="ticks")
    define(ticking, query=QUERY.replace("value", "value, 7"), columns=COLUMNS + ", more int")
    ticking.run("SELECT _wh.update_public_view_by_template('ticks')")
    assert ticking.reader.rows("SELECT count(*), count(more) FROM public.ticks") == [(2, 0)]


@WAYS
@pytest.mark.parametrize("old, new", [("month", "year"), ("year", "month")])
def test_a_template_may_change_how_its_tables_are_cut(
    ticking: Warehouse, source: Source, pull: Pull, old: str, new: str
) -> None:
    ticking.run("UPDATE _wh.mv_templates SET partition_by = %s", (old,))
    pull(ticking, FIRST, FIRST, template="ticks")
    ticking.run("UPDATE _wh.mv_templates SET partition_by = %s", (new,))
    source.run("INSERT INTO ticks VALUES (1, '2024-02-01 12:00Z', 1), (2, '2025-03-01 12:00Z', 1)")
    for day in (date(2024, 2, 1), date(2025, 3, 1)):
        pull(ticking, day, day, template="ticks")
    assert ticking.reader.value("SELECT count(*) FROM public.ticks") == 4


def test_an_upgrade_takes_the_settings_that_older_versions_kept_from_the_servers(ticking: Warehouse) -> None:
    options: LiteralString = "SELECT srvoptions FROM pg_foreign_server"
    now = ticking.value(options)
    ticking.admin.run(
        "UPDATE pg_foreign_server SET srvoptions = '{host=127.0.0.1,connect_timeout=10,application_name=tenantry}'"
    )
    with ticking.admin.connect() as opened:
        install(opened, {})
    assert ticking.value(options) == now
    by_sql(ticking, FIRST, FIRST, template="ticks")


def fill_year(warehouse: Warehouse, source: Source) -> None:
    """2023 as 365 slices of one row, in months."""
    source.run("DELETE FROM ticks")
    source.run(
        "INSERT INTO ticks SELECT n, timestamptz '2023-01-01 12:00Z' + n * interval '1 day', n FROM generate_series(0, 364) n"
    )
    warehouse.run("UPDATE _wh.mv_templates SET partition_by = 'month'")
    assert load(warehouse, date(2023, 1, 1), date(2023, 12, 31)).complete


FOLD: LiteralString = "SELECT _wh.create_combined_table_from_template_by_year('ticks', 'acme', 2023)"


def test_a_folded_year_keeps_the_column_that_the_template_has_dropped(
    ticking: Warehouse, source: Source
) -> None:
    fill_year(ticking, source)
    define(ticking, query=QUERY.replace(", value", ""), columns="id int, at timestamptz")
    ticking.run(FOLD)
    assert ticking.reader.rows("SELECT count(*), sum(value) FROM public.ticks") == [(365, 364 * 365 // 2)]


def test_a_row_that_stands_in_two_months_is_explained_and_the_year_stays_as_it_is(
    ticking: Warehouse, source: Source
) -> None:
    fill_year(ticking, source)
    source.run("UPDATE ticks SET at = '2023-12-24 13:00Z' WHERE id = 0")
    load(ticking, date(2023, 12, 24), date(2023, 12, 24))
    with pytest.raises(psycopg.errors.UniqueViolation, match="rows are in more than one day"):
        ticking.run(FOLD)
    load(ticking, date(2023, 1, 1), date(2023, 1, 1))
    ticking.run(FOLD)
    assert ticking.reader.value("SELECT count(*) FROM public.ticks") == 365


def test_the_swap_of_a_folded_year_reads_no_row(ticking: Warehouse, source: Source) -> None:
    """ATTACH would read the whole year, while it keeps reports out."""
    fill_year(ticking, source)
    with ticking.connect() as opened:
        notices: list[str] = []
        opened.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
        opened.execute("SET client_min_messages = debug1")
        opened.execute(FOLD)
    assert 'partition constraint for table "acme.ticks_2023" is implied by existing constraints' in notices


@WAYS
def test_a_template_with_letters_beyond_ascii_means_them_whatever_the_operators_encoding_is(
    ticking: Warehouse, source: Source, monkeypatch: pytest.MonkeyPatch, pull: Pull
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    source.run("ALTER TABLE ticks ADD name text DEFAULT 'Käse'")
    define(ticking, query=QUERY + " AND name = 'Käse'")
    pull(ticking, FIRST, SECOND, template="ticks")
    assert ticking.value("SELECT count(*) FROM acme.ticks") == 4


def test_two_operators_finish_a_bulk_load_at_once(ticking: Warehouse, source: Source) -> None:
    define(
        ticking,
        query=QUERY,
        indexes=INDEXES.replace("{VIEW_NAME}_id", "")
        + "; "
        + INDEXES.replace("UNIQUE", "").replace("(id)", "(at)").replace("_id ON", "_at ON"),
    )
    one = feed(ticking)
    with session(ticking.conninfo) as opened, session(ticking.conninfo) as source_session:
        opened.execute("SELECT _wh_internal.stream_prepare(f, %s, true) FROM _wh.feeds f", (FIRST,))
        with open_source(source_conninfo(source_session, "acme")) as reader:
            stream.pull(opened, reader, one, Span(FIRST, SECOND))
    with ThreadPoolExecutor() as pool, ticking.connect() as first, Keeper(ticking.conninfo) as keeper:
        (table,) = indexes.unindexed(first, one)
        with first.transaction():
            assert indexes.begin(first, table)
            for statement in indexes.missing(first, table):
                first.execute(statement.encode())
            second = pool.submit(indexing.run, keeper, [table], 2)
            while not second.done() and not ticking.value(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ):
                pass
            indexes.end(first, table)
        assert second.result(timeout=120) == []
    assert ticking.value("SELECT count(*) FROM pg_indexes WHERE tablename = 'acme.ticks_2024'") == 2


def test_a_tenant_whose_rows_stand_in_two_days_stops_no_other(
    ticking: Warehouse, source: Source, make_source: Callable[[], Source]
) -> None:
    """A row moved to a later month at the source while the months were pulled."""
    other = make_source()
    make_ticks(other, FIRST, 4)
    other.run("ALTER TABLE ticks ALTER value TYPE int USING value::int")
    ticking.connect_to(other, "globex")
    ticking.make_schema("globex")
    feeds = [feed(ticking), feed(ticking, "globex")]
    with session(ticking.conninfo) as opened, session(ticking.conninfo) as more:
        opened.execute("SELECT _wh_internal.stream_prepare(f, %s, true) FROM _wh.feeds f", (FIRST,))
        with open_source(source_conninfo(more, "acme")) as reader:
            stream.pull(opened, reader, feeds[0], Span(FIRST, SECOND))
            source.run("UPDATE ticks SET at = '2024-02-10 12:00Z' WHERE at < '2024-01-15 01:00Z'")
            stream.pull(opened, reader, feeds[0], Span(date(2024, 2, 10), date(2024, 2, 11)))
    plans = planning.plan(ticking.conninfo, feeds, Span(FIRST, date(2024, 2, 11)))
    acme, globex = run.run(ticking.conninfo, plans, run.Limits(), Silent()).feeds
    assert globex.complete
    assert ticking.value("SELECT count(*) FROM pg_indexes WHERE tablename = 'globex.ticks_2024'") == 1
    assert not acme.complete
    assert [failure.day for failure in acme.failures] == [FIRST, date(2024, 2, 10)]
    assert "more than one row has the same id" in acme.failures[0].error
    # The same command again pulls those days.
    assert all(
        item.complete
        for item in run.run(
            ticking.conninfo,
            planning.plan(ticking.conninfo, feeds, Span(FIRST, date(2024, 2, 11))),
            run.Limits(),
            Silent(),
        ).feeds
    )
    assert ticking.reader.rows("SELECT id FROM acme.ticks ORDER BY id") == source.rows(
        "SELECT id FROM ticks ORDER BY id"
    )


@pytest.mark.parametrize("storage", ["matview", "partition"])
def test_a_tenant_that_is_dropped_during_a_load_stops_no_other(
    ticking: Warehouse, source: Source, storage: str
) -> None:
    ticking.run("UPDATE _wh.mv_templates SET storage = %s", (storage,))
    for name in ("bistro", "globex"):
        ticking.connect_to(source, name)
        ticking.make_schema(name)
    feeds = [feed(ticking, name) for name in ("bistro", "acme", "globex")]
    plans = planning.plan(ticking.conninfo, feeds, Span(FIRST, SECOND))
    ticking.admin.run("ALTER SCHEMA bistro OWNER TO whadmin")
    ticking.run("SELECT _wh_internal.drop_tenant('bistro')")
    bistro, *others = run.run(ticking.conninfo, plans, run.Limits(), Silent()).feeds
    assert {failure.error for failure in bistro.failures} == {
        'schema "bistro" does not exist (Known tenants: acme, globex)'
    }
    assert all(other.complete for other in others)
    assert ticking.reader.rows("SELECT schema_name, count(*) FROM public.ticks GROUP BY 1 ORDER BY 1") == [
        ("acme", 4),
        ("globex", 4),
    ]


@pytest.fixture
def cutter(source: Source) -> Iterator[Cutter]:
    """A proxy before the source that breaks the first connection that has carried more than 64 kB."""
    with Cutter(source.server.port) as proxy:
        yield proxy


def test_a_source_whose_connection_breaks_in_the_middle_of_a_copy_is_asked_again(
    ticking: Warehouse, source: Source, cutter: Cutter
) -> None:
    source.run("INSERT INTO ticks SELECT n, '2024-01-15 12:00Z', n FROM generate_series(1, 20000) n")
    ticking.run("UPDATE _wh.tenant_connections SET port = %s", (cutter.port,))
    result = load(ticking, FIRST, FIRST)
    assert cutter.cuts == 1
    assert result.complete, result
    assert ticking.reader.value("SELECT count(*) FROM public.ticks") == 20002


def test_ctrl_c_does_not_wait_for_a_source_that_hangs_in_the_middle_of_a_copy(
    ticking: Warehouse, source: Source
) -> None:
    source.run("INSERT INTO ticks SELECT n, '2024-01-15 12:00Z', n FROM generate_series(1, 20000) n")
    feed(ticking)
    with Cutter(source.server.port, hang=True) as proxy:
        ticking.run("UPDATE _wh.tenant_connections SET port = %s", (proxy.port,))
        with running(
            ticking, "backfill", "ticks", "--all", "--from", FIRST, "--to", FIRST, "--json"
        ) as process:
            wait_until(lambda: proxy.cuts == 1)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert '"interrupted": true' in out
    assert ticking.reader.value("SELECT count(*) FROM public.ticks") == 0
