"""A warehouse on a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tenantry.core.days import today_utc
from tenantry.embedded import Server
from tests.support.citus.cluster import COORDINATOR, PASSWORDS, real, stand_in
from tests.support.databases import Maker, Source, Warehouse
from tests.support.loading import by_loader
from tests.support.samples.small_template import define, make_ticks

DAYS = 3
NAMES = ("acme", "brook", "clay", "dale")


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


@pytest.fixture
def elsewhere(on_cluster: Warehouse, server: Server, maker: Maker) -> Iterator[Warehouse]:
    """Another empty warehouse on the cluster, or with another stand-in."""
    if COORDINATOR:
        with real() as warehouse:
            yield warehouse
        return
    name = maker.clone("tests_warehouse", "warehouse")
    maker.run("GRANT CREATE ON DATABASE {} TO whadmin", name)
    warehouse = Warehouse(server, name, "whadmin")
    stand_in(warehouse)
    yield warehouse


@pytest.fixture
def spread(on_cluster: Warehouse, source: Source) -> Warehouse:
    """The same with four tenants of a template in distributed storage, whose last three days are loaded, two rows each."""
    first = today_utc() - timedelta(days=DAYS - 1)
    make_ticks(source, first, DAYS)
    define(on_cluster)
    on_cluster.run("UPDATE _wh.mv_templates SET storage = 'distributed' WHERE template_name = 'ticks'")
    for name in NAMES:
        on_cluster.connect_to(source, name)
        on_cluster.run("SELECT _wh_internal.create_tenant_schema(%s)", (name,))
        by_loader(on_cluster, first, today_utc(), template="ticks", name=name)
    return on_cluster
