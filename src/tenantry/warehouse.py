"""The front door for Python: a warehouse, and what can be done with it.

What only some programs need is imported where it is needed: a command that refreshes a day waits for nothing else.
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
"""Two sessions on each source, and no rest."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C ended a load: `result` says what was loaded, which is kept."""

    def __init__(self, result: Result) -> None:
        super().__init__("interrupted")
        self.result = result


@dataclass(frozen=True)
class Reloaded:
    """How days were pulled again, and how they compare with the source."""

    load: Result
    compared: Sequence[FeedVerdict]

    @property
    def complete(self) -> bool:
        """Whether every day was pulled and is as at the source."""
        return self.load.complete and not any(item.different or item.failed for item in self.compared)


class Warehouse:
    """A warehouse: `with Warehouse.open() as warehouse: …`.

    Nothing stays connected between calls, so one object may be kept for long, and used by several threads.
    Errors are those of `tenantry.core.errors`, each with a `message` of one line and a `hint` with the next step. Days are UTC days.
    """

    def __init__(self, conninfo: str) -> None:
        self.conninfo = conninfo
        """libpq's connection string for the login of every day."""
        self._stack = ExitStack()

    @classmethod
    def open(cls, dsn: str | None = None, *, file: Path | None = None) -> Self:
        """The warehouse that `dsn`, TENANTRY_DSN, libpq's environment or tenantry.toml name, else the embedded one.

        `file` is the fleet's file to take the connection string from, in place of the nearest tenantry.toml. An embedded server is
        started if need be, and stays up until `close`.

        Raises:
            NotInstalled: there is no warehouse there, or one of another version.
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
        """The warehouse of a target, which is not asked yet whether it is one."""
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
        """Let go of an embedded server; nothing to do for any other."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def session(self) -> AbstractContextManager[psycopg.Connection]:
        """A session of psycopg's, for SQL of your own: acts as whadmin, commits each statement, and is closed at the block's end."""
        return session(self.conninfo)

    # Looking

    def feeds(self, template: str | None = None, tenants: Iterable[str] | None = None) -> list[Feed]:
        """The feeds of a template, or of all. Disabled tenants are left out unless `tenants` names them.

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
        """All tenants by name, with their sources and states."""
        with self.session() as opened:
            return status.tenants(opened)

    def status(self) -> list[FeedStatus]:
        """Where each feed stands: its days by state, rows, bytes."""
        with self.session() as opened:
            return status.feeds(opened)

    def slices(self, feed: Feed, first: date | None = None, last: date | None = None) -> list[Slice]:
        """The days of a feed from `first` (its first) to `last` (today), each with its state, rows and error."""
        with self.session() as opened:
            return slices.slices(opened, feed, first, last)

    def years(self, template: str | None = None) -> list[Year]:
        """The years of each feed: how many days they have, and whether they are folded."""
        with self.session() as opened:
            return slices.years(opened, template)

    def check_year(self, feed: Feed, year: int) -> YearCheck:
        """Whether a year has all of its days."""
        with self.session() as opened:
            return years.check(opened, feed, year)

    def sizes(self, tenant: str | None = None) -> list[activity.Size]:
        """Rows and bytes of each feed."""
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
        """The newest entries of the log, oldest first: of a tenant, of some levels (DEBUG, INFO, WARNING, ERROR), of a time until now."""
        wanted = activity.Wanted(tenant=tenant, levels=levels, since=since)
        with self.session() as opened:
            return activity.logs(opened, wanted, most=most)

    def jobs(self) -> list[Job]:
        """The scheduled jobs of this warehouse; none where there is no cron."""
        with self.session() as opened:
            return job_table.all_jobs(opened) if job_table.cron(opened) else []

    def doctor(self, checks: Sequence[str] = (), *, tenant: str | None = None) -> list[Outcome]:
        """What is wrong: an outcome of each check (of those named), with its findings.

        Raises InputError for a check that does not exist.
        """
        from tenantry.observe import health
        from tenantry.observe.checks.finding import Examined

        chosen = health.chosen(checks, of_tenants=tenant is not None)
        with self.session() as opened, session(self.conninfo, role=None) as login:
            return list(health.examine(Examined(self.conninfo, opened, login, tenant), chosen))

    def plan(self, path: Path | None = None) -> FleetPlan:
        """What differs between the warehouse and the fleet's file, or the files of a folder; None: the nearest tenantry.toml.

        Raises InputError for a file that is missing or says what cannot be meant.
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
        """Load the days that are missing, failed, or were loaded before they had ended.

        The days are those from `first` (what the feed should have, and earlier ones of the source) to `last` (the last that its
        template asks for). With `reload` also days that are there, with `outdated` those that an earlier text of the template made.
        A day that fails keeps no other from being loaded: `complete` of the result says whether all are there.

        Raises:
            Interrupted: Ctrl-C; what was loaded is kept.
            WarehouseUnreachable: the warehouse was lost and did not come back.
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
        """Pull a day again (today), or what changed in a window of `days`, which ends with `day` (yesterday).

        With `full` every day of the window is pulled. A window without a `day` goes on to the days ahead that a template asks for.

        Raises what `backfill` does, and InputError if `full` is given without `days`.
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
        """Pull days again, whether they changed or not, and compare them with the source.

        Reports see the earlier rows until a day's new ones take their place. Raises what `backfill` does.
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
        """Compare days with their sources, row by row, and change nothing.

        The days are those from `first` (the first that is loaded) to `last` (yesterday), or a random `sample` of so many of each
        feed. `sessions` read from the sources at once, with `pause` seconds of rest; at most `most_rows` rows of a day are named.
        `compared` is told of each feed, days and rows as they are compared.
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
        """Pull the days that a comparison found to differ again, and compare them once more."""
        with self._audited("fix", ", ".join(str(item.feed) for item in found.feeds if item.different)):
            return verify.fix(self.conninfo, found, limits, watcher or Silent(), most_rows)

    def fold_year(self, feed: Feed, year: int) -> Folded:
        """Fold a complete year that is over into one table; reports see every row exactly once throughout.

        Raises DatabaseError if the year is not complete, or is folded already.
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
        """Take in a tenant: schema, connection, all days, views, folded years, a comparison with the source, and jobs.

        Without `schedule` it gets no jobs; nor while days are missing.

        `step` is told of each step when it is done: its name, and what came of it. To be called again to go on where it stopped.

        Raises:
            InputError: a name or template that cannot be meant.
            SourceError: the source does not answer; nothing was made then.
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
        """The last day that may be loaded: today, or as many days later as the template asks for."""
        with self.session() as opened:
            return days_of.latest(opened, template)

    def load(
        self, what: str, plans: Sequence[Plan], limits: Limits, watcher: Watcher | None = None
    ) -> Result:
        """Carry out plans that `tenantry.loader.run` made. Raises what `backfill` does."""
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
