"""A warehouse with which all is well: three feeds of two tenants, their jobs, and a scheduler; to clone and to spoil."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

from psycopg import sql

from tenantry.db.connect import session
from tenantry.embedded import Server
from tenantry.observe import health
from tenantry.observe.checks.finding import Examined, Finding, Severity
from tests.support.databases import Maker, Source, Warehouse
from tests.support.loading import by_loader
from tests.support.program import run
from tests.support.samples.small_template import QUERY, define, make_ticks

DAYS = 10
"""Days of each feed, up to today."""

FEEDS = (("acme", "ticks"), ("brook", "ticks"), ("acme", "marks"))
"""Tenant and template; `ticks` is kept in materialized views, `marks` in partitions."""


@dataclass(frozen=True)
class Healthy:
    """Databases to clone."""

    warehouse: str
    source: Source
    today: date

    @property
    def first(self) -> date:
        """The first of the days that are loaded."""
        return self.today - timedelta(days=DAYS - 1)

    def clone(self, server: Server, maker: Maker) -> Warehouse:
        """A warehouse of a test's own, over the common source."""
        warehouse = _clone(server, maker, self.warehouse)
        warehouse.run("UPDATE cron.job SET database = current_database()")
        return warehouse


def _clone(server: Server, maker: Maker, template: str) -> Warehouse:
    warehouse = Warehouse(server, maker.clone(template, "warehouse"), "whadmin")
    with warehouse.admin.connect() as opened:
        name = sql.Identifier(warehouse.name)
        opened.execute(sql.SQL("GRANT CREATE, TEMPORARY ON DATABASE {} TO whadmin").format(name))
    return warehouse


def make_healthy(server: Server, maker: Maker, today: date) -> Healthy:
    """Load the feeds, publish them, and schedule their jobs."""
    source = Source(server, maker.clone("tests_source", "source"), "postgres")
    warehouse = _clone(server, maker, "tests_warehouse")
    healthy = Healthy(warehouse.name, source, today)
    make_ticks(source, healthy.first, DAYS)
    define(warehouse)
    define(warehouse, "marks", query=QUERY)
    warehouse.run("UPDATE _wh.mv_templates SET storage = 'partition' WHERE template_name = 'marks'")
    for tenant in ("acme", "brook"):
        warehouse.connect_to(source, tenant)
        warehouse.value("SELECT _wh_internal.create_tenant_schema(%s)", (tenant,))
    for tenant, template in FEEDS:
        by_loader(warehouse, healthy.first, today, template=template, name=tenant)
        warehouse.run(
            "SELECT cron.schedule(%s, '12 * * * *', format('SELECT _wh.update_mv_by_template(%%L, %%L, %%L)', %s::text, %s::text, %s::text))",
            (f"{template}_update_{tenant}", template, tenant, tenant),
        )
        warehouse.run(
            "SELECT cron.schedule(%s, '30 8 * * *', format('CALL _wh.refresh_window(%%L, %%L, %%L, 14)', %s::text, %s::text, %s::text))",
            (f"{tenant}_{template}_2week_refresh", template, tenant, tenant),
        )
    return healthy


@contextmanager
def scheduler(warehouse: Warehouse) -> Iterator[None]:
    """A session that holds what the scheduler that leads holds."""
    with warehouse.connect() as leader:
        leader.execute("SELECT pg_advisory_lock(8321567, 0)")
        leader.execute(
            "INSERT INTO cron.scheduler (host, pid, elected_at, alive_at, last_tick)"
            " VALUES ('here', 1, now(), now(), now()) ON CONFLICT DO NOTHING"
        )
        yield


def findings(
    warehouse: Warehouse,
    *names: str,
    tenant: str | None = None,
    patience: timedelta = timedelta(hours=1),
    source_limit: float = 5,
) -> list[Finding]:
    """What the checks of these names (or all) say to an administrator."""
    with (
        session(warehouse.admin.conninfo) as opened,
        session(warehouse.admin.conninfo, role=None) as login,
    ):
        examined = Examined(warehouse.admin.conninfo, opened, login, tenant, source_limit, patience)
        return [
            finding
            for outcome in health.examine(examined, health.chosen(names))
            for finding in outcome.findings
        ]


def troubles(found: Collection[Finding]) -> list[Finding]:
    """Those that are more than notes."""
    return [finding for finding in found if finding.severity is not Severity.NOTE]


def mend(warehouse: Warehouse, finding: Finding) -> None:
    """Do what a finding says; the exit code of the program is its own affair."""
    assert finding.command is not None
    if finding.command.startswith("tenantry "):
        as_whom = warehouse.admin if finding.command == "tenantry init" else warehouse
        outcome = run(as_whom, *shlex.split(finding.command)[1:])
        assert outcome.code == 0, outcome.err
        return
    with (warehouse.admin if "as the administrator" in finding.command else warehouse).connect() as opened:
        opened.execute(finding.command.encode())
