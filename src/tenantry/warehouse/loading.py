"""Load, compare and fold the days of a warehouse."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tenantry.core.days import Span, today_utc
from tenantry.core.errors import DatabaseError, InputError
from tenantry.core.model import OWNER, Feed
from tenantry.db.connect import cancel
from tenantry.loader import stopping
from tenantry.loader.events import Silent, Watcher
from tenantry.loader.result import MOST_ROWS, Result
from tenantry.warehouse.base import Base, Interrupted, limits_or_default

if TYPE_CHECKING:
    from tenantry.flow.slice.year import Folded
    from tenantry.flow.template.fit import Fit
    from tenantry.loader.planning import Plan
    from tenantry.loader.run import Limits
    from tenantry.loader.verify import Verdict
    from tenantry.warehouse.results import Reloaded

READ_ONLY = "25006"
"""read_only_sql_transaction: a standby can be compared, too."""


class Loading(Base):
    """Methods that load, compare and fold days."""

    def backfill(
        self,
        feeds: Sequence[Feed],
        first: date | None = None,
        last: date | None = None,
        *,
        reload: bool = False,
        outdated: bool = False,
        limits: Limits | None = None,
        watcher: Watcher | None = None,
    ) -> Result:
        """Load days that are missing, failed, or were loaded before they ended.

        The days range from `first` to `last`. `first` defaults to the feed's first day, or an earlier day of the source; `last` defaults
        to the last day that the template loads. With `reload`, days that are already loaded are loaded again; with `outdated`, those that
        were loaded by an earlier text of the template. If a day fails, the others are still loaded: the result's `complete` says
        whether all of them are loaded.

        Raises:
            Interrupted: Ctrl-C; what was loaded is kept.
            WarehouseUnreachable: the connection to the warehouse was lost and did not come back.
        """
        from tenantry.loader import planning

        if first is None:
            plans = planning.plan_whole(self.conninfo, feeds, last, reload=reload, outdated=outdated)
        else:
            plans = []
            for template, some in _by_template(feeds).items():
                span = Span(first, last or self.latest_day(template))
                with self.session() as opened:
                    plans += planning.plan(
                        self.conninfo, some, span, reload=reload, outdated=outdated, given=opened
                    )
        return self._load("backfill", plans, limits, watcher)

    def refresh(
        self,
        feeds: Sequence[Feed],
        day: date | None = None,
        *,
        days: int | None = None,
        lookback: bool = False,
        reload: bool = False,
        limits: Limits | None = None,
        watcher: Watcher | None = None,
    ) -> Result:
        """Load a day again (default: today), or what changed in a window of `days` that ends with `day` (default: yesterday).

        With `lookback`, the window is as long as the template says, like that of its nightly job. With `reload`, every day of the
        window is loaded. Without a `day`, a window also includes the days ahead that its template loads.

        Raises what `backfill` raises, and InputError if `reload` is given without a window.
        """
        from tenantry.flow.slice import slice as days_of
        from tenantry.loader import planning

        if days is None and not lookback:
            if reload:
                raise InputError(
                    "reload needs a window of days", hint="Give days as well; a single day is always loaded."
                )
            with self.session() as opened:
                plans = planning.plan_day(self.conninfo, feeds, day or today_utc(), given=opened)
            return self._load("refresh", plans, limits, watcher)
        last = day or today_utc() - timedelta(days=1)
        plans = []
        for template, some in _by_template(feeds).items():
            latest = self.latest_day(template) if day is None else last
            end = latest if latest > last + timedelta(days=1) else last
            with self.session() as opened:
                length = days or days_of.lookback(opened, template)
                window = Span(last - timedelta(days=length - 1), end)
                plans += (
                    planning.plan(self.conninfo, some, window, reload=True, given=opened)
                    if reload
                    else planning.plan_changed(some, window)
                )
        return self._load("refresh", plans, limits, watcher)

    def reload(
        self,
        feeds: Sequence[Feed],
        days: Iterable[date],
        *,
        limits: Limits | None = None,
        watcher: Watcher | None = None,
    ) -> Reloaded:
        """Load days again, whether they changed or not, and compare them with the source.

        Reports see a day's earlier rows until the new ones replace them. Raises what `backfill` raises.
        """
        from tenantry.loader import reload_tenant, verify
        from tenantry.warehouse.results import Reloaded

        wanted = sorted(set(days))
        with self.session() as opened:
            plans = [reload_tenant.plan(opened, feed, wanted) for feed in feeds]
        result = self._load("reload", plans, limits, watcher)
        done = {item.feed: wanted for item in result.feeds if item.complete}
        return Reloaded(
            result, verify.settle(self.conninfo, done, limits_or_default(limits), watcher or Silent())
        )

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
        wanted = self.days_to_verify(feeds, first, last, sample=sample)
        return self.verify_days(
            wanted, sessions=sessions, pause=pause, most_rows=most_rows, compared=compared
        )

    def days_to_verify(
        self,
        feeds: Sequence[Feed],
        first: date | None = None,
        last: date | None = None,
        *,
        sample: int | None = None,
    ) -> dict[Feed, list[date]]:
        """The days that `verify` compares."""
        from tenantry.loader import reload_tenant, verify

        end = last or today_utc() - timedelta(days=1)
        wanted: dict[Feed, list[date]] = {}
        with self.session() as opened:
            for feed in feeds:
                start = first or reload_tenant.first_day(opened, feed) or end
                days = list(Span(min(start, end), end))
                wanted[feed] = verify.sample(days, sample) if sample else days
        return wanted

    def verify_days(
        self,
        wanted: Mapping[Feed, Sequence[date]],
        *,
        sessions: int = 1,
        pause: float = 0.0,
        most_rows: int = MOST_ROWS,
        compared: Callable[[Feed, int, int], None] = lambda feed, days, rows: None,
    ) -> Verdict:
        """`verify` for chosen days of each feed."""
        from tenantry.loader import verify

        verdict = verify.run(
            self.conninfo, wanted, sessions=sessions, pause=pause, most_rows=most_rows, compared=compared
        )
        self._record(verdict, wanted)
        return verdict

    def _record(self, verdict: Verdict, wanted: Mapping[Feed, Sequence[date]]) -> None:
        """Keep how a comparison ended, for alerts. For operators, the warehouse's own function does that."""
        from tenantry.flow.slice import verified

        if self.acts_as() != OWNER:
            return
        try:
            with self._session("tenantry verify") as opened:
                for item in verdict.feeds:
                    compared = [day for day in wanted[item.feed] if day not in item.failed]
                    different = [found.day for found in item.different]
                    fault = any(found.fault for found in item.different)
                    verified.record(opened, item.feed, compared, different, len(item.failed), fault=fault)
        except DatabaseError as error:
            if error.sqlstate != READ_ONLY:
                raise

    def fix(
        self,
        found: Verdict,
        *,
        limits: Limits | None = None,
        watcher: Watcher | None = None,
        most_rows: int = MOST_ROWS,
    ) -> Verdict:
        """Load the days again that a comparison found to differ, and compare them again."""
        from tenantry.loader import verify

        with self._audited("fix", ", ".join(str(item.feed) for item in found.feeds if item.different)):
            fixed = verify.fix(
                self.conninfo, found, limits_or_default(limits), watcher or Silent(), most_rows
            )
            wrong = {item.feed: [day.day for day in item.different] for item in found.feeds if item.different}
            self._record(replace(fixed, feeds=[item for item in fixed.feeds if item.feed in wrong]), wrong)
            return fixed

    def fold_year(self, feed: Feed, year: int) -> Folded:
        """Fold a complete, closed year into one table, or finish a fold that was stopped. Reports see every row exactly once meanwhile.

        Raises DatabaseError if the year is not complete, or is already folded.
        """
        from tenantry.flow.slice import year as years

        with (
            self._audited("fold_year", f"{feed} {year}"),
            self.session() as opened,
            stopping.when_asked(lambda: cancel(opened)),
        ):
            stopping.check()
            return years.fold(opened, feed, year, stopping.check)

    def fit(self, feeds: Sequence[Feed], watch: Callable[[Fit], None] = lambda done: None) -> list[Fit]:
        """Bring tables up to date with their templates: columns, types, indexes, ranges. Returns failures, each with its reason.

        `watch` is called with each success. `backfill` with `outdated` brings the days up to date.
        """
        from tenantry.flow.template import fit

        with self._audited("fit", ", ".join(map(str, feeds))), self.session() as opened:
            return fit.run(opened, feeds, watch)

    def rows_ahead(self, feeds: Iterable[Feed]) -> dict[Feed, int]:
        """Return, by feed, how many rows of its source are dated after the last day that may be loaded, if any."""
        from tenantry.loader import planning

        return planning.rows_ahead(self.conninfo, feeds)

    def _load(
        self, what: str, plans: Sequence[Plan], limits: Limits | None, watcher: Watcher | None = None
    ) -> Result:
        """Carry out plans of `tenantry.loader.planning`. Raises what `backfill` raises."""
        from tenantry.loader import run
        from tenantry.loader.sessions import Keeper

        subject = ", ".join(str(item.feed) for item in plans)
        with (
            self.session() as opened,
            self._audited(what, subject, opened),
            Keeper(self.conninfo, opened) as keeper,
        ):
            result = run.run(
                self.conninfo, plans, limits_or_default(limits), watcher or Silent(), keeper, name=what
            )
            if result.interrupted:
                raise Interrupted(result)
            return result


def _by_template(feeds: Iterable[Feed]) -> dict[str, list[Feed]]:
    found: dict[str, list[Feed]] = {}
    for feed in feeds:
        found.setdefault(feed.template, []).append(feed)
    return found
