"""Reports on partition storage while it is loaded, refreshed and folded: no error, no wait for a lock, no wrong count."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from typing import LiteralString

import pytest

from tests.support.databases import Source, Warehouse
from tests.support.loading import by_loader, by_sql
from tests.support.samples.small_template import COLUMNS, define
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

FIRST, LAST = date(2023, 1, 1), date(2023, 12, 31)
PER_DAY = 20
ROWS = 365 * PER_DAY
SUM = sum(range(ROWS))

QUERY: LiteralString = "SELECT id, at, value FROM ticks WHERE at >= '{START_TIME}' AND at < '{END_TIME}'"
FOLD: LiteralString = "SELECT _wh.create_combined_table_from_template_by_year('ticks', 'acme', 2023)"

PUBLIC: LiteralString = "SELECT count(*), count(DISTINCT id), sum(id)::bigint FROM public.ticks"
OWN: LiteralString = "SELECT count(*), count(DISTINCT id), sum(id)::bigint FROM acme.ticks"
ONE_DAY: LiteralString = (
    "SELECT count(*), count(DISTINCT id), 0 FROM public.ticks WHERE schema_name = 'acme'"
    " AND at >= '2023-05-05 00:00+00' AND at < '2023-05-06 00:00+00'"
)
STATEMENTS = (PUBLIC, OWN, ONE_DAY)

Seen = dict[LiteralString, list[tuple[int, int, int]]]


@pytest.fixture
def ticking(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse with the template `ticks` kept by month, whose source has twenty rows on each day of 2023."""
    source.run(
        "CREATE TABLE ticks (id int, at timestamptz, value int); GRANT SELECT ON ticks TO source_reader"
    )
    source.run(
        "INSERT INTO ticks SELECT n, timestamptz '2023-01-01 00:00Z' + n * interval '72 minutes', n"
        " FROM generate_series(0, 365 * 20 - 1) n"
    )
    define(acme, query=QUERY)
    acme.run("UPDATE _wh.mv_templates SET storage = 'partition', partition_by = 'month'")
    return acme


@pytest.fixture
def loaded(ticking: Warehouse) -> Warehouse:
    """The same, with all of 2023 loaded."""
    by_loader(ticking, FIRST, LAST, template="ticks")
    return ticking


@contextmanager
def reports(warehouse: Warehouse, *, in_transactions: bool = False) -> Iterator[Seen]:
    """Two readers who ask without a pause and wait for no lock longer than two seconds: what holds one for a moment does so for longer on a busy machine; what each statement saw."""
    seen: Seen = {statement: [] for statement in STATEMENTS}
    stop = threading.Event()

    def report() -> None:
        with warehouse.reader.connect() as opened:
            opened.execute("SET lock_timeout = '2s'")
            while not stop.is_set():
                if in_transactions:
                    opened.execute("BEGIN")
                for statement in STATEMENTS:
                    seen[statement] += opened.execute(statement).fetchall()
                if in_transactions:
                    opened.execute("COMMIT")

    def busy(rounds: int) -> None:
        before = len(seen[ONE_DAY])
        wait_until(lambda: len(seen[ONE_DAY]) >= before + rounds or any(reader.done() for reader in readers))

    with ThreadPoolExecutor() as pool:
        readers: list[Future[None]] = [pool.submit(report) for _ in range(2)]
        try:
            busy(4)
            yield seen
            busy(4)
        finally:
            stop.set()
        for reader in readers:
            reader.result(timeout=120)


def test_a_streaming_backfill_shows_whole_days_and_more_and_more_of_them(ticking: Warehouse) -> None:
    by_sql(ticking, FIRST, FIRST, template="ticks")
    with reports(ticking) as seen:
        by_loader(ticking, FIRST, LAST, template="ticks")
    for statement in (PUBLIC, OWN):
        counts = [count for count, _, _ in seen[statement]]
        assert all(count % PER_DAY == 0 for count in counts), counts
        assert all(count == distinct for count, distinct, _ in seen[statement])
        assert max(counts) == ROWS
    assert set(seen[ONE_DAY]) <= {(0, 0, 0), (PER_DAY, PER_DAY, 0)}


def test_counts_never_go_back_during_a_backfill(ticking: Warehouse) -> None:
    by_sql(ticking, FIRST, FIRST, template="ticks")
    counts: list[int] = []
    stop = threading.Event()

    def watch() -> None:
        with ticking.reader.connect() as opened:
            while not stop.is_set():
                counts.extend(row[0] for row in opened.execute(PUBLIC).fetchall())

    with ThreadPoolExecutor() as pool:
        watcher = pool.submit(watch)
        try:
            by_loader(ticking, FIRST, LAST, template="ticks")
        finally:
            stop.set()
        watcher.result(timeout=120)
    assert counts == sorted(counts)


