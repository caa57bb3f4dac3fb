"""Two sessions at once: one waits or is refused with a reason; nothing is lost or doubled, and nothing deadlocks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import LiteralString

import psycopg
import pytest

from tenantry.db.connect import session
from tenantry.embedded import Server
from tenantry.flow.tenant import drop as dropping
from tests.support.databases import Maker, Source, Warehouse
from tests.support.samples.full_year import QUERY, ROWS, clone_year, load_year
from tests.support.waiting import wait_until

WAITING: LiteralString = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)

WINDOW: LiteralString = "SELECT _wh.update_mv_window_by_template('pulses', 'acme', 'acme', %s, %s)"
FOLD: LiteralString = "SELECT _wh.create_combined_table_from_template_by_year('pulses', 'acme', 2023)"
ONE_DAY: LiteralString = "SELECT _wh.update_mv_by_template('pulses', 'acme', 'acme', '2023-01-05')"


@pytest.fixture(scope="module")
def loaded(server: Server, templates: None) -> Iterator[str]:
    """Loaded once for all tests of this module."""
    maker = Maker(server)
    yield load_year(server, maker)
    maker.drop_all()


@pytest.fixture
def acme(server: Server, maker: Maker, loaded: str) -> Warehouse:
    """A warehouse of this test's own, with all slices of 2023."""
    return clone_year(server, maker, loaded)


def change_template(warehouse: Warehouse) -> None:
    """Make every slice one of another definition, so that its next load makes it anew."""
    warehouse.run("UPDATE _wh.mv_templates SET query_template = query_template || ' '")


def drop_unique_index(warehouse: Warehouse) -> None:
    """A template whose slices cannot be refreshed under a report."""
    warehouse.run("UPDATE _wh.mv_templates SET indexes = replace(indexes, 'UNIQUE', '')")


def counts(warehouse: Warehouse) -> tuple[int, int]:
    rows, distinct = warehouse.reader.rows("SELECT count(*), count(DISTINCT id) FROM public.pulses")[0]
    return rows, distinct


@contextmanager
def meanwhile(warehouse: Warehouse, first: LiteralString, second: LiteralString) -> Iterator[Future[None]]:
    """Run `first` in a transaction that stays open, start `second`, see it wait, and commit: the block gets
    the second one's future."""
    with ThreadPoolExecutor() as pool, warehouse.connect() as session:
        session.execute("BEGIN")
        session.execute(first)
        late = pool.submit(warehouse.run, second)
        wait_until(lambda: late.done() or warehouse.value(WAITING) > 0)
        assert not late.done(), late.exception()
        session.execute("COMMIT")
        yield late


@pytest.mark.parametrize("change", [None, change_template, drop_unique_index])
def test_two_loads_of_one_slice_come_one_after_the_other(
    acme: Warehouse, change: Callable[[Warehouse], None] | None
) -> None:
    if change:
        change(acme)
    with meanwhile(acme, ONE_DAY, ONE_DAY) as late:
        late.result(timeout=120)
    assert counts(acme) == (ROWS, ROWS)


def test_a_slice_made_anew_takes_the_names_of_the_old_one(acme: Warehouse) -> None:
    """Also those of indexes that the template leaves to PostgreSQL."""
    names: LiteralString = "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 'acme.pulses_2023_01_05'::regclass ORDER BY 1"
    acme.run("UPDATE _wh.mv_templates SET indexes = indexes || '; CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (at)'")
    for _ in range(2):
        acme.run(ONE_DAY)
        assert acme.rows(names) == [("acme.pulses_2023_01_05_at_idx",), ("acme.pulses_2023_01_05_id",)]
        change_template(acme)
    assert acme.value("SELECT count(*) FROM pg_class WHERE relname ~ '^tenantry_[^f]'") == 0


def test_of_two_conversions_of_one_year_the_later_is_refused(acme: Warehouse) -> None:
    with (
        meanwhile(acme, FOLD, FOLD) as late,
        pytest.raises(psycopg.errors.DuplicateTable, match=r"acme\.pulses_2023 already exists"),
    ):
        late.result(timeout=120)
    assert counts(acme) == (ROWS, ROWS)


