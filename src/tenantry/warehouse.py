"""The front door for Python: a warehouse, and what you can do with it.

Modules that only some programs need are imported where they are used, so that a command that refreshes a day does not wait for them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import psycopg

from tenantry.core.days import Span, today_utc
from tenantry.core.errors import InputError, NotInstalled
from tenantry.core.model import OWNER, Feed, FeedStatus
from tenantry.core.settings import Target, resolve
from tenantry.db import audit
from tenantry.db.connect import session
from tenantry.db.migrations import require_current
from tenantry.flow.job import table as job_table
from tenantry.flow.job.table import Job
from tenantry.flow.slice import slice as days_of
from tenantry.flow.slice import year as years
from tenantry.flow.slice.feed import find_feed, list_feeds
from tenantry.flow.slice.year import Folded, YearCheck
from tenantry.flow.template import stored
from tenantry.flow.tenant import state as states
from tenantry.loader import planning, rebuild_tenant, run, verify
from tenantry.loader.add_tenant import Added, Newcomer
from tenantry.loader.add_tenant import add as add_tenant
from tenantry.loader.events import Silent, Watcher
from tenantry.loader.planning import Plan
from tenantry.loader.result import Result
from tenantry.loader.run import Limits
from tenantry.loader.verify import MOST_ROWS, FeedVerdict, Verdict
from tenantry.observe import activity, slices, status
from tenantry.observe.slices import Slice, Year
from tenantry.observe.status import TenantFacts

if TYPE_CHECKING:
    from tenantry.fleet.plan import Plan as FleetPlan
    from tenantry.observe.health import Outcome

DEFAULT = Limits()
"""At most two sessions per source, and no pause."""


class Interrupted(KeyboardInterrupt):
    """Raised when Ctrl-C ends a load. `result` says what was loaded, which is kept."""

    def __init__(self, result: Result) -> None:
        super().__init__("interrupted")
        self.result = result


@dataclass(frozen=True)
class Reloaded:
    """The result of loading days again and comparing them with the source."""

    load: Result
    compared: Sequence[FeedVerdict]

    @property
    def complete(self) -> bool:
        """Whether every day was loaded and matches the source."""
        return self.load.complete and not any(item.different or item.failed for item in self.compared)


class Warehouse:
    """A warehouse: `with Warehouse.open() as warehouse: …`.

    No connection stays open between calls, so you can keep one object for a long time and use it from several threads.
    Errors are those of `tenantry.core.errors`. Each has a `message` of one line and a `hint` with the next step. Days are UTC days.
    """

    def __init__(self, conninfo: str) -> None:
        self.conninfo = conninfo
        """The libpq connection string of the everyday login, without the administrator's rights."""
        self._stack = ExitStack()

    @classmethod
    def open(cls, dsn: str | None = None, *, file: Path | None = None) -> Self:
        """Open the warehouse that `dsn`, TENANTRY_DSN, libpq's environment or tenantry.toml names, otherwise the embedded one.

        `file` is the fleet file to take the connection string from, instead of the nearest tenantry.toml. An embedded server is
        started if necessary, and keeps running until `close`.

        Raises:
            NotInstalled: there is no warehouse, or a warehouse of another version.
            WarehouseUnreachable: the server does not answer.
        """
        warehouse = cls.at(resolve(dsn, os.environ, Path.cwd(), file))
        try:
            with warehouse.session() as opened:
                require_current(opened)
        except BaseException:
            warehouse.close()
            raise
        return warehouse

    @classmethod
    def at(cls, target: Target) -> Self:
        """Return the warehouse of a target, without checking that it is one."""
        directory = target.embedded_directory
        if directory is False:
            return cls(target.dsn)
        from tenantry.embedded.server import Server

        server = Server(directory)
        if not server.exists or server.password(OWNER) is None:
            raise NotInstalled(
                "there is no warehouse here yet",
                hint="Run: tenantry demo (to try), or tenantry init; or name another server with --dsn.",
            )
        stack = ExitStack()
        stack.enter_context(server.lease())
        warehouse = cls(server.conninfo(user=OWNER))
        warehouse._stack = stack
        return warehouse

    def close(self) -> None:
        """Release an embedded server. Does nothing for other servers."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def session(self) -> AbstractContextManager[psycopg.Connection]:
        """Open a psycopg session for SQL of your own. It acts as whadmin, commits each statement, and is closed at the end of the block."""
        return session(self.conninfo)

    # Looking

    def feeds(self, template: str | None = None, tenants: Iterable[str] | None = None) -> list[Feed]:
        """Return the feeds of a template, or all feeds. Disabled tenants are left out unless `tenants` names them.

        Raises InputError for a template or a tenant that does not exist.
        """
        with self.session() as opened:
            if template is not None:
                stored.require(opened, template)
            found = list_feeds(opened, template)
            if tenants is None:
                disabled = {item.name for item in states.every(opened) if item.disabled_at}
                return [feed for feed in found if feed.schema not in disabled]
            names = list(dict.fromkeys(tenants))
            if template is not None:
                return [find_feed(opened, template, name) for name in names]
            for name in names:
                states.get(opened, name)
            return [feed for feed in found if feed.schema in names]

    def tenants(self) -> list[TenantFacts]:
        """Return all tenants by name, with their sources and states."""
        with self.session() as opened:
            return status.tenants(opened)

    def status(self) -> list[FeedStatus]:
        """Return the state of each feed: its days by state, rows and bytes."""
        with self.session() as opened:
            return status.feeds(opened)

    def slices(self, feed: Feed, first: date | None = None, last: date | None = None) -> list[Slice]:
        """Return the days of a feed from `first` (its first day) to `last` (today), each with its state, rows and error."""
        with self.session() as opened:
            return slices.slices(opened, feed, first, last)

    def years(self, template: str | None = None) -> list[Year]:
        """Return the years of each feed: the number of days, and whether the year is folded."""
        with self.session() as opened:
            return slices.years(opened, template)

    def check_year(self, feed: Feed, year: int) -> YearCheck:
        """Check whether a year has all of its days."""
        with self.session() as opened:
            return years.check(opened, feed, year)

    def sizes(self, tenant: str | None = None) -> list[activity.Size]:
        """Return the rows and bytes of each feed."""
        with self.session() as opened:
            return activity.sizes(opened, tenant)

    def logs(
        self,
        *,
        tenant: str | None = None,
        levels: Sequence[str] | None = None,
        since: timedelta | None = None,
        most: int = 1000,
    ) -> list[activity.Entry]:
        """Return the `most` newest log entries, oldest first: of a tenant, of some levels (DEBUG, INFO, WARNING, ERROR), not older than `since`."""
        wanted = activity.Wanted(tenant=tenant, levels=levels, since=since)
        with self.session() as opened:
            return activity.logs(opened, wanted, most=most)

    def jobs(self) -> list[Job]:
        """Return the scheduled jobs of this warehouse, or an empty list if there is no cron."""
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

    # Loading

    def backfill(
        self,
        feeds: Sequence[Feed],
        first: date | None = None,
        last: date | None = None,
        *,
        reload: bool = False,
        outdated: bool = False,
        limits: Limits = DEFAULT,
        watcher: Watcher | None = None,
    ) -> Result:
        """Load days that are missing, failed, or were loaded before they ended.

        The days range from `first` to `last`. `first` defaults to the feed's first day, or an earlier day of the source; `last` defaults
        to the last day that the template loads. With `reload`, days that are already loaded are loaded again; with `outdated`, those that
        were made by an earlier text of the template. If a day fails, the others are still loaded: the result's `complete` says whether all are there.

        Raises:
            Interrupted: Ctrl-C; what was loaded is kept.
            WarehouseUnreachable: the connection to the warehouse was lost and did not come back.
        """
        if first is None:
            plans = planning.plan_whole(self.conninfo, feeds, last, reload=reload, outdated=outdated)
        else:
            plans = []
            for feed in feeds:
                span = Span(first, last or self.latest_day(feed.template))
                plans += planning.plan(self.conninfo, [feed], span, reload=reload, outdated=outdated)
        return self.load("backfill", plans, limits, watcher)

    def refresh(
        self,
        feeds: Sequence[Feed],
        day: date | None = None,
        *,
        days: int | None = None,
        full: bool = False,
        limits: Limits = DEFAULT,
        watcher: Watcher | None = None,
    ) -> Result:
        """Load a day again (default: today), or what changed in a window of `days` that ends with `day` (default: yesterday).

        With `full`, every day of the window is loaded. Without a `day`, a window also includes the days ahead that its template loads.

        Raises what `backfill` raises, and InputError if `full` is given without `days`.
        """
        if days is None:
            if full:
                raise InputError(
                    "full needs a window of days", hint="Give days as well; a single day is always loaded."
                )
            plans = planning.plan_day(self.conninfo, feeds, day or today_utc())
            return self.load("refresh", plans, limits, watcher)
        last = day or today_utc() - timedelta(days=1)
        plans = []
        for template in dict.fromkeys(feed.template for feed in feeds):
            some = [feed for feed in feeds if feed.template == template]
            latest = self.latest_day(template) if day is None else last
            end = latest if latest > last + timedelta(days=1) else last
            window = Span(last - timedelta(days=days - 1), end)
            plans += (
                planning.plan(self.conninfo, some, window, reload=True)
                if full
                else planning.plan_changed(some, window)
            )
        return self.load("refresh", plans, limits, watcher)

    def reload(
        self,
        feeds: Sequence[Feed],
        days: Iterable[date],
        *,
        limits: Limits = DEFAULT,
        watcher: Watcher | None = None,
    ) -> Reloaded:
        """Load days again, whether they changed or not, and compare them with the source.

        Reports see a day's earlier rows until the new ones replace them. Raises what `backfill` raises.
        """
        wanted = sorted(set(days))
        with self.session() as opened:
            plans = [rebuild_tenant.plan(opened, feed, wanted) for feed in feeds]
        result = self.load("reload", plans, limits, watcher)
        done = {item.feed: wanted for item in result.feeds if item.complete}
        return Reloaded(result, verify.settle(self.conninfo, done, limits, watcher or Silent()))

    def verify(
        self,
        feeds: Sequence[Feed],
        first: date | None = None,
        last: date | None = None,
        *,
        sample: int | None = None,
        sessions: int = 1,
        pause: float = 0.0,
        most_rows: int = MOST_ROWS,
        compared: Callable[[Feed, int, int], None] = lambda feed, days, rows: None,
    ) -> Verdict:
        """Compare days with their sources, row by row. Changes nothing.

        The days range from `first` (default: the first loaded day) to `last` (default: yesterday); with `sample`, that many random days
        of each feed are compared. `sessions` sessions read from the sources at the same time, and pause for `pause` seconds in between. At
        most `most_rows` rows of a day are named. `compared` is called with the feed and the numbers of days and rows as they are compared.
        """
        end = last or today_utc() - timedelta(days=1)
        wanted: dict[Feed, list[date]] = {}
        with self.session() as opened:
            for feed in feeds:
                start = first or rebuild_tenant.first_day(opened, feed) or end
                days = list(Span(min(start, end), end))
                wanted[feed] = verify.sample(days, sample) if sample else days
        return verify.run(
            self.conninfo, wanted, sessions=sessions, pause=pause, most_rows=most_rows, compared=compared
        )

    def fix(
        self,
        found: Verdict,
        *,
        limits: Limits = DEFAULT,
        watcher: Watcher | None = None,
        most_rows: int = MOST_ROWS,
    ) -> Verdict:
        """Load the days again that a comparison found to differ, and compare them again."""
        with self._audited("fix", ", ".join(str(item.feed) for item in found.feeds if item.different)):
            return verify.fix(self.conninfo, found, limits, watcher or Silent(), most_rows)

    def fold_year(self, feed: Feed, year: int) -> Folded:
        """Fold a complete, closed year into one table. Reports see every row exactly once meanwhile.

        Raises DatabaseError if the year is not complete, or is already folded.
        """
        with self._audited("fold_year", f"{feed} {year}"), self.session() as opened:
            return years.convert(opened, feed, year)

    def add_tenant(
        self,
        newcomer: Newcomer,
        *,
        schedule: bool = True,
        limits: Limits = DEFAULT,
        step: Callable[[str, str], None] = lambda name, told: None,
        watcher: Watcher | None = None,
    ) -> Added:
        """Add a tenant: schema, connection, all days, views, folded years, a comparison with the source, and jobs.

        Without `schedule`, or while days are missing, it gets no jobs. `step` is called with the name and the result of each finished
        step. If it stops, call it again to continue.

        Raises:
            InputError: an invalid name or template.
            SourceError: the source does not answer; nothing was made.
        """
        from tenantry.schedule import setup

        with self._audited("add_tenant", newcomer.name):
            added = add_tenant(self.conninfo, newcomer, limits, step, watcher or Silent())
            if added.load.interrupted:
                raise Interrupted(added.load)
            if schedule and added.load.complete:
                added.jobs = setup.make_jobs(self.conninfo, newcomer.name, step)
            return added

    def latest_day(self, template: str) -> date:
        """Return the last day that can be loaded: today, or later if the template loads days ahead."""
        with self.session() as opened:
            return days_of.latest(opened, template)

    def load(
        self, what: str, plans: Sequence[Plan], limits: Limits, watcher: Watcher | None = None
    ) -> Result:
        """Carry out plans of `tenantry.loader.planning`. Raises what `backfill` raises."""
        subject = ", ".join(str(item.feed) for item in plans)
        with self._audited(what, subject):
            result = run.run(self.conninfo, plans, limits, watcher or Silent())
            if result.interrupted:
                raise Interrupted(result)
            return result

    @contextmanager
    def _audited(self, what: str, subject: str) -> Iterator[None]:
        with audit.kept(self.conninfo, f"Warehouse.{what}", subject):
            yield
