"""A closed year of daily materialized views, loaded once for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tenantry.embedded import Server
from tests.integration.storage.year.small_year import SmallYear, make_small_year
from tests.support.databases import Maker, Source, Warehouse


@pytest.fixture(scope="package")
def small_year(server: Server, templates: None) -> Iterator[SmallYear]:
    """The databases to clone."""
    maker = Maker(server)
    yield make_small_year(server, maker)
    maker.drop_all()


@pytest.fixture
def source(server: Server, maker: Maker, small_year: SmallYear) -> Source:
    """A source with `ticks` of 2023."""
    return Source(server, maker.clone(small_year.source, "source"), "postgres")


@pytest.fixture
def loaded(server: Server, maker: Maker, small_year: SmallYear, source: Source) -> Warehouse:
    """A warehouse with the 365 slices, the template `ticks` and the public view."""
    warehouse = Warehouse(server, maker.clone(small_year.warehouse, "warehouse"), "whadmin")
    warehouse.run("UPDATE _wh.tenant_connections SET dbname = %s", (source.name,))
    return warehouse
