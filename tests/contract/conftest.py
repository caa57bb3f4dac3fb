"""What several modules share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import pytest

from tenantry.embedded import Server
from tests.contract.years import Years
from tests.support.citus.cluster import stand_in
from tests.support.databases import Maker, Source, Warehouse


@pytest.fixture
def storage() -> str:
    """How foodlogstats is kept, unless a test says otherwise (EACH_STORAGE)."""
    return "matview"


@pytest.fixture
def warehouse(warehouse: Warehouse, storage: str) -> Warehouse:
    """An installed, empty warehouse whose template has this storage; the stand-in for a cluster, where it needs one."""
    keep(warehouse, storage)
    return warehouse


@pytest.fixture(scope="session")
def made_years(server: Server, templates: None) -> Iterator[Callable[[str], Years]]:
    """Makes the two converted years of a storage once."""
    maker = Maker(server)

    @cache
    def make(storage: str) -> Years:
        warehouse = Warehouse(server, maker.clone("tests_warehouse", "years"), "whadmin")
        keep(warehouse, storage)
        years = Years(warehouse, Source(server, maker.clone("tests_source", "years_source"), "postgres"))
        years.load()
        years.convert(fails=storage == "matview")
        return years

    yield make
    maker.drop_all()


@pytest.fixture
def years(made_years: Callable[[str], Years], storage: str) -> Years:
    """Two converted years and how they came about. Tests only read it."""
    return made_years(storage)


def keep(warehouse: Warehouse, storage: str) -> None:
    """Keep foodlogstats in this storage."""
    if storage == "distributed":
        stand_in(warehouse)
    if storage != "matview":
        warehouse.run("UPDATE _wh.mv_templates SET storage = %s, storage_chosen = true", (storage,))
