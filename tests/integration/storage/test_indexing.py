"""Tables that a bulk load makes without indexes: they get all of them, whoever comes next and whatever goes wrong."""

from __future__ import annotations

import signal
from collections.abc import Callable
from datetime import date, timedelta
from typing import LiteralString

import pytest

from tenantry.core.days import Span
from tenantry.core.model import Feed
from tenantry.db.connect import session
from tenantry.flow.slice import indexes, stream
from tenantry.flow.slice.feed import find_feed
from tenantry.flow.source.session import open_source, source_conninfo
from tenantry.loader import planning
from tenantry.loader import run as backfill
from tenantry.loader.events import Silent
from tenantry.loader.result import FeedResult
from tests.support.databases import Source, Warehouse
from tests.support.program import run, running, succeed
from tests.support.samples.small_template import define, make_ticks
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

FIRST = date(2024, 1, 15)
SPAN = Span(FIRST, FIRST + timedelta(days=3))
QUERY: LiteralString = "SELECT id, at, value FROM ticks WHERE at >= '{START_TIME}' AND at < '{END_TIME}'"
INDEXES: LiteralString = """
CREATE UNIQUE INDEX {VIEW_NAME}_id ON {SCHEMA}.{VIEW_NAME} (id);
CREATE INDEX {VIEW_NAME}_at ON {SCHEMA}.{VIEW_NAME} (at);
CREATE INDEX "{VIEW_NAME};odd" ON {SCHEMA}.{VIEW_NAME} (value) WHERE value <> 7;
"""
NAMES = ["acme.ticks_2024;odd", "acme.ticks_2024_at", "acme.ticks_2024_id"]
BACKFILL = ("backfill", "ticks", "--all", "--from", SPAN.first, "--to", SPAN.last)