def test_a_window_during_a_conversion_waits_and_goes_into_the_table(acme: Warehouse) -> None:
    window: LiteralString = (
        "SELECT _wh.update_mv_window_by_template('pulses', 'acme', 'acme', '2023-01-01', '2023-01-03')"
    )
    with meanwhile(acme, FOLD, window) as late:
        late.result(timeout=120)
    assert counts(acme) == (ROWS, ROWS)
    assert acme.value("SELECT count(*) FROM pg_matviews WHERE schemaname = 'acme'") == 0


def test_a_conversion_during_a_refresh_takes_the_refreshed_rows(acme: Warehouse) -> None:
    acme.run("UPDATE _wh.mv_templates SET query_template = replace(query_template, '12 hours', '6 hours')")
    with meanwhile(acme, ONE_DAY, FOLD) as late:
        late.result(timeout=120)
    assert acme.value("SELECT count(*) FROM _wh_data.\"acme.pulses_2023\" WHERE at::date = '2023-01-05'") == 4


def test_a_refresh_by_hand_during_a_conversion_finds_no_slice_any_more(acme: Warehouse) -> None:
    refresh: LiteralString = "SELECT _wh.refresh_mv('acme', 'pulses_2023_01_05')"
    with (
        meanwhile(acme, FOLD, refresh) as late,
        pytest.raises(psycopg.errors.UndefinedTable, match=r'"acme"\."pulses_2023_01_05" does not'),
    ):
        late.result(timeout=120)
    assert counts(acme) == (ROWS, ROWS)


DROPS: Sequence[LiteralString] = [
    "DROP SCHEMA acme CASCADE",
    "SELECT _wh_internal.drop_tenant_slices('acme', 500), _wh_internal.drop_tenant('acme')",
]


@pytest.mark.parametrize("drop", DROPS)
@pytest.mark.parametrize("load", [ONE_DAY, FOLD])
def test_a_drop_of_the_tenant_waits_for_the_load_at_work(
    acme: Warehouse, load: LiteralString, drop: LiteralString
) -> None:
    acme.admin.run("ALTER SCHEMA acme OWNER TO whadmin")
    with meanwhile(acme, load, drop) as late:
        late.result(timeout=120)
    acme.run("SELECT _wh.update_public_view_by_template('pulses')")
    assert counts(acme) == (0, 0)
    assert acme.value("SELECT count(*) FROM _wh.slices") == 0


@pytest.mark.parametrize("drop", DROPS)
@pytest.mark.parametrize("load", [ONE_DAY, FOLD, WINDOW])
def test_a_load_during_a_drop_of_the_tenant_is_refused_by_the_name_of_what_is_gone(
    acme: Warehouse, load: LiteralString, drop: LiteralString
) -> None:
    acme.admin.run("ALTER SCHEMA acme OWNER TO whadmin")
    load = load.replace("%s, %s", "'2023-01-01', '2023-01-03'")
    with (
        meanwhile(acme, drop, load) as late,
        pytest.raises(psycopg.errors.InvalidSchemaName, match='schema "acme" does not exist'),
    ):
        late.result(timeout=120)


def test_a_schema_of_another_role_is_not_half_dropped(acme: Warehouse) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match='"acme" belongs to role postgres'):
        acme.run("SELECT _wh_internal.drop_tenant('acme')")
    assert counts(acme) == (ROWS, ROWS)


def refresh_windows(warehouse: Warehouse) -> None:
    for first in ("2023-01-01", "2023-01-08", "2023-12-20"):
        warehouse.run(
            "SELECT _wh.update_mv_window_by_template('pulses', 'acme', 'acme', %s, %s::date + 14)",
            (first, first),
        )


def replace_slices(warehouse: Warehouse) -> None:
    change_template(warehouse)
    refresh_windows(warehouse)


def refresh_without_unique_index(warehouse: Warehouse) -> None:
    drop_unique_index(warehouse)
    refresh_windows(warehouse)
    refresh_windows(warehouse)


def convert(warehouse: Warehouse) -> None:
    warehouse.run(FOLD)
    warehouse.run(WINDOW, ("2023-05-01", "2023-05-05"))


