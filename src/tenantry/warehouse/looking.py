"""What can be seen of a warehouse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tenantry.core.model import Feed, FeedStatus
from tenantry.db.connect import session
from tenantry.warehouse.base import Base

if TYPE_CHECKING:
    from tenantry.fleet.plan import Plan as FleetPlan
    from tenantry.flow.job.table import Job
    from tenantry.flow.slice.year import YearCheck
    from tenantry.observe.activity import Entry, Size
    from tenantry.observe.health import Outcome
    from tenantry.observe.slices import Slice, SliceDetails, Year


class Looking(Base):
    """Methods that change nothing."""

    def status(self, tenant: str | None = None) -> list[FeedStatus]:
        """Return the state of each feed, or of each feed of a tenant: its days by state, rows and bytes."""
        from tenantry.observe import status

        with self.session() as opened:
            return [feed for feed in status.feeds(opened) if tenant in (None, feed.tenant)]

    def names(
        self, kind: Literal["templates", "tenants", "jobs"], beginning: str = "", *, patience: int = 10
    ) -> list[str]:
        """Return the names of all templates, tenants or jobs that begin like this, sorted. Anybody who can log in may ask.

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

    def sizes(self, tenant: str | None = None) -> list[Size]:
        """Return the rows and bytes of each feed."""
        from tenantry.observe import activity

        with self.session() as opened:
            return activity.sizes(opened, tenant)

    def logs(
        self,
        *,
        tenant: str | None = None,
        levels: Sequence[str] | None = None,
        since: timedelta | None = None,
        most: int = 1000,
    ) -> list[Entry]:
        """Return the `most` newest log entries, oldest first: of a tenant, of some levels (DEBUG, INFO, WARNING, ERROR), not older than `since`."""
        from tenantry.observe import activity

        wanted = activity.Wanted(tenant=tenant, levels=levels, since=since)
        with self.session() as opened:
            return activity.logs(opened, wanted, most=most)

    def waiting_jobs(self) -> list[Job]:
        """Return the jobs that wait for a tenantry scheduler, because none is running; an empty list if pg_cron runs them."""
        from tenantry.flow.job import runs
        from tenantry.flow.job import table as job_table

        with self.session() as opened:
            waiting = job_table.cron(opened) == "own" and runs.leader(opened) is None
            return job_table.all_jobs(opened) if waiting else []

    def jobs(self) -> list[Job]:
        """Return the scheduled jobs of this warehouse, or an empty list if there is no cron."""
        from tenantry.flow.job import table as job_table

        with self.session() as opened:
            return job_table.all_jobs(opened) if job_table.cron(opened) else []

    def doctor(self, checks: Sequence[str] = (), *, tenant: str | None = None) -> list[Outcome]:
        """Find what is wrong: the outcome of each check (or of those named), with its findings.

        Raises InputError for a check that does not exist.
        """
        from tenantry.observe import health
        from tenantry.observe.checks.finding import Examined

        chosen = health.chosen(checks, of_tenants=tenant is not None)
        with self.session() as opened, session(self.conninfo, role=None) as login:
            return list(health.examine(Examined(self.conninfo, opened, login, tenant), chosen))

    def plan(self, path: Path | None = None) -> FleetPlan:
        """Compare the warehouse with the fleet file, or with the files of a folder. None means the nearest tenantry.toml.

        Raises InputError for a file that is missing or invalid.
        """
        from tenantry.fleet import file as fleet_file
        from tenantry.fleet import plan as fleet_plan

        declared = fleet_file.read(fleet_plan.files(path, Path.cwd()))
        with self.session() as opened:
            return fleet_plan.make(opened, declared)
