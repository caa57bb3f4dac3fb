"""A warehouse and a source, queried side by side for the digests of the same days."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from typing import Self

import psycopg

from tenantry.core.days import Span
from tenantry.core.errors import TenantryError
from tenantry.core.model import Feed
from tenantry.db.connect import session
from tenantry.flow.slice import compare
from tenantry.flow.slice import slice as slices
from tenantry.flow.slice.compare import DayDifference
from tenantry.flow.source.session import SourceSession, open_source, source_conninfo
from tenantry.loader.retry import words

NAME = "tenantry verify"
"""The application_name of the sessions on the warehouse."""


@dataclass
class Compared:
    """The result for some days: the rows that reports see, the days that differ, and the days that could not be compared."""

    rows: int = 0
    different: list[DayDifference] = field(default_factory=list)
    failed: dict[date, str] = field(default_factory=dict)

    def fail(self, day: date, error: Exception) -> None:
        """Record that a day could not be compared."""
        self.failed[day] = words(error) if isinstance(error, psycopg.Error) else str(error)


class WarehouseSide(ABC):
    """A session on the warehouse for any number of comparisons.

    As a context manager, it closes the session at the end. Only one thread at a time may use it.
    """

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._stored = ExitStack()
        self._warehouse: psycopg.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stored.close()

    @abstractmethod
    def compare(self, feed: Feed, span: Span, most_rows: int) -> Compared:
        """Compare a span, as many of its days as possible; name at most `most_rows` of a day."""

    def warehouse(self) -> psycopg.Connection:
        """The session on the warehouse, which is free while none of the methods below runs.

        Raises WarehouseUnreachable.
        """
        if self._warehouse is None or self._warehouse.closed:
            self._stored.close()
            self._warehouse = self._stored.enter_context(session(self._conninfo, name=NAME))
        return self._warehouse


class Sides(WarehouseSide):
    """With another session on the warehouse and one on the source, opened once per feed."""

    def __init__(self, conninfo: str) -> None:
        super().__init__(conninfo)
        self._feed: Feed | None = None
        self._asked = ExitStack()
        self._asking: psycopg.Connection | None = None
        self._source: SourceSession | None = None

    def __exit__(self, *_: object) -> None:
        self._forget_source()
        super().__exit__()

    def compare(self, feed: Feed, span: Span, most_rows: int) -> Compared:
        """Query both sides at the same time, then check the days that differ one by one."""
        result = Compared()
        given: Mapping[date, str] = {}
        stored: Mapping[date, str] = {}
        try:
            given, stored = self.digests(feed, span)
        except (psycopg.Error, TenantryError) as error:
            # Query day by day, so that one bad day does not hide the others.
            if len(span) == 1:
                result.fail(span.first, error)
                return result
        result.rows = sum(int(digest.split(":")[1]) for digest in stored.values())
        for day in span:
            if day in given and given[day] == stored.get(day):
                continue
            try:
                found = compare.verify_day(self.warehouse(), feed, day, most_rows)
            except psycopg.Error as error:
                result.fail(day, error)
            else:
                result.different += [found] if found else []
        return result

    def digests(self, feed: Feed, span: Span) -> tuple[Mapping[date, str], Mapping[date, str]]:
        """What the source has for each day, and what the warehouse has; both are queried at the same time.

        Raises:
            psycopg.Error: one of them cannot compute it.
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
                # The source does not accept this machine; the warehouse's server may be able to reach it.
                slices.hold_source(self._asking, feed.connection)
            self._feed = feed
        if self._source is None:
            return compare.source_digests_through_warehouse(self._asking, feed, span)
        return compare.source_digests(self._asking, self._source, feed, span)

    def _forget_source(self) -> None:
        self._asked.close()
        self._feed = self._asking = self._source = None