def watched_by_reports(
    warehouse: Warehouse,
    statements: Sequence[LiteralString],
    work: Callable[[Warehouse], None],
    in_transactions: bool = False,
) -> set[tuple[int, ...]]:
    """What two readers saw who ran the statements before, during and after the work; none may fail."""
    seen: list[tuple[int, ...]] = []
    stop = threading.Event()

    def report() -> None:
        with warehouse.reader.connect() as session:
            while not stop.is_set():
                if in_transactions:
                    session.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
                for statement in statements:
                    seen.extend(session.execute(statement))
                if in_transactions:
                    session.execute("COMMIT")

    with ThreadPoolExecutor() as pool:
        readers = [pool.submit(report) for _ in range(2)]
        try:
            wait_until(lambda: len(seen) > 6)
            work(warehouse)
            done = len(seen)
            wait_until(lambda: len(seen) > done + 6)
        finally:
            stop.set()
        for reader in readers:
            reader.result(timeout=120)
    return set(seen)


@pytest.mark.parametrize("work", [refresh_windows, replace_slices, refresh_without_unique_index, convert])
@pytest.mark.parametrize("in_transactions", [False, True], ids=["autocommit", "transactions"])
def test_reports_see_every_row_once_whatever_is_done_meanwhile(
    acme: Warehouse, work: Callable[[Warehouse], None], in_transactions: bool
) -> None:
    public: LiteralString = "SELECT count(*), count(DISTINCT id) FROM public.pulses WHERE at < '2024-01-01'"
    own: LiteralString = "SELECT count(*), count(DISTINCT id) FROM acme.pulses WHERE at < '2024-01-01'"
    assert watched_by_reports(acme, (public, own, public), work, in_transactions) == {(ROWS, ROWS)}


def drop_by_hand(warehouse: Warehouse) -> None:
    with warehouse.connect() as session, session.transaction():
        session.execute("DROP VIEW public.pulses")
        session.execute("DROP SCHEMA bistro CASCADE")
        session.execute("SELECT _wh.update_public_view_by_template('pulses')")


def drop_by_function(warehouse: Warehouse) -> None:
    with session(warehouse.conninfo) as opened:
        dropping.run(opened, "bistro")


@pytest.mark.parametrize("drop", [drop_by_hand, drop_by_function])
def test_reports_go_on_while_a_tenant_is_dropped(
    acme: Warehouse, source: Source, drop: Callable[[Warehouse], None]
) -> None:
    acme.connect_to(source, "bistro")

    def come_and_go(warehouse: Warehouse) -> None:
        for _ in range(5):
            warehouse.run("CREATE SCHEMA bistro")
            warehouse.run(
                "SELECT _wh.update_mv_window_by_template('pulses', 'bistro', 'bistro', '2023-01-01', '2023-01-09')"
            )
            warehouse.run("SELECT _wh.update_public_view_by_template('pulses')")
            drop(warehouse)

    others: LiteralString = "SELECT count(*) FROM public.pulses WHERE schema_name = 'acme'"
    assert watched_by_reports(acme, (others,), come_and_go) == {(ROWS,)}


def test_who_makes_a_tenants_first_table_waits_for_no_day(warehouse: Warehouse, source: Source) -> None:
    """Else a window that has made the table would wait for the day of another load, which waits for the table."""
    warehouse.connect_to(source)
    warehouse.make_schema()
    warehouse.run(
        "INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions, indexes, time_column, storage)"
        " VALUES ('pulses', %s, 'id int, at timestamptz',"
        " 'CREATE UNIQUE INDEX {VIEW_NAME}_id ON {SCHEMA}.{VIEW_NAME} (id)', 'at', 'partition')",
        (QUERY,),
    )
    first: LiteralString = "SELECT _wh.update_mv_by_template('pulses', 'acme', 'acme', '2023-01-04')"
    with ThreadPoolExecutor() as pool, warehouse.connect() as window:
        window.execute("BEGIN")
        window.execute(first)
        late = pool.submit(warehouse.run, ONE_DAY)
        wait_until(lambda: late.done() or warehouse.value(WAITING) > 0)
        assert not late.done(), late.exception()
        window.execute(ONE_DAY)
        window.execute("COMMIT")
        late.result(timeout=120)
    assert warehouse.rows("SELECT row_count FROM _wh.slices ORDER BY slice_date") == [(2,), (2,)]
