"""`tenantry backfill` and `tenantry refresh`: pull slices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tenantry.cli.options import AsJson, Everyone, Jobs, Pause, Template, Tenants, ended_or_today
from tenantry.cli.output import notes, step
from tenantry.cli.report import ended, report
from tenantry.cli.target import connected
from tenantry.core.days import Span, parse_day, today_utc
from tenantry.core.errors import DatabaseError, InputError
from tenantry.core.model import Feed

if TYPE_CHECKING:
    import psycopg

    from tenantry.flow.template.fit import Fit
    from tenantry.warehouse import Warehouse


@contextmanager
def chosen_feeds(
    template: str, names: Sequence[str] | None, everyone: bool
) -> Iterator[tuple[Warehouse, list[Feed]]]:
    """The warehouse, and the feeds that --tenant and --all name; --all leaves out disabled tenants, and says so.

    Raises InputError for an unknown name, or for none at all; and what `warehouse` raises.
    """
    from tenantry.db.errors import translated
    from tenantry.warehouse import Warehouse

    with connected() as (conninfo, opened):
        with translated():
            feeds = _feeds(opened, template, names, everyone)
        opened.close()
        yield Warehouse(conninfo), feeds


def _feeds(
    opened: psycopg.Connection, template: str, names: Sequence[str] | None, everyone: bool
) -> list[Feed]:
    from tenantry.flow.slice.feed import find_feed, list_feeds
    from tenantry.flow.template import stored as templates
    from tenantry.flow.tenant import state as states

    if bool(names) == everyone:
        raise InputError("say which tenants", hint="Give --tenant NAME (once or more) or --all.")
    if names:
        return [find_feed(opened, template, name) for name in dict.fromkeys(names)]
    templates.require(opened, template)
    found = list_feeds(opened, template)
    disabled = {state.name: state for state in states.every(opened) if state.disabled_at}
    if not found:
        raise InputError(f'no tenant uses template "{template}"', hint="Run: tenantry tenant add")
    for feed in found:
        if state := disabled.get(feed.schema):
            notes.print(
                f"{feed.schema} is left out: disabled since {state.disabled_at:%Y-%m-%d}: {state.reason}",
                markup=False,
            )
    return [feed for feed in found if feed.schema not in disabled]


def latest_day(template: str) -> date:
    """The last day that may be loaded: today in UTC, or so many days later as the template asks for."""
    from tenantry.flow.slice import slice as slices

    with connected() as (_, opened):
        return slices.latest(opened, template)


def backfill(
    template: Template,
    tenant: Tenants = None,
    everyone: Everyone = False,
    first: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DAY",
            help="First day (UTC): YYYY-MM-DD, today or yesterday. Default: the feed's first, or the source's if that is earlier.",
        ),
    ] = None,
    last: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="DAY",
            help="Last day (UTC), included. Default: today, or as many days later as the template asks for.",
        ),
    ] = None,
    jobs: Jobs = 2,
    pause: Pause = 0.0,
    reload: Annotated[
        bool, typer.Option("--reload", help="Pull the days that are there again, too.")
    ] = False,
    outdated: Annotated[
        bool,
        typer.Option(
            "--outdated", help="Bring all that is there to the template: days, columns, types, indexes."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Load the days that are missing, failed, or were loaded before they had ended.

    Name the tenants with --tenant or --all. Each day is committed by itself:
    stop it as you like, and run it again to go on. Views that were dropped by
    hand come back.

    Without --from the days are all that the feed should have, as tenantry
    status counts them, and earlier ones of the source. If tenant add was given
    a first day (--from), those stay out, and are told of. Days that are missing or failed
    of which the source no longer keeps rows are left as they are: to take them
    as empty, name them with --from and --to.

    With --outdated also what a change of the template left as it was: tables
    get its columns, types and indexes, and are ranged by its time column; then
    the days that an earlier text made are pulled again. Days before the first
    that a source still has stay, unless --from names them.

    Ends with 1 if a day is still missing, and names it; with 130 after Ctrl-C.
    """
    from tenantry.cli.progress import LoadProgress
    from tenantry.loader.planning import told_ahead
    from tenantry.loader.run import Limits

    latest = latest_day(template) if _is_later(first) or _is_later(last) else None
    begin = ended_or_today(first, latest=latest) if first else None
    end = ended_or_today(last, latest=latest) if last else None
    if begin and end:
        Span(begin, end)
    with chosen_feeds(template, tenant, everyone) as (warehouse, feeds):
        unfit = warehouse.fit(feeds, _fitted) if outdated else []
        # Into a table that is ranged by another column nothing can be loaded.
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
                    limits=Limits(jobs, pause),
                    watcher=progress,
                )
            )
        for item in result.feeds:
            if item.left_out:
                notes.print(f"{item.feed}: {item.left_out}", markup=False)
        ahead = {} if result.interrupted else warehouse.rows_ahead(feeds)
        if outdated and not result.interrupted:
            # Days that were in the way of an index have been pulled again.
            unfit = refused + warehouse.fit(feeds, _fitted)
    for feed, rows in ahead.items():
        notes.print(told_ahead(feed, rows), markup=False)
    more: dict[str, Any] = {"rows_ahead": {feed.schema: rows for feed, rows in ahead.items()}}
    if outdated:
        more["unfit"] = [str(item) for item in unfit]
    report(result, as_json=as_json, more=more)
    if unfit:
        _raise_unfit(unfit)


def _raise_unfit(unfit: Sequence[Fit]) -> None:
    raise DatabaseError("; ".join(map(str, unfit)), hint="Mend the cause, then run the same command.")


def _fitted(done: Fit) -> None:
    step(f"{done.feed.schema}.{done.relation}", done.kind)


def _is_later(text: str | None) -> bool:
    return text is not None and parse_day(text) > today_utc()


def refresh(
    template: Template,
    tenant: Tenants = None,
    everyone: Everyone = False,
    day: Annotated[
        str | None,
        typer.Option(
            "--date",
            metavar="DAY",
            help="The day (UTC): YYYY-MM-DD, today or yesterday. Default: today; with --days, the last of them, yesterday.",
        ),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option("--days", metavar="NUMBER", min=1, max=3660, help="A window of so many days, not one."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Pull all days of the window, also those that did not change.")
    ] = False,
    jobs: Jobs = 2,
    as_json: AsJson = False,
) -> None:
    """Pull one day again, or what changed in a window of days.

    Name the tenants with --tenant or --all. A refresh of today also pulls
    yesterday, if that was last loaded before it had ended. A day of a year that
    was folded is replaced inside the yearly table.

    With --days 14 the days are the 14 that end yesterday, and of a template
    with the key ahead also today and the days ahead. The source is asked
    once for a digest of each, and only those that differ from the digest of
    their last such refresh are pulled; --full pulls all and asks for none.

    Ends with 1 if a day failed; reports then go on seeing its earlier rows.
    """
    from tenantry.cli.progress import LoadProgress
    from tenantry.loader.run import Limits

    latest = latest_day(template) if _is_later(day) else None
    wanted = ended_or_today(day, latest=latest) if day else None
    if full and days is None:
        raise InputError(
            "--full is about a window of days", hint="Give --days NUMBER, too; one day is always pulled."
        )
    with chosen_feeds(template, tenant, everyone) as (warehouse, feeds), LoadProgress() as progress:
        result = ended(
            lambda: warehouse.refresh(
                feeds, wanted, days=days, full=full, limits=Limits(jobs), watcher=progress
            )
        )
    report(result, as_json=as_json, window=days is not None)
