"""What several modules share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tenantry.embedded import Server
from tests.contract.years import Years
from tests.support.databases import Maker, Source, Warehouse


@pytest.fixture(scope="session")
def years(server: Server, templates: None) -> Iterator[Years]:
    """Two converted years and how they came about. Tests only read it."""
    maker = Maker(server)
    years = Years(
        Warehouse(server, maker.clone("tests_warehouse", "years"), "whadmin"),
        Source(server, maker.clone("tests_source", "years_source"), "postgres"),
    )
    years.load()
    years.convert()
    yield years
    maker.drop_all()
