"""Names that are hard to quote, long or alike: their tenants share a table, load at once, move, and go."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from psycopg import sql

from tenantry.core.days import today_utc
from tests.support.databases import Source, Warehouse
from tests.support.loading import by_loader, by_sql
from tests.support.program import succeed
from tests.support.samples.small_template import define, make_ticks

pytestmark = pytest.mark.any_server

DAYS = 2
TENANTS = (
    'double"quote',
    "quote'in'it",
    "ü" * 31,
    "x" * 63,
    "x" * 62 + "y",
    "tenantry_shared_ticks",
    "public.ticks",
    "{SCHEMA}",
)
TEMPLATES = ("t" * 60 + "a", "t" * 60 + "b")
"""Names of which PostgreSQL would make the same one, with what is put before them."""


def shown(warehouse: Warehouse, template: str) -> dict[str, int]:
    """How many rows the public view has of each tenant, and whether the tenants' own views have as many."""
    with warehouse.connect() as session:
        counts = sql.SQL("SELECT schema_name, count(*) FROM public.{} GROUP BY 1")
        found: dict[str, int] = dict(session.execute(counts.format(sql.Identifier(template))).fetchall())
        for tenant, count in found.items():
            own = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(tenant, template))
            assert session.execute(own).fetchone() == (count,)
    return found


def test_tenants_and_templates_with_hostile_names_share_tables(warehouse: Warehouse, source: Source) -> None:
    first, last = today_utc() - timedelta(days=DAYS - 1), today_utc()
    make_ticks(source, first, DAYS)
    for template in TEMPLATES:
        define(warehouse, template)
    warehouse.run("UPDATE _wh.mv_templates SET storage = 'shared' WHERE template_name <> 'foodlogstats'")
    for tenant in TENANTS:
        warehouse.connect_to(source, tenant)
        warehouse.run("SELECT _wh_internal.create_tenant_schema(%s)", (tenant,))

    def load(number: int) -> None:
        pull = by_loader if number % 2 else by_sql
        pull(warehouse, first, last, template=TEMPLATES[0], name=TENANTS[number])

    with ThreadPoolExecutor() as pool:
        list(pool.map(load, range(len(TENANTS))))
    by_sql(warehouse, first, last, template=TEMPLATES[1], name=TENANTS[0])
    assert shown(warehouse, TEMPLATES[0]) == dict.fromkeys(TENANTS, 2 * DAYS)
    assert shown(warehouse, TEMPLATES[1]) == {TENANTS[0]: 2 * DAYS}
    succeed(warehouse, "verify", TEMPLATES[0], "--all")
    for storage in ("partition", "shared"):
        succeed(warehouse, "template", "set-storage", TEMPLATES[0], storage, "--tenant", TENANTS[0])
    for tenant in TENANTS[:4]:
        succeed(warehouse, "tenant", "drop", tenant, "--yes")
    assert shown(warehouse, TEMPLATES[0]) == dict.fromkeys(TENANTS[4:], 2 * DAYS)
