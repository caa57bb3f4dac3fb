"""One Chromium, and one warehouse with its console, for each file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from playwright.sync_api import Browser

from tenantry.core.days import today_utc
from tenantry.embedded import Server
from tests.support.browser.chromium import chromium
from tests.support.browser.console import House, housed
from tests.support.browser.pages import ask_for
from tests.support.databases import Maker, Source
from tests.support.program import run, succeed
from tests.support.samples.small_template import define, make_ticks, spoil

DAYS = 6
EARLIER = 300
"""Days before them that the source has, and nobody has loaded."""


@dataclass
class Shop(House):
    """A warehouse that has something to show: tenants acme, globex and initech, a template in each storage, and a day that failed."""

    source: Source
    first: date


# Not for the whole session: while Playwright's synchronous interface is open, an event loop runs in this thread, and no other
# test of the process could run one of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def shop(server: Server, templates: None) -> Iterator[Shop]:
    """The warehouse and its console."""
    maker = Maker(server)
    with housed(server) as house:
        try:
            source = Source(server, maker.clone("tests_source", "source"), "postgres")
            first = today_utc() - timedelta(days=DAYS)
            source.fill(first, DAYS)
            make_ticks(source, first - timedelta(days=EARLIER), EARLIER + DAYS)
            warehouse = house.warehouse
            warehouse.index_less()
            define(warehouse)
            for tenant in ("acme", "globex", "initech"):
                warehouse.connect_to(source, tenant)
                warehouse.make_schema(tenant)
            for template, tenant in (("foodlogstats", "acme"), ("foodlogstats", "globex"), ("ticks", "acme")):
                warehouse.run("SELECT _wh_internal.open_feed(%s, %s, %s)", (template, tenant, tenant))
            last = today_utc() - timedelta(days=3)
            succeed(warehouse, "backfill", "foodlogstats", "acme", "globex", "--from", first, "--to", last)
            spoil(source, first + timedelta(days=1))
            run(warehouse, "backfill", "ticks", "acme", "--from", first)
            succeed(warehouse, "tenant", "disable", "globex", "--reason", "closed for the season")
            ask_for(warehouse, "verify", tenant="acme", template="foodlogstats")
            warehouse.run("ANALYZE")
            yield Shop(**vars(house), source=source, first=first)
        finally:
            maker.drop_all()
