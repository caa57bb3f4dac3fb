"""A warehouse of two tenants whose actions do not disturb each other, for a whole module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import pytest

from tenantry import Warehouse as Opened
from tenantry.actions import Worker
from tenantry.core.days import today_utc
from tenantry.embedded import Server
from tenantry.flow.action.model import Action
from tests.support.databases import Database, Maker, Source, Warehouse
from tests.support.people import member
from tests.support.samples.small_template import define, make_ticks
from tests.support.waiting import wait_until

FIRST = date(today_utc().year - 1, 1, 1)
DAYS = (FIRST.replace(year=FIRST.year + 1) - FIRST).days
"""The days of which the source has rows, two each: a closed year."""


@dataclass(frozen=True)
class Shop:
    """A warehouse, its source, and its people."""

    warehouse: Warehouse
    source: Source
    operator: Database
    auditor: Database

    def opened(self, database: Database | None = None) -> Opened:
        """The front door, for whadmin or for another login."""
        return Opened((database or self.warehouse).conninfo)

    def work(self, **options: int) -> None:
        """Carry out what waits."""
        worker = Worker(self.opened(), poll=0.05, once=True)
        worker.run()
        assert worker.error is None

    def done(self, kind: str, by: Database | None = None, **arguments: str | int | bool | date) -> Action:
        """An action that was asked for and carried out."""
        asked = self.opened(by).request(kind, **arguments)
        self.work()
        return self.opened().action(asked.id)

    def when(self, action: Action, has: Callable[[Action], bool]) -> Action:
        """The action, as soon as this can be said of it."""
        wait_until(lambda: has(self.opened().action(action.id)))
        return self.opened().action(action.id)


@pytest.fixture(scope="module")
def shop(server: Server, templates: None) -> Iterator[Shop]:
    """The warehouse, with the tenants acme and bolt of one source; nothing is loaded."""
    maker = Maker(server)
    name = maker.clone("tests_warehouse", "warehouse")
    maker.run("GRANT CREATE ON DATABASE {} TO whadmin", name)
    source = Source(server, maker.clone("tests_source", "source"), "postgres")
    made = Warehouse(server, name, "whadmin")
    make_ticks(source, FIRST, DAYS)
    define(made)
    made.run("UPDATE _wh.mv_templates SET storage = 'partition' WHERE template_name = 'ticks'")
    for tenant in ("acme", "bolt"):
        made.connect_to(source, tenant)
        made.make_schema(tenant)
        made.run("SELECT _wh_internal.open_feed('ticks', %s, %s)", (tenant, tenant))
    with member(made, "tenantry_operator") as operator, member(made, "tenantry_auditor") as auditor:
        yield Shop(made, source, operator, auditor)
    maker.drop_all()
