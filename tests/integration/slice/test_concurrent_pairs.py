"""Two sessions at once, in random pairs: no deadlock, no wait without end, no row lost or doubled."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tenantry.embedded import Server
from tests.support.databases import Maker, Source, Warehouse
from tests.support.samples.full_year import ROWS, clone_year, load_year

pytestmark = pytest.mark.any_server

# Each is a list of statements, for a session of its own; {day}, {from} and {to} become days of January.
CHANGE = "UPDATE _wh.mv_templates SET query_template = query_template || ' ' WHERE template_name = 'pulses'"
DAY = "SELECT _wh.update_mv_by_template('pulses', 'acme', 'acme', '{day}')"
DAYS = "SELECT _wh.update_mv_window_by_template('pulses', 'acme', 'acme', '{from}', '{to}')"
REFRESH = "SELECT _wh.refresh_mv('acme', 'pulses_' || replace('{day}', '-', '_'))"
VIEWS = "SELECT _wh.update_tenant_union_view_by_template('pulses', 'acme', 'acme')"
PUBLIC = "SELECT _wh.update_public_view_by_template('pulses')"
FOLD = "SELECT _wh.create_combined_table_from_template_by_year('pulses', 'acme', 2023)"
UNDONE_FOLD = ["BEGIN", FOLD, "ROLLBACK"]
BY_HAND = ["DROP SCHEMA bistro CASCADE", PUBLIC]
BY_FUNCTION = ["SELECT _wh_internal.drop_tenant('bistro')"]
IN_PARTS = [
    "SELECT _wh_internal.drop_tenant_slices('bistro', 2)",
    "SELECT _wh_internal.drop_tenant_slices('bistro', 2)",
    "SELECT _wh_internal.drop_tenant('bistro')",
]


def bistro(*statements: str) -> list[str]:
    return [statement.replace("acme", "bistro") for statement in statements]


PAIRS: dict[str, tuple[list[str], list[str]]] = {
    "slices": ([DAY], [DAY]),
    "windows": ([DAYS], [DAYS]),
    "windows of a changed template": ([CHANGE, DAYS], [DAYS, VIEWS, PUBLIC]),
    "conversions": (UNDONE_FOLD, UNDONE_FOLD),
    "conversion and window": (UNDONE_FOLD, [DAYS]),
    "conversion and window of a changed template": (UNDONE_FOLD, [CHANGE, DAYS]),
    "conversion and refresh by hand": (UNDONE_FOLD, [REFRESH, REFRESH]),
    "drop by hand and window": (BY_HAND, bistro(DAYS)),
    "drop by hand and changed template": (BY_HAND, bistro(CHANGE, DAYS, PUBLIC)),
    "drop by hand and views": (BY_HAND, bistro(PUBLIC, VIEWS)),
    "drop by function and window": (BY_FUNCTION, bistro(DAYS)),
    "drop by function and slice": (BY_FUNCTION, bistro(CHANGE, DAY)),
    "drop in parts and window": (IN_PARTS, bistro(DAYS, PUBLIC)),
    "drop by function and drop by hand": (BY_FUNCTION, BY_HAND),
}
TRIES, CONVERSIONS = 6, 3
"""Of each pair without and with a conversion, which takes longer: a hundred in all."""

REFUSALS = (
    psycopg.errors.InvalidSchemaName,
    psycopg.errors.UndefinedObject,
    psycopg.errors.ObjectNotInPrerequisiteState,
)
"""What a session hears when the other one dropped the tenant before."""


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


def make_bistro(warehouse: Warehouse) -> None:
    """A second tenant with four slices, made by whadmin."""
    warehouse.run("CREATE SCHEMA IF NOT EXISTS bistro")
    warehouse.run("GRANT USAGE ON SCHEMA bistro TO phood_ro")
    warehouse.run(
        "SELECT _wh.update_mv_window_by_template('pulses', 'bistro', 'bistro', '2023-01-01', '2023-01-04')"
    )
    warehouse.run("SELECT _wh.update_public_view_by_template('pulses')")


def run(session: psycopg.Connection, statements: list[str], chance: random.Random) -> None:
    """Run statements after a moment; what was refused because bistro is gone is passed over."""
    time.sleep(chance.choice([0, 0, chance.random() * 0.1]))
    first, last = sorted(chance.sample(range(1, 9), 2))
    day = chance.randint(1, 3)
    for statement in statements:
        for word, number in (("{day}", day), ("{from}", first), ("{to}", last)):
            statement = statement.replace(word, f"2023-01-{number:02}")
        try:
            session.execute(statement.encode())
        except REFUSALS as refusal:
            if "bistro" not in str(refusal):
                raise


@pytest.mark.parametrize("name", PAIRS)
def test_random_pairs_neither_deadlock_nor_spoil_anything(acme: Warehouse, source: Source, name: str) -> None:
    chance = random.Random(name)
    pair = PAIRS[name]
    has_bistro = "bistro" in str(pair)
    acme.connect_to(source, "bistro")
    with acme.connect() as one, acme.connect() as other, ThreadPoolExecutor() as pool:
        for session in (one, other):
            session.execute("SET statement_timeout = '100s'")
        for _ in range(CONVERSIONS if FOLD in pair[0] else TRIES):
            if has_bistro:
                make_bistro(acme)
            seeds = [random.Random(chance.random()) for _ in pair]
            for future in [pool.submit(run, *job) for job in zip((one, other), pair, seeds, strict=True)]:
                future.result(timeout=120)
            assert acme.reader.rows(
                "SELECT count(*), count(DISTINCT id) FROM public.pulses WHERE schema_name = 'acme'"
            ) == [(ROWS, ROWS)]
    assert acme.value("SELECT count(*) FROM pg_class WHERE relname ~ '^tenantry_[^f]'") == 0
    assert acme.value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == 0
