"""What several modules share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tenantry.embedded import Server
from tests.contract.years import Years
from tests.databases import Maker, Source, Warehouse
from tests.jobs import either_cron, pg_cron


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


@pytest.fixture(scope="module")
def served(request: pytest.FixtureRequest) -> Iterator[Warehouse]:
    """The database that pg_cron serves."""
    yield from pg_cron(request)


@pytest.fixture(params=["own", pytest.param("pg_cron", marks=pytest.mark.system)])
def cron(request: pytest.FixtureRequest) -> Iterator[Warehouse]:
    """A warehouse without jobs, with either schema cron."""
    yield from either_cron(request)
