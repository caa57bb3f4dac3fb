"""A warehouse and a source, asked side by side for the digests of the same days."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from typing import Self

import psycopg

from tenantry.core.days import Span
from tenantry.core.model import Feed
from tenantry.db.connect import session
from tenantry.flow.slice import compare
from tenantry.flow.slice import slice as slices
from tenantry.flow.source.session import SourceSession, open_source, source_conninfo

NAME = "tenantry verify"
"""The application_name of the sessions on the warehouse."""


class Sides:
    """The sessions of one comparison after the other: two on the warehouse and one on the source, opened once for a feed.

    As a context manager, closes them at the end. One thread at a time may use it.
    """

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._feed: Feed | None = None
        self._stored = ExitStack()
        self._asked = ExitStack()
        self._warehouse: psycopg.Connection | None = None
        self._asking: psycopg.Connection | None = None
        self._source: SourceSession | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._forget_source()
        self._stored.close()

    def warehouse(self) -> psycopg.Connection:
        """The session on the warehouse that is free while none of the methods below runs.

        Raises WarehouseUnreachable.
        """
        if self._warehouse is None or self._warehouse.closed:
            self._stored.close()
            self._warehouse = self._stored.enter_context(session(self._conninfo, name=NAME))
        return self._warehouse

    def digests(self, feed: Feed, span: Span) -> tuple[Mapping[date, str], Mapping[date, str]]:
        """What the source has of each day, and what the warehouse has; both are asked at the same time.

        Raises:
            psycopg.Error: one of them cannot tell.
            TenantryError: the source does not answer in time, or the warehouse is unreachable.
        """
        warehouse = self.warehouse()
        with ThreadPoolExecutor(1) as beside:
            asked = beside.submit(self._ask_source, feed, span)
            stored = compare.stored_digests(warehouse, feed, span)
            return asked.result(), stored

    def _ask_source(self, feed: Feed, span: Span) -> Mapping[date, str]:
        kept = self._feed == feed
        if not kept:
            self._forget_source()
        try:
            return self._ask(feed, span)
        except (psycopg.OperationalError, psycopg.InterfaceError):
            # A session that was idle between two spans may be gone.
            gone = kept and (self._source is None or self._source.closed)
            self._forget_source()
            if not gone:
                raise
            return self._ask(feed, span)
        except BaseException:
            self._forget_source()
            raise

    def _ask(self, feed: Feed, span: Span) -> Mapping[date, str]:
        if self._asking is None:
            self._asking = self._asked.enter_context(session(self._conninfo, name=NAME))
            try:
                self._source = self._asked.enter_context(
                    open_source(source_conninfo(self._asking, feed.connection))
                )
            except psycopg.OperationalError:
                # The source does not let this machine in; the warehouse's server may reach it all the same.
                slices.hold_source(self._asking, feed.connection)
            self._feed = feed
        if self._source is None:
            return compare.source_digests_through_warehouse(self._asking, feed, span)
        return compare.source_digests(self._asking, self._source, feed, span)

    def _forget_source(self) -> None:
        self._asked.close()
        self._feed = self._asking = self._source = None