def refresh(warehouse: Warehouse) -> None:
    """Pull months that are there, unchanged, in both ways."""
    by_loader(warehouse, FIRST, date(2023, 6, 30), template="ticks")
    by_sql(warehouse, date(2023, 5, 1), date(2023, 5, 10), template="ticks")


def refresh_without_unique_index(warehouse: Warehouse) -> None:
    """Days are replaced then."""
    warehouse.run('DROP INDEX _wh_data."acme.ticks_2023_05_id"')
    refresh(warehouse)


def fold(warehouse: Warehouse) -> None:
    warehouse.run(FOLD)
    by_sql(warehouse, date(2023, 5, 1), date(2023, 5, 10), template="ticks")


def get_a_column(warehouse: Warehouse) -> None:
    define(warehouse, query=QUERY.replace("value", "value, 7"), columns=COLUMNS + ", more int")
    by_loader(warehouse, date(2023, 5, 1), date(2023, 5, 31), template="ticks")


def a_tenant_comes_and_goes(warehouse: Warehouse) -> None:
    warehouse.run(
        "INSERT INTO _wh.tenant_connections SELECT 'globex', host, port, dbname, username FROM _wh.tenant_connections"
    )
    warehouse.run(
        "UPDATE _wh.tenant_connections SET password = %s WHERE tenant_name = 'globex'",
        ("s3cret-of-the-source'\\ ",),
    )
    warehouse.run("UPDATE _wh.mv_templates SET query_template = query_template || ' AND id < 0'")
    for _ in range(3):
        warehouse.run("CREATE SCHEMA globex; GRANT USAGE ON SCHEMA globex TO phood_ro")
        by_loader(warehouse, date(2023, 1, 1), date(2023, 3, 31), template="ticks", name="globex")
        warehouse.run("SELECT _wh_internal.drop_tenant('globex')")


@pytest.mark.parametrize(
    "work", [refresh, refresh_without_unique_index, fold, get_a_column, a_tenant_comes_and_goes]
)
@pytest.mark.parametrize("in_transactions", [False, True], ids=["autocommit", "transactions"])
def test_reports_see_every_row_once_and_wait_for_nobody(
    loaded: Warehouse, work: Callable[[Warehouse], None], in_transactions: bool
) -> None:
    with reports(loaded, in_transactions=in_transactions) as seen:
        work(loaded)
    assert set(seen[PUBLIC]) == {(ROWS, ROWS, SUM)}
    assert set(seen[OWN]) == {(ROWS, ROWS, SUM)}
    assert set(seen[ONE_DAY]) == {(PER_DAY, PER_DAY, 0)}


@pytest.mark.parametrize("pull", [by_loader, by_sql])
def test_a_changed_day_changes_in_one_step(
    loaded: Warehouse, source: Source, pull: Callable[..., None]
) -> None:
    source.run("UPDATE ticks SET id = -id WHERE at >= '2023-05-05 00:00Z' AND at < '2023-05-06 00:00Z'")
    changed = int(source.value("SELECT sum(id) FROM ticks"))
    with reports(loaded) as seen:
        pull(loaded, date(2023, 5, 5), date(2023, 5, 5), template="ticks")
    assert set(seen[PUBLIC]) == {(ROWS, ROWS, SUM), (ROWS, ROWS, changed)}
    assert set(seen[ONE_DAY]) == {(PER_DAY, PER_DAY, 0)}


def test_a_long_report_keeps_a_fold_waiting_and_no_other_report(loaded: Warehouse) -> None:
    tries: set[str] = set()

    def count_tries() -> int:
        tries.update(
            row[0]
            for row in loaded.rows(
                "SELECT waitstart::text FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"
            )
        )
        return len(tries)

    with ThreadPoolExecutor() as pool, loaded.reader.connect() as long:
        long.execute("BEGIN")
        long.execute(PUBLIC)
        fold = pool.submit(loaded.run, FOLD)
        with reports(loaded) as seen:
            wait_until(lambda: fold.done() or count_tries() > 6)
        assert not fold.done()
        long.execute("COMMIT")
        fold.result(timeout=120)
    assert set(seen[PUBLIC]) == {(ROWS, ROWS, SUM)}
