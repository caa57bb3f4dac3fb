"""A warehouse on a cluster."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.citus.cluster import COORDINATOR, PASSWORDS, real, stand_in
from tests.support.databases import Warehouse


@pytest.fixture
def on_cluster(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    """An empty warehouse on the real cluster, or with the stand-in for one."""
    if COORDINATOR:
        # The administrator's commands also work as whadmin.
        monkeypatch.setenv("TENANTRY_WHADMIN_PASSWORD", PASSWORDS["whadmin"])
        with real() as warehouse:
            yield warehouse
        return
    warehouse = request.getfixturevalue("warehouse")
    stand_in(warehouse)
    yield warehouse
