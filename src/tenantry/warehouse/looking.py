"""Look at a warehouse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Literal

from tenantry.core.model import Feed, FeedStatus
from tenantry.db.connect import session
from tenantry.warehouse.base import Base

if TYPE_CHECKING:
    from tenantry.flow.slice.year import YearCheck
    from tenantry.observe.dictionary import Described
    from tenantry.observe.metrics import Counted, Metrics
    from tenantry.observe.slices import CalendarDay, Slice, SliceDetails, Year


class Looking(Base):
    """Methods that change nothing."""

    def status(self, tenant: str | None = None) -> list[FeedStatus]:
        """Return the state of each feed, or of each feed of a tenant: its days by state, rows and bytes."""
        from tenantry.observe import status

        with self.session() as opened:
            return status.feeds(opened, tenant)

    def describe(self, template: str | None = None, *, samples: bool = False) -> list[Described]:
        """Return what reports can read of each template, or of one: its columns, what they mean, and the state of each tenant.

        With `samples`, columns have up to three values, which may be personal data. Only statistics are read, no rows.

        Raises InputError for a template that does not exist.
        """
        from tenantry.observe import dictionary

        with self.session() as opened:
            return dictionary.describe(opened, template, samples=samples)

    def metrics(self, counted: Counted | None = None, *, patience: int = 10) -> Metrics:
        """Return the numbers for a monitoring system, read by one statement: records only, no rows.

        If you ask again and again, give the `counted` of an earlier result: the records of earlier days are then not read again.
        `patience` is how many seconds the warehouse has to answer, for the login and for the statement.
        """
        from tenantry.db.queries import query
        from tenantry.observe import metrics

        with session(self.conninfo, name="tenantry metrics", patience=patience) as opened:
            opened.execute(query("activity", "limit_time"), {"milliseconds": patience * 1000})
            return metrics.read(opened, counted)

    def names(
        self, kind: Literal["templates", "tenants", "jobs"], beginning: str = "", *, patience: int = 10
    ) -> list[str]:
        """Return the names of all templates, tenants or jobs that begin like this, sorted. Any login can call this.

        `patience` is how many seconds the warehouse has to answer.
        """
        from tenantry.observe import names

        with session(self.conninfo, patience=patience) as opened:
            return names.beginning(opened, kind, beginning)

    def slices(
        self, feeds: Feed | Iterable[Feed], first: date | None = None, last: date | None = None
    ) -> list[Slice]:
        """Return the days of a feed, or of several, from `first` (its first day) to `last` (today).

        Each has its state, rows and error.
        """
        from tenantry.observe import slices

        chosen = [feeds] if isinstance(feeds, Feed) else feeds
        with self.session() as opened:
            return [item for feed in chosen for item in slices.slices(opened, feed, first, last)]

    def recent(self, days: int = 60) -> dict[tuple[str, str], str]:
        """Return, by tenant and template, a letter for each of the last `days` days, the last one for today.

        z: folded, l: loaded, s: stale, o: outdated, m: missing, f: failed, and a point where nothing is expected.
        """
        from tenantry.observe import slices

        with self.session() as opened:
            return slices.recent(opened, days)

    def calendar(self, feed: Feed) -> list[CalendarDay]:
        """Return the state and the rows of each day of a feed in which something is expected or known, oldest first.

        They reach from the beginning of its span to yesterday, or to its last day.
        """
        from tenantry.observe import slices

        with self.session() as opened:
            return slices.calendar(opened, feed)

    def slice_details(self, feed: Feed, day: date) -> SliceDetails:
        """Return what holds a day's rows: the relation, its bytes, and whether the template has changed since."""
        from tenantry.observe import slices

        with self.session() as opened:
            return slices.details(opened, feed, day)

    def years(self, template: str | None = None, tenants: Sequence[str] | None = None) -> list[Year]:
        """Return the years of each feed, or of a template's or some tenants' feeds: the number of days, and whether the year is folded.

        Raises InputError for a template that does not exist.
        """
        from tenantry.flow.template import stored
        from tenantry.observe import slices

        with self.session() as opened:
            if template is not None:
                stored.require(opened, template)
            return slices.years(opened, template, tenants)

    def check_year(self, feed: Feed, year: int) -> YearCheck:
        """Check whether a year has all of its days."""
        from tenantry.flow.slice import year as years

        with self.session() as opened:
            return years.check(opened, feed, year)
