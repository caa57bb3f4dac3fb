"""Only make test-bi has what these tests need: it names the environment of the clients in TENANTRY_TEST_BI."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator

import pytest

from tenantry.db.connect import session
from tenantry.flow.tenant import reader as readers
from tests.bi import data
from tests.bi.asking import PASSWORD
from tests.support.databases import Database, Source, Warehouse

collect_ignore_glob = [] if os.environ.get("TENANTRY_TEST_BI") else ["test_*.py"]


@pytest.fixture(params=["matview", "partition"])
def storage(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def filled(warehouse: Warehouse, source: Source, storage: str) -> Warehouse:
    data.load(warehouse, source, storage)
    # The JDBC driver refuses the tests' quick secrets; the server makes usual ones.
    with warehouse.admin.connect() as administrator:
        administrator.execute("ALTER ROLE phood_ro PASSWORD 'reader-password'")
    return warehouse


@pytest.fixture
def login(filled: Warehouse) -> Iterator[Callable[..., Database]]:
    """Makes readers of some tenants, or of all, with a workspace if one is named."""
    made = []

    def make(tenants: list[str] | None, workspace: str | None = None) -> Database:
        name = f"reader {secrets.token_hex(4)}" if workspace is None else f"model_{secrets.token_hex(4)}"
        with session(filled.admin.conninfo, role=None) as opened:
            readers.put(opened, name, tenants, PASSWORD, workspace=workspace)
        made.append(name)
        return Database(filled.server, filled.name, name)

    yield make
    with session(filled.admin.conninfo, role=None) as opened:
        for name in made:
            readers.drop(opened, name, drop_workspace=True)
