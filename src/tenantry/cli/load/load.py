"""`tenantry backfill` and `tenantry refresh`: pull slices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli.options import (
    AsJson,
    Everyone,
    Pause,
    Sessions,
    Template,
    Tenants,
    ended_or_today,
    require_tenants,
)
from tenantry.cli.output import notes, step
from tenantry.cli.report import ended, report
from tenantry.cli.shapes import rows_ahead
from tenantry.cli.target import open_warehouse
from tenantry.core import state
from tenantry.core.days import Span, parse_day, today_utc
from tenantry.core.errors import DatabaseError, InputError

if TYPE_CHECKING:
    from tenantry.core.model import Feed
    from tenantry.flow.template.fit import Fit
    from tenantry.flow.tenant.state import TenantState
    from tenantry.warehouse import Warehouse


@contextmanager
def chosen_feeds(
    template: str, names: Sequence[str] | None, everyone: bool
) -> Iterator[tuple[Warehouse, list[Feed]]]:
    """The warehouse, and the feeds that --tenant and --all name; --all leaves out disabled tenants, and says so.

    Raises InputError for an unknown name, or for none at all; and what `open_warehouse` raises.
    """
    resting: list[TenantState] = []
    with open_warehouse() as warehouse:
        require_tenants(names, everyone=everyone)
        feeds = warehouse.feeds(template, names, left_out=resting.append)
        if not feeds and not resting:
            raise InputError(f'no tenant uses template "{template}"', hint="Run: tenantry tenant add")
        for tenant in resting:
            notes.print(
                f"{tenant.name} is left out: disabled since {tenant.disabled_at:%Y-%m-%d}: {tenant.reason}",
            )
        yield warehouse, feeds


def loadable(text: str, template: str) -> date:
    """A day that has begun in UTC, or is one of the days ahead that the template loads. Raises InputError for a later one."""
    if parse_day(text) <= today_utc():
        return ended_or_today(text)
    with open_warehouse() as warehouse:
        return ended_or_today(text, warehouse.latest_day(template))


def backfill(
    template: Template,
    tenant: Tenants = None,
    everyone: Everyone = False,
    first: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DAY",
            help="First day (UTC): YYYY-MM-DD, today or yesterday. Default: the first day of the feed or of "
            "its source, whichever is earlier.",
        ),
    ] = None,
    last: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="DAY",
            help="Last day (UTC), inclusive. Default: today, or later if the template loads days ahead.",
        ),
    ] = None,
    sessions: Sessions = 2,
    pause: Pause = 0.0,
    reload: Annotated[bool, typer.Option("--reload", help="Also load days that are already loaded.")] = False,
    outdated: Annotated[
        bool,
        typer.Option(
            "--outdated", help="Bring existing days, columns, types and indexes up to date with the template."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Load days that are missing, failed, or were loaded before they ended.

    Name the tenants with --tenant or --all. Each day is committed separately.
    You can stop it at any time; run it again to continue. Views that were
    dropped by hand are created again.

    Without --from, this loads all days that the feed should have, as counted by
    tenantry status, and earlier days of the source. If tenant add was given a
    first day (--from), earlier days are left out and reported. Missing or
    failed days whose rows the source no longer keeps are left as they are; to
    record them as empty, name them with --from and --to.

    With --outdated, it also applies what a change of the template left to do.
    Tables get the template's columns, types and indexes, and are partitioned by
    its time column. Then the days that were made by an earlier text are loaded
    again. Days before the first that the source still has stay, unless --from
    names them.

    Exits with status 1 if a day is still missing, and names it; with status 130
    after Ctrl-C.
    """
    from tenantry import Limits
    from tenantry.cli.progress import LoadProgress

    begin = loadable(first, template) if first else None
    end = loadable(last, template) if last else None
    if begin and end:
        Span(begin, end)
    with chosen_feeds(template, tenant, everyone) as (warehouse, feeds):
        unfit = warehouse.fit(feeds, _fitted) if outdated else []
        # Nothing can be loaded into a table that is partitioned by another column.
        refused = [item for item in unfit if item.kind == "ranges"]
        feeds = [feed for feed in feeds if feed not in {item.feed for item in refused}]
        if refused and not feeds:
            _raise_unfit(refused)
        with LoadProgress() as progress:
            result = ended(
                lambda: warehouse.backfill(
                    feeds,
                    begin,
                    end,
                    reload=reload,
                    outdated=outdated,
                    limits=Limits(sessions, pause),
                    watcher=progress,
                )
            )
        for item in result.feeds:
            if item.left_out:
                notes.print(f"{item.feed}: {item.left_out}")
        ahead = {} if result.interrupted else warehouse.rows_ahead(feeds)
        if outdated and not result.interrupted:
            # The days whose rows blocked an index have been loaded again.
            unfit = refused + warehouse.fit(feeds, _fitted)
    for feed, rows in ahead.items():
        notes.print(state.told_ahead(feed, rows))
    more = {"rows_ahead": rows_ahead(ahead), "unfit": [str(item) for item in unfit]}
    report(result, as_json=as_json, more=more)
    if unfit:
        _raise_unfit(unfit)


def _raise_unfit(unfit: Sequence[Fit]) -> None:
    raise DatabaseError("; ".join(map(str, unfit)), hint="Fix the cause, then run the same command.")


def _fitted(done: Fit) -> None:
    step(done.name, done.kind)


def refresh(
    template: Template,
    tenant: Tenants = None,
    everyone: Everyone = False,
    day: Annotated[
        str | None,
        typer.Option(
            "--date",
            metavar="DAY",
            help="The day (UTC): YYYY-MM-DD, today or yesterday. Default: today, or for a window yesterday, its "
            "last day.",
        ),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option("--days", metavar="NUMBER", min=1, max=3660, help="Refresh a window of this many days."),
    ] = None,
    lookback: Annotated[
        bool, typer.Option("--lookback", help="Refresh a window as long as the template's key lookback says.")
    ] = False,
    reload: Annotated[
        bool, typer.Option("--reload", help="Load every day in the window, even if it has not changed.")
    ] = False,
    sessions: Sessions = 2,
    as_json: AsJson = False,
) -> None:
    """Load one day again, or what changed in a window of days.

    Name the tenants with --tenant or --all. A refresh of today also loads
    yesterday if yesterday was last loaded before it ended. A day of a folded
    year is replaced inside the yearly table.

    With --days 14, the window is the 14 days that end yesterday; with
    --lookback, as many days as the template's nightly job looks at. If the
    template has the key ahead, it also includes today and the days ahead. The
    source is asked once for a digest of each day, and only days whose digest
    has changed since their last such refresh are loaded. --reload loads all days
    and asks for no digests.

    Exits with status 1 if a day failed. Reports still see its earlier rows.
    """
    from tenantry import Limits
    from tenantry.cli.progress import LoadProgress

    wanted = loadable(day, template) if day else None
    window = lookback or days is not None
    if lookback and days is not None:
        raise InputError("--days and --lookback cannot be combined", hint="Give one of them.")
    if reload and not window:
        raise InputError(
            "--reload needs a window of days",
            hint="Give --days NUMBER or --lookback as well; a single day is always loaded.",
        )
    with chosen_feeds(template, tenant, everyone) as (warehouse, feeds), LoadProgress() as progress:
        result = ended(
            lambda: warehouse.refresh(
                feeds,
                wanted,
                days=days,
                lookback=lookback,
                reload=reload,
                limits=Limits(sessions),
                watcher=progress,
            )
        )
    report(result, as_json=as_json, window=window)
