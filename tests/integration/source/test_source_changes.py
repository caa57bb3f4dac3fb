"""What changes at the source: both storages, and both ways into them, end with the source's rows and no others."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import permutations

import pytest

from tests.support.databases import Source, Warehouse, days
from tests.support.loading import Pull, by_loader, by_sql

pytestmark = pytest.mark.any_server

DAY = date(2024, 3, 10)
NEXT = DAY + timedelta(days=1)


@pytest.fixture(params=["matview", "partition"])
def acme(acme: Warehouse, request: pytest.FixtureRequest) -> Warehouse:
    """The warehouse of the same name, whose template keeps new feeds in one storage or the other."""
    acme.run("UPDATE _wh.mv_templates SET storage = %s", (request.param,))
    return acme


@pytest.fixture(params=[by_loader, by_sql])
def pull(request: pytest.FixtureRequest) -> Pull:
    way: Pull = request.param
    return way


def ids(warehouse: Warehouse) -> list[int]:
    """As a report sees them: the tenant's relation and that of all tenants say the same."""
    own = warehouse.reader.rows("SELECT id FROM acme.foodlogstats ORDER BY id")
    assert warehouse.reader.rows("SELECT id FROM public.foodlogstats ORDER BY id") == own
    return [row[0] for row in own]


def test_a_row_deleted_at_the_source_goes(acme: Warehouse, source: Source, pull: Pull) -> None:
    source.log([(n, f"2024-03-10 {n:02}:00:00+00") for n in range(10)])
    pull(acme, DAY, DAY)
    source.run("DELETE FROM phood_foodlogsum WHERE id IN (0, 4, 9)")
    pull(acme, DAY, DAY)
    assert ids(acme) == [1, 2, 3, 5, 6, 7, 8]
    assert acme.rows("SELECT slice_date, status, row_count FROM _wh.slices") == [(DAY, "loaded", 7)]


def test_a_day_emptied_at_the_source_becomes_an_empty_slice(
    acme: Warehouse, source: Source, pull: Pull
) -> None:
    source.fill(DAY, 2)
    pull(acme, DAY, NEXT)
    source.run("DELETE FROM phood_foodlogsum WHERE logged_time < '2024-03-11 00:00:00+00'")
    pull(acme, DAY, DAY)
    assert acme.rows("SELECT slice_date, status, row_count FROM _wh.slices ORDER BY 1") == [
        (DAY, "loaded", 0),
        (NEXT, "loaded", 3),
    ]
    assert acme.reader.rows("SELECT DISTINCT logged_time::date FROM acme.foodlogstats") == [(NEXT,)]


def test_rows_at_the_ends_of_a_day_stay_when_its_neighbours_are_pulled_again(
    acme: Warehouse, source: Source, pull: Pull
) -> None:
    source.log([(1, "2024-03-10 00:00:00.000000+00"), (2, "2024-03-10 23:59:59.999999+00")])
    pull(acme, DAY - timedelta(days=1), NEXT)
    for neighbour in (DAY - timedelta(days=1), NEXT):
        pull(acme, neighbour, neighbour)
        assert ids(acme) == [1, 2]
    assert acme.rows("SELECT row_count FROM _wh.slices ORDER BY slice_date") == [(0,), (2,), (0,)]


def test_numerics_of_38_digits_stay_exact(acme: Warehouse, source: Source, pull: Pull) -> None:
    numbers = [
        "99999999999999999999999999999999999999",
        "-99999999999999999999999999999999999999",
        "123456789012345678.12345678901234567890",
        "0.00000000000000000001",
        "-999999999999999999.99999999999999999999",
        "1.50000000000000000000",
    ]
    source.log([(n, "2024-03-10 12:00:00+00") for n in range(len(numbers))])
    for n, number in enumerate(numbers):
        source.run("UPDATE phood_foodlogsum SET quantity = %s::numeric WHERE id = %s", (number, n))
    source.run("UPDATE phood_pan SET average_weight = 0")
    for _ in range(2):
        pull(acme, DAY, DAY)
        assert acme.reader.rows("SELECT quantity::text FROM acme.foodlogstats ORDER BY id") == [
            (number,) for number in numbers
        ]
        assert acme.reader.value("SELECT sum(quantity) FROM public.foodlogstats") == source.value(
            "SELECT sum(quantity) FROM phood_foodlogsum"
        )


MOVES = {
    "to the next day": (date(2020, 3, 10), date(2020, 3, 11)),
    "to the day before": (date(2020, 6, 11), date(2020, 6, 10)),
    "to the next year": (date(2020, 12, 31), date(2021, 1, 1)),
    "to the year before": (date(2020, 1, 1), date(2019, 12, 31)),
}
ORDERS = (*permutations((0, 1)), None)
"""Old day first, new day first, both at once."""


