"""The roles that the manual names: it says now 'as postgres', now 'as whadmin', and either must do."""

from __future__ import annotations

import pytest

from tests.support.databases import Database, Warehouse

AS_EITHER = pytest.mark.parametrize(
    "role", ["whadmin", pytest.param("postgres", marks=pytest.mark.any_server)]
)
"""Once as the warehouse's own role, once as the administrator: for statements that change something.

What a superuser may do is the same on every version.
"""

_elsewhere = pytest.mark.any_server
EACH_STORAGE = pytest.mark.parametrize(
    "storage",
    ["matview", pytest.param("shared", marks=_elsewhere), pytest.param("distributed", marks=_elsewhere)],
)
"""With a template in each storage: for statements that name no daily view. Partitions have the tests of tests/integration."""

EACH_STORAGE_OF_YEARS = pytest.mark.parametrize(
    "storage", ["matview", pytest.param("shared", marks=_elsewhere)]
)
"""The same for the two years, which take long to load; on a cluster, tests/integration/cluster folds one."""

AS_EITHER_ON_EACH_STORAGE = pytest.mark.parametrize(
    "role, storage",
    [
        ("whadmin", "matview"),
        pytest.param("postgres", "matview", marks=_elsewhere),
        pytest.param("whadmin", "shared", marks=_elsewhere),
        pytest.param("whadmin", "distributed", marks=_elsewhere),
    ],
)
"""The same as either role."""

AS_EITHER_BY_CRON = pytest.mark.parametrize("role", ["whadmin", "postgres"])
"""The same for jobs: pg_cron, which only the system's server has, looks at the role."""


def acting(warehouse: Warehouse, role: str) -> Database:
    """The warehouse as this role sees it."""
    return Database(warehouse.server, warehouse.name, role)


def either(warehouse: Warehouse) -> tuple[Database, Database]:
    """The warehouse as either role sees it: for statements that only look."""
    return warehouse, warehouse.admin
