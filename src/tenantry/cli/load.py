"""`tenantry backfill` and `tenantry refresh`: pull slices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tenantry.cli import complete
from tenantry.cli.interrupted import tell
from tenantry.cli.output import data, notes, print_json, print_table, step
from tenantry.cli.target import connected
from tenantry.core import advice
from tenantry.core.days import Span, folded, parse_day, today_utc
from tenantry.core.errors import DatabaseError, InputError, SliceError
from tenantry.core.model import Feed

if TYPE_CHECKING:
    import psycopg

    from tenantry.flow.template_fit import Fit
    from tenantry.loader import backfill as loader
    from tenantry.loader.again import Comparison

Template = Annotated[
    str,
    typer.Argument(
        metavar="TEMPLATE",
        help="The template: what to pull, such as foodlogstats.",
        autocompletion=complete.templates,
    ),
]
Tenants = Annotated[
    list[str] | None,
    typer.Option(
        "--tenant",
        metavar="NAME",
        help="A tenant, by its schema; may be given several times.",
        autocompletion=complete.tenants,
    ),
]
Everyone = Annotated[
    bool, typer.Option("--all", help="All tenants that use the template, but those that are disabled.")
]
Jobs = Annotated[
    int, typer.Option(metavar="NUMBER", min=1, max=8, help="Sessions on each source at the most.")
]
Pause = Annotated[
    float, typer.Option(metavar="SECONDS", min=0, help="Rest after each slice, to spare the source.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@contextmanager
def chosen_feeds(
    template: str, names: Sequence[str] | None, everyone: bool
) -> Iterator[tuple[str, list[Feed]]]:
    """The conninfo of the warehouse, and the feeds that --tenant and --all name; --all leaves out disabled tenants, and says so.

    Raises InputError for an unknown name, or for none at all; and what `warehouse` raises.
    """
    from tenantry.db.errors import translated

    with connected() as (conninfo, opened):
        with translated():
            feeds = _feeds(opened, template, names, everyone)
        opened.close()
        yield conninfo, feeds


def _feeds(
    opened: psycopg.Connection, template: str, names: Sequence[str] | None, everyone: bool
) -> list[Feed]:
    from tenantry.flow import states
    from tenantry.flow import template as templates
    from tenantry.flow import tenant as tenants

    if bool(names) == everyone:
        raise InputError("say which tenants", hint="Give --tenant NAME (once or more) or --all.")
    if names:
        return [tenants.find_feed(opened, template, name) for name in dict.fromkeys(names)]
    templates.require(opened, template)
    found = tenants.feeds(opened, template)
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


def ended_or_today(text: str, latest: date | None = None) -> date:
    """A day that has begun in UTC, or is not after `latest`. Raises InputError for a later one."""
    day = parse_day(text)
    if day > (latest or today_utc()):
        if latest and latest > today_utc():
            raise InputError(f"{day} is after {latest}, the last day that the template asks for")
        raise InputError(f"{day} has not begun in UTC, where it is {today_utc()}")
    return day


def latest_day(template: str, conninfo: str | None = None) -> date:
    """The last day that may be loaded: today in UTC, or so many days later as the template asks for."""
    from tenantry.db.connect import session
    from tenantry.flow import slices

    if conninfo is None:
        with connected() as (_, opened):
            return slices.latest(opened, template)
    with session(conninfo) as opened:
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
    from tenantry.loader import backfill as loader

    latest = latest_day(template) if _is_later(first) or _is_later(last) else None
    begin = ended_or_today(first, latest=latest) if first else None
    end = ended_or_today(last, latest=latest) if last else None
    if begin and end:
        Span(begin, end)
    with chosen_feeds(template, tenant, everyone) as (conninfo, feeds):
        unfit = _fit(conninfo, feeds) if outdated else []
        # Into a table that is ranged by another column nothing can be loaded.
        refused = [item for item in unfit if item.kind == "ranges"]
        feeds = [feed for feed in feeds if feed not in {item.feed for item in refused}]
        if refused and not feeds:
            _raise_unfit(refused)
        if begin:
            plans = loader.plan(
                conninfo,
                feeds,
                Span(begin, end or latest_day(template, conninfo)),
                reload=reload,
                outdated=outdated,
            )
        else:
            plans = loader.plan_whole(conninfo, feeds, end, reload=reload, outdated=outdated)
        for plan in plans:
            if plan.left_out:
                notes.print(f"{plan.feed}: {plan.left_out}", markup=False)
        with LoadProgress() as progress:
            result = loader.run(conninfo, plans, loader.Limits(jobs, pause), progress)
        ahead = {} if result.interrupted else loader.rows_ahead(conninfo, feeds)
        if outdated and not result.interrupted:
            # Days that were in the way of an index have been pulled again.
            unfit = refused + _fit(conninfo, feeds)
    for feed, rows in ahead.items():
        notes.print(loader.told_ahead(feed, rows), markup=False)
    more: dict[str, Any] = {"rows_ahead": {feed.schema: rows for feed, rows in ahead.items()}}
    if outdated:
        more["unfit"] = [str(item) for item in unfit]
    report(result, as_json=as_json, more=more)
    if unfit:
        _raise_unfit(unfit)


def _raise_unfit(unfit: Sequence[Fit]) -> None:
    raise DatabaseError("; ".join(map(str, unfit)), hint="Mend the cause, then run the same command.")


def _fit(conninfo: str, feeds: Sequence[Feed]) -> list[Fit]:
    from tenantry.db.connect import session
    from tenantry.flow import template_fit

    with session(conninfo, name="tenantry backfill") as opened:
        return template_fit.run(
            opened, feeds, lambda done: step(f"{done.feed.schema}.{done.relation}", done.kind)
        )


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
    from tenantry.loader import backfill as loader

    latest = latest_day(template) if _is_later(day) else None
    last = ended_or_today(day or ("today" if days is None else "yesterday"), latest=latest)
    if full and days is None:
        raise InputError(
            "--full is about a window of days", hint="Give --days NUMBER, too; one day is always pulled."
        )
    with chosen_feeds(template, tenant, everyone) as (conninfo, feeds):
        span = Span(last - timedelta(days=(days or 1) - 1), last)
        if days and day is None and (later := latest_day(template, conninfo)) > last + timedelta(days=1):
            span = Span(span.first, later)
        if days is None:
            plans = loader.plan_day(conninfo, feeds, last)
        elif full:
            plans = loader.plan(conninfo, feeds, span, reload=True)
        else:
            plans = loader.plan_changed(feeds, span)
        with LoadProgress() as progress:
            result = loader.run(conninfo, plans, loader.Limits(jobs), progress)
    report(result, as_json=as_json, window=days is not None)


def report(
    result: loader.Result,
    *,
    as_json: bool,
    window: bool = False,
    compared: Sequence[Comparison] | None = None,
    go_on: str = "run the same command: it loads only what is missing",
    more: Mapping[str, Any] | None = None,
) -> None:
    """Print how a load ended; of a `window` how many days were unchanged, and how days `compared` with their sources.

    `go_on` says how to go on with what was not loaded; `more` is added to the JSON.

    Raises SliceError if a slice is missing or differs from the source, Exit(130) if it was interrupted.
    """
    if as_json:
        told = summary(result) | dict(more or {})
        print_json(told if compared is None else told | {"different_days": different_days(compared)})
    else:
        print_table(
            None,
            (
                "tenant",
                "template",
                "loaded#",
                "rows#",
                "unchanged#" if window else "there before#",
                "failed#",
                "not tried#",
            ),
            [
                (
                    f.feed.schema,
                    f.feed.template,
                    f.loaded,
                    f.rows,
                    f.unchanged if window else f.present,
                    len(f.failures),
                    f.not_tried,
                )
                for f in result.feeds
            ],
        )
        rate = result.rows / result.seconds if result.seconds else 0
        data.print(f"{result.rows:,} rows in {result.seconds:.1f} s ({rate:,.0f} rows/s)")
        _print_failures(result)
        for feed in result.feeds:
            if feed.unwanted:
                notes.print(
                    f"{feed.feed}: the source has earlier rows, of {feed.unwanted}, which were not chosen; to load them: "
                    f"tenantry backfill {feed.feed.template} --tenant {feed.feed.schema} --from {feed.unwanted.first}",
                    markup=False,
                )
        for comparison in compared or ():
            data.print(str(comparison), markup=False)
    if result.interrupted:
        tell(f"what was loaded is kept. To go on, {go_on}.")
    if not result.complete:
        raise SliceError(
            f"{_missing(result)}; all others are kept",
            hint=advice.before(go_on, [x.sqlstate for f in result.feeds for x in f.failures]),
        )
    if different := different_days(compared or ()):
        raise SliceError(
            f"{len(different)} {'day differs' if len(different) == 1 else 'days differ'} from the source",
            hint="Rows may have come in meanwhile: pull the days again.",
        )


def different_days(compared: Sequence[Comparison]) -> list[dict[str, Any]]:
    """The days that differ from their sources, as JSON."""
    return [
        {
            "tenant": comparison.feed.schema,
            "template": comparison.feed.template,
            "day": day.day,
            "source_rows": day.source_rows,
            "warehouse_rows": day.warehouse_rows,
        }
        for comparison in compared
        for day in comparison.different
    ]


def _missing(result: loader.Result) -> str:
    failed = sum(len(f.failures) for f in result.feeds)
    left = sum(f.not_tried for f in result.feeds)
    silent = [f.feed.schema for f in result.feeds if f.source_lost and not f.failures]
    parts = [f"{failed} {'slice' if failed == 1 else 'slices'} failed"] if failed else []
    if left:
        parts.append(f"{left} {'was' if left == 1 else 'were'} not tried")
    if silent:
        parts.append(f"the source of {', '.join(silent)} did not answer")
    parts += [
        f"the source of {f.feed} no longer keeps rows of {_spans(f.gone)}" for f in result.feeds if f.gone
    ]
    parts += [str(table) for f in result.feeds for table in f.not_indexed]
    return ", ".join(parts)


def _spans(days: Sequence[date]) -> str:
    found = folded(list(days))
    return ", ".join(str(span) for span in found[:3]) + (f" and {len(found) - 3} more" if found[3:] else "")


def _print_failures(result: loader.Result) -> None:
    by_reason: dict[tuple[Feed, str], list[Any]] = {}
    for feed in result.feeds:
        for failure in feed.failures:
            reason = failure.error.replace(f"{feed.feed} {failure.day}: ", "")
            by_reason.setdefault((feed.feed, reason), []).append(failure.day)
        if feed.source_lost and not feed.failures:
            by_reason[feed.feed, feed.source_lost] = []
    if by_reason:
        print_table(
            "Failed",
            ("tenant", "days", "error"),
            [
                (feed.schema, ", ".join(str(span) for span in folded(days)) or None, reason)
                for (feed, reason), days in by_reason.items()
            ],
        )


def summary(result: loader.Result) -> dict[str, Any]:
    """The result as JSON."""
    return {
        "complete": result.complete,
        "interrupted": result.interrupted,
        "rows": result.rows,
        "seconds": round(result.seconds, 3),
        "tenants": [
            {
                "tenant": f.feed.schema,
                "template": f.feed.template,
                "loaded": f.loaded,
                "rows": f.rows,
                "present": f.present,
                "unchanged": f.unchanged,
                "not_tried": f.not_tried,
                "source_lost": f.source_lost,
                "gone": list(f.gone),
                "before_first_day": f.unwanted and str(f.unwanted),
                "failed": [{"day": x.day, "error": x.error, "sqlstate": x.sqlstate} for x in f.failures],
                "not_indexed": [{"table": x.table, "error": x.reason} for x in f.not_indexed],
            }
            for f in result.feeds
        ],
    }
