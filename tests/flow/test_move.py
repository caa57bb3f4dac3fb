"""Moving a template between storages: every row, both ways, without the source, while reports read and loads go on."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tenantry.embedded import Server
from tests.databases import Maker, Source, Warehouse
from tests.program import run, succeed
from tests.two_years import DIGEST, TwoYears, leftovers, make_two_years, recent


@pytest.fixture(scope="module")
def two_years(server: Server, templates: None) -> Iterator[TwoYears]:
    """Loaded once for all tests of this module."""
    maker = Maker(server)
    yield make_two_years(server, maker)
    maker.drop_all()


@pytest.fixture
def loaded(server: Server, maker: Maker, two_years: TwoYears) -> tuple[Warehouse, Source]:
    """Two years of acme in materialized views."""
    return two_years.clone(server, maker)


def test_try(loaded: tuple[Warehouse, Source], two_years: TwoYears) -> None:
    warehouse, source = loaded
    t = time.monotonic()
    out = run(warehouse, "template", "set-storage", "ticks", "partition", "--json")
    print(out, time.monotonic() - t)
    assert warehouse.rows(DIGEST) == two_years.digest
    assert leftovers(warehouse) == []
    print(len(leftovers(warehouse, "tenantry_old_")))
    print(warehouse.reader.rows("SELECT schema_name, count(*) from public.ticks group by 1"))
    for r in warehouse.rows("SELECT created_at::text, function_name, message, context FROM _wh.function_logs ORDER BY id DESC LIMIT 5"):
        print(r)
    print(run(warehouse, "status"))
    out = run(warehouse, "template", "drop-old", "ticks", "--json")
    print(out)
    out = run(warehouse, "template", "set-storage", "ticks", "matview", "--json")
    print(out, time.monotonic() - t)
    assert warehouse.rows(DIGEST) == two_years.digest
    print(run(warehouse, "status"))
    for y in (2023,2024,2026):
        print(run(warehouse, "year", "check", "ticks", y, "--all"))
    assert 0