def test_a_row_that_moves_to_another_day_is_there_once_when_both_were_pulled(
    acme: Warehouse, source: Source, pull: Pull
) -> None:
    """Each move in each order, on days of its own."""
    numbers = itertools.count(0, 10)
    for (move, days_of_it), (years, order) in itertools.product(MOVES.items(), enumerate(ORDERS)):
        old, new = (day.replace(year=day.year - 3 * years) for day in days_of_it)
        n = next(numbers)
        source.log([(n, f"{old} 12:00+00"), (n + 1, f"{old} 13:00+00"), (n + 2, f"{new} 12:00+00")])
        before = ids(acme) if n else []
        first, last = sorted((old, new))
        pull(acme, first, last)
        source.run("UPDATE phood_foodlogsum SET logged_time = %s WHERE id = %s", (f"{new} 00:00:00+00", n))
        if order is None:
            pull(acme, first, last)
        else:
            for one in order:
                pull(acme, (old, new)[one], (old, new)[one])
        assert ids(acme) == [*before, n, n + 1, n + 2], (move, order)
        span = (first, last)
        assert dict(
            acme.rows("SELECT slice_date, row_count FROM _wh.slices WHERE slice_date BETWEEN %s AND %s", span)
        ) == {old: 1, new: 2}, (move, order)
        assert dict(
            acme.reader.rows(
                "SELECT logged_time::date, count(*) FROM acme.foodlogstats WHERE logged_time::date BETWEEN %s AND %s"
                " GROUP BY 1",
                span,
            )
        ) == {old: 1, new: 2}, (move, order)


def test_a_refresh_of_unchanged_days_writes_no_row(acme: Warehouse, source: Source, pull: Pull) -> None:
    source.fill(DAY, 2, per_day=50)
    pull(acme, DAY, NEXT)
    before = written(acme)
    pull(acme, DAY, NEXT)
    assert written(acme) == before
    source.run("UPDATE phood_foodlogsum SET flags = 'new' WHERE id = (SELECT min(id) FROM phood_foodlogsum)")
    pull(acme, DAY, NEXT)
    assert 0 < written(acme)[0] - before[0] <= 2


def written(warehouse: Warehouse) -> tuple[int, list[int]]:
    """The rows of acme that were inserted, updated or deleted since its beginning, and the files that hold them."""
    warehouse.settle()
    rows: int = warehouse.value(
        "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::int FROM pg_stat_user_tables WHERE schemaname IN ('acme', '_wh_data')"
    )
    files = warehouse.rows(
        "SELECT relfilenode::bigint FROM pg_class WHERE relnamespace IN ('acme'::regnamespace, '_wh_data'::regnamespace) AND relkind IN ('r', 'm')"
    )
    return rows, sorted(row[0] for row in files)


def at_once(*jobs: Callable[[], object]) -> None:
    """Run the jobs in threads that begin at the same moment; raise what one of them raises."""
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[], object]) -> None:
        start.wait(timeout=120)
        job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        for done in [pool.submit(run, job) for job in jobs]:
            done.result(timeout=120)


def test_two_days_of_one_tenant_are_loaded_at_the_same_moment(
    acme: Warehouse, source: Source, pull: Pull
) -> None:
    source.fill(DAY, 2, per_day=40)
    for _ in range(2):
        at_once(lambda: pull(acme, DAY, DAY), lambda: pull(acme, NEXT, NEXT))
        assert len(ids(acme)) == 80


def test_overlapping_windows_of_a_new_tenant_are_loaded_at_the_same_moment(
    acme: Warehouse, source: Source, pull: Pull
) -> None:
    first = date(2023, 12, 28)
    source.fill(first, 8)
    spans = [(0, 7), (2, 5), (3, 7), (4, 4), (6, 7)]
    at_once(*(lambda a=a, b=b: pull(acme, days(first, 8)[a], days(first, 8)[b]) for a, b in spans))
    assert len(ids(acme)) == 24
    assert acme.rows("SELECT status, row_count, count(*) FROM _wh.slices GROUP BY 1, 2") == [("loaded", 3, 8)]


def test_one_day_of_many_tenants_is_loaded_at_the_same_moment(
    acme: Warehouse, source: Source, make_source: Callable[[], Source], pull: Pull
) -> None:
    names = ["acme", *(f"tenant_{n}" for n in range(5))]
    for n, name in enumerate(names):
        one = make_source() if name != "acme" else source
        one.fill(DAY, 1, per_day=10 + n)
        if name != "acme":
            acme.connect_to(one, name)
            acme.make_schema(name)
    for _ in range(2):
        at_once(*(lambda name=name: pull(acme, DAY, DAY, name=name) for name in names))
        acme.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
        counts = dict(acme.reader.rows("SELECT schema_name, count(*) FROM public.foodlogstats GROUP BY 1"))
        assert counts == {name: 10 + n for n, name in enumerate(names)}