@pytest.fixture
def ticking(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse with the template `ticks` in partition storage, whose source has two rows on each of four days."""
    make(source)
    define(acme, query=QUERY, indexes=INDEXES)
    acme.run("UPDATE _wh.mv_templates SET storage = 'partition'")
    acme.run("SELECT _wh_internal.open_feed('ticks', 'acme', 'acme')")
    return acme


def make(source: Source) -> None:
    make_ticks(source, FIRST, 4)
    source.run("ALTER TABLE ticks ALTER value TYPE int USING value::int")


def feed(warehouse: Warehouse, name: str = "acme") -> Feed:
    with session(warehouse.conninfo) as opened:
        return find_feed(opened, "ticks", name)


def cut_off(warehouse: Warehouse, span: Span = SPAN) -> None:
    """Load days as a backfill does, and stop before it makes indexes."""
    with (
        session(warehouse.conninfo) as opened,
        open_source(source_conninfo(opened, "acme")) as reader,
    ):
        stream.pull(opened, reader, feed(warehouse), span, bulk=True)


def names(warehouse: Warehouse, schema: str = "acme") -> list[str]:
    rows = warehouse.rows(
        "SELECT indexname::text FROM pg_indexes WHERE tablename = %s ORDER BY 1",
        (f"{schema}.ticks_2024",),
    )
    return [row[0] for row in rows]


def load(warehouse: Warehouse, *feeds: Feed) -> list[FeedResult]:
    chosen = feeds or (feed(warehouse),)
    plans = planning.plan(warehouse.conninfo, chosen, SPAN)
    return backfill.run(warehouse.conninfo, plans, backfill.Limits(), Silent()).feeds


def test_doctor_names_the_table_and_the_command_that_indexes_it(ticking: Warehouse) -> None:
    cut_off(ticking)
    told = succeed(ticking, "doctor", "--only", "leftovers")
    assert "acme.ticks_2024" in told.out
    assert "tenantry backfill ticks --tenant acme" in told.out
    succeed(ticking, "backfill", "ticks", "--tenant", "acme", "--to", SPAN.last)
    assert names(ticking) == NAMES
    assert "acme.ticks_2024" not in succeed(ticking, "doctor", "--only", "leftovers").out


@pytest.mark.parametrize("jobs", [1, 2, 8])
def test_a_new_table_has_all_of_its_indexes_after_the_load(ticking: Warehouse, jobs: int) -> None:
    succeed(ticking, *BACKFILL, "--sessions", jobs)
    assert names(ticking) == NAMES
    assert ticking.rows("SELECT FROM _wh.feed_tables") == []
    assert ticking.value("SELECT reltuples FROM pg_class WHERE relname = 'acme.ticks_2024'") == 8
    assert ticking.value("SELECT count(*) > 0 FROM pg_stats WHERE tablename = 'acme.ticks_2024'")


def test_the_next_load_goes_on_where_one_was_killed_that_had_made_some(ticking: Warehouse) -> None:
    cut_off(ticking)
    assert names(ticking) == []
    ticking.run('CREATE INDEX "acme.ticks_2024_at" ON _wh_data."acme.ticks_2024" (at)')
    (result,) = load(ticking)
    assert (result.loaded, result.complete) == (0, True)
    assert names(ticking) == NAMES


def test_a_load_by_sql_indexes_first_what_a_killed_one_left_bare(ticking: Warehouse) -> None:
    cut_off(ticking)
    ticking.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)", (FIRST,))
    assert names(ticking) == NAMES
    assert ticking.value("SELECT count(*) FROM acme.ticks") == 8


def test_the_nightly_job_indexes_first_what_a_killed_one_left_bare(
    ticking: Warehouse, source: Source
) -> None:
    cut_off(ticking)
    ticking.run(
        "SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', %s, %s)", (SPAN.first, SPAN.last)
    )
    assert names(ticking) == NAMES


def test_a_load_by_sql_leaves_a_table_alone_of_which_some_indexes_are_there(ticking: Warehouse) -> None:
    """To drop those would keep reports waiting while all are made."""
    cut_off(ticking)
    ticking.run('CREATE INDEX "acme.ticks_2024_at" ON _wh_data."acme.ticks_2024" (at)')
    ticking.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)", (FIRST,))
    assert names(ticking) == ["acme.ticks_2024_at"]
    load(ticking)
    assert names(ticking) == NAMES


def test_a_load_by_sql_notes_rows_that_stand_in_two_days_and_goes_on(
    ticking: Warehouse, source: Source
) -> None:
    cut_off(ticking)
    source.run("UPDATE ticks SET at = '2024-02-10 12:00Z' WHERE at < '2024-01-15 01:00Z'")
    cut_off(ticking, Span(date(2024, 2, 10), date(2024, 2, 11)))
    ticking.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', '2024-01-17')")
    assert ticking.rows("SELECT slice_date FROM _wh.slices WHERE status = 'failed' ORDER BY 1") == [
        (FIRST,),
        (date(2024, 2, 10),),
    ]
    assert (
        ticking.value(
            "SELECT message FROM _wh.function_logs WHERE function_name = 'partition_finish' AND log_level = 'ERROR'"
        )
        == '_wh_data."acme.ticks_2024" cannot be indexed: could not create unique index "acme.ticks_2024_id"'
    )


def test_a_table_that_cannot_be_indexed_is_named_and_stops_no_other(
    ticking: Warehouse, source: Source, make_source: Callable[[], Source]
) -> None:
    """An index over an expression does not say which days hold the doubled rows."""
    define(
        ticking,
        query=QUERY,
        indexes="CREATE UNIQUE INDEX {VIEW_NAME}_sum ON {SCHEMA}.{VIEW_NAME} ((value + id % 10));"
        " CREATE INDEX {VIEW_NAME}_at ON {SCHEMA}.{VIEW_NAME} (at)",
    )
    other = make_source()
    make_ticks(other, FIRST, 1)
    other.run("ALTER TABLE ticks ALTER value TYPE int USING value::int")
    ticking.connect_to(other, "globex")
    ticking.make_schema("globex")
    ticking.run("SELECT _wh_internal.open_feed('ticks', 'globex', 'globex')")
    told = run(ticking, *BACKFILL)
    assert told.code == 1
    assert told.err.splitlines()[0] == (
        'error: _wh_data."acme.ticks_2024" has no indexes yet: could not create unique index "acme.ticks_2024_sum"; all others are kept'
    )
    assert "globex" in told.out
    assert names(ticking, "globex") == ["globex.ticks_2024_at", "globex.ticks_2024_sum"]
    assert ticking.rows("SELECT schema_name, count(*) FROM public.ticks GROUP BY 1 ORDER BY 1") == [
        ("acme", 8),
        ("globex", 2),
    ]
    source.run("UPDATE ticks SET value = id")
    succeed(ticking, *BACKFILL, "--reload")
    assert names(ticking) == ["acme.ticks_2024_at", "acme.ticks_2024_sum"]


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGKILL])
def test_a_load_that_is_stopped_while_it_makes_indexes_is_completed_by_the_next(
    ticking: Warehouse, by: signal.Signals
) -> None:
    ticking.run(
        "CREATE FUNCTION public.slowly(value int) RETURNS int LANGUAGE plpgsql IMMUTABLE"
        " AS $$ BEGIN PERFORM pg_sleep(20); RETURN value; END $$"
    )
    slow = "CREATE INDEX {VIEW_NAME}_slow ON {SCHEMA}.{VIEW_NAME} (public.slowly(value));"
    define(ticking, query=QUERY, indexes=slow + INDEXES)
    with running(ticking, *BACKFILL) as process:
        # The other session has made what it could meanwhile.
        wait_until(lambda: sleeping(ticking) == 1 and names(ticking) == NAMES)
        process.send_signal(by)
        _, err = process.communicate(timeout=120)
    assert process.returncode == (130 if by == signal.SIGINT else -by), err
    assert "Traceback" not in err
    if by == signal.SIGKILL:
        # The server does not notice that nobody waits for it.
        ticking.admin.run(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'tenantry backfill'"
        )
    assert sleeping(ticking) == 0
    assert ticking.rows("SELECT table_name, state FROM _wh.feed_tables") == [("acme.ticks_2024", "unindexed")]
    define(ticking, query=QUERY, indexes=INDEXES)
    succeed(ticking, *BACKFILL)
    assert names(ticking) == NAMES


def sleeping(warehouse: Warehouse) -> int:
    count: int = warehouse.value(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
    )
    return count


def test_a_refresh_that_finds_all_days_unchanged_begins_no_statement_for_views(ticking: Warehouse) -> None:
    plan = planning.plan_changed([feed(ticking)], SPAN)
    backfill.run(ticking.conninfo, plan, backfill.Limits(), Silent())
    ticking.run('ALTER TABLE _wh_data."public.ticks" DETACH PARTITION _wh_data."acme.ticks"')
    (result,) = backfill.run(ticking.conninfo, plan, backfill.Limits(), Silent()).feeds
    assert (result.unchanged, result.as_it_was) == (4, True)
    assert ticking.value("SELECT count(*) FROM public.ticks") == 0
    succeed(ticking, *BACKFILL)
    assert ticking.value("SELECT count(*) FROM public.ticks") == 8


def test_indexes_that_sort_texts_are_built_first(ticking: Warehouse, source: Source) -> None:
    """They take longest; the sessions that build the others meanwhile then end at about the same time."""
    source.run("ALTER TABLE ticks ADD note text DEFAULT 'id'")
    define(
        ticking,
        query=QUERY.replace("value FROM", "value, note FROM"),
        columns="id int, at timestamptz, value int, note text",
        indexes=INDEXES + 'CREATE INDEX "{VIEW_NAME}_last" ON {SCHEMA}.{VIEW_NAME} (at, note);',
    )
    cut_off(ticking)
    with session(ticking.conninfo) as opened:
        (table,) = indexes.unindexed(opened, feed(ticking))
        first, *others = indexes.missing(opened, table)
    assert "note" in first
    assert len(others) == 3
