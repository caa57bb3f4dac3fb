"""A warehouse with people and its console, and two tenants of one source with a few days of ticks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

from tenantry import Newcomer
from tenantry import Warehouse as Opened
from tenantry.core.days import today_utc
from tenantry.core.model import Connection
from tenantry.embedded import Server
from tests.support.browser.console import House, housed
from tests.support.databases import Maker, Source
from tests.support.samples.small_template import define, make_ticks

HOSTILE = "<b>acme</b> & <script>co/1"
"""The name of a tenant that is a part of a page to a browser, and two parts of an address."""

DAYS = 12


@dataclass
class Loaded(House):
    """`acme` and HOSTILE have each day from `first` to yesterday, kept as daily views."""

    source: Source
    first: date

    def opened(self) -> Opened:
        """The front door, as whadmin."""
        return Opened(self.warehouse.conninfo)

    def day(self, number: int) -> date:
        """A loaded day, counted from 0."""
        return self.first + timedelta(days=number)


@contextmanager
def loaded_house(server: Server) -> Iterator[Loaded]:
    """The house, until the end of the block."""
    maker = Maker(server)
    try:
        source = Source(server, maker.clone("tests_source", "source"), "postgres")
        first = today_utc() - timedelta(days=DAYS)
        make_ticks(source, first, DAYS)
        with housed(server) as house:
            loaded = Loaded(**vars(house), source=source, first=first)
            define(house.warehouse)
            for name in ("acme", HOSTILE):
                address = Connection(name, "127.0.0.1", server.port or 0, source.name, source.reader, {})
                newcomer = Newcomer(
                    name, address, source.password, ["ticks"], first, last=today_utc() - timedelta(days=1)
                )
                loaded.opened().add_tenant(newcomer, schedule=False)
            yield loaded
    finally:
        maker.drop_all()
