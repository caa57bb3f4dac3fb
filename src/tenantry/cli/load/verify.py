"""`tenantry verify`: the warehouse compared with its sources, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tenantry.cli.load.load import chosen_feeds, loadable
from tenantry.cli.options import AsJson, Everyone, Pause, Template, Tenants
from tenantry.cli.output import data, print_json, print_table
from tenantry.core.days import folded
from tenantry.core.errors import SliceError
from tenantry.core.words import count

if TYPE_CHECKING:
    from tenantry.flow.slice.compare import DayDifference
    from tenantry.loader.verify import FeedVerdict, Verdict


def verify(
    template: Template,
    tenant: Tenants = None,
    everyone: Everyone = False,
    first: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="DAY", help="First day (UTC): YYYY-MM-DD. Default: the first loaded day."
        ),
    ] = None,
    last: Annotated[
        str, typer.Option("--to", metavar="DAY", help="Last day (UTC), inclusive.")
    ] = "yesterday",
    number: Annotated[
        int | None,
        typer.Option(
            "--sample",
            metavar="NUMBER",
            min=1,
            help="Compare this many random days of each tenant.",
        ),
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Reload the days that differ, then compare them again.")
    ] = False,
    rows: Annotated[
        int,
        typer.Option(
            "--rows", metavar="NUMBER", min=0, help="Name at most this many differing rows per day."
        ),
    ] = 10,
    sessions: Annotated[
        int,
        typer.Option(
            "--sessions",
            metavar="NUMBER",
            min=1,
            help="Number of sessions that read from the sources at the same time.",
        ),
    ] = 1,
    pause: Pause = 0.0,
    as_json: AsJson = False,
) -> None:
    """Compare the warehouse with its sources, row by row.

    Each day is compared by a digest of all its rows and columns, which both
    sides compute. If a day differs, its rows are read from the source, and the
    rows and columns that differ are named. Nothing changes without --fix.

    A difference is a fault if the source has not changed since the load.
    Otherwise the source has changed, and the next refresh loads the change.
    Which of the two it is can only be told for days loaded by a refresh with
    --days.

    Exits with status 1 if a day differs or could not be compared.
    """
    from tenantry import Limits
    from tenantry.cli.progress import CompareProgress, LoadProgress

    begin = loadable(first, template) if first else None
    end = loadable(last, template)
    with chosen_feeds(template, tenant, everyone) as (warehouse, feeds):
        wanted = warehouse.days_to_verify(feeds, begin, end, sample=number)
        with CompareProgress(sum(map(len, wanted.values()))) as watch:
            verdict = warehouse.verify_days(
                wanted, sessions=sessions, pause=pause, most_rows=rows, compared=watch
            )
        if fix and any(feed.different for feed in verdict.feeds):
            if not as_json:
                _report(verdict, as_json=False)
            with LoadProgress() as progress:
                verdict = warehouse.fix(
                    verdict, limits=Limits(sessions, pause), watcher=progress, most_rows=rows
                )
    _report(verdict, as_json=as_json)
    if not verdict.agrees:
        different = sum(len(f.different) for f in verdict.feeds)
        failed = sum(len(f.failed) for f in verdict.feeds)
        parts = [f"{count(different, 'day differs', 'days differ')} from the source"] if different else []
        parts += [f"{failed} could not be compared"] if failed else []
        raise SliceError(", ".join(parts), hint=None if fix else "To reload the days that differ: --fix.")


def _report(verdict: Verdict, *, as_json: bool) -> None:
    if as_json:
        print_json(**_summary(verdict))
        return
    print_table(
        None,
        ("tenant", "template", "days#", "rows#", "differ#", "not compared#"),
        [
            (f.feed.schema, f.feed.template, f.days, f.rows, len(f.different), len(f.failed))
            for f in verdict.feeds
        ],
    )
    data.print(
        f"{count(sum(f.rows for f in verdict.feeds), 'row')} compared in {verdict.seconds:.1f} s",
    )
    for feed in verdict.feeds:
        for day in sorted(feed.different, key=lambda day: day.day):
            _print_day(day)
        for span in folded(list(feed.failed)):
            data.print(f"{feed.feed} {span}: not compared: {feed.failed[span.first]}")


_CAUSES = {
    True: "the source has not changed since the load",
    False: "the source has changed since the load",
    None: "it is not known whether the source has changed since the load",
}


def _print_day(day: DayDifference) -> None:
    data.print(
        f"{day.feed} {day.day}: {count(day.warehouse_rows, 'row')}, the source has {day.source_rows:,}; {day.differing:,}"
        f" {'differs' if day.differing == 1 else 'differ'}; {_CAUSES[day.fault]}",
    )
    for row in day.rows:
        columns = f": {', '.join(row.columns)}" if row.columns else ""
        data.print(f"  {row.kind} {row.key}{columns}")
    if day.differing > len(day.rows):
        data.print(f"  and {day.differing - len(day.rows):,} more")


def _summary(verdict: Verdict) -> dict[str, Any]:
    return {
        "agrees": verdict.agrees,
        "duration_seconds": round(verdict.seconds, 3),
        "feeds": [_feed_summary(feed) for feed in verdict.feeds],
    }


def _feed_summary(found: FeedVerdict) -> dict[str, Any]:
    return {
        "tenant": found.feed.schema,
        "template": found.feed.template,
        "days": found.days,
        "rows": found.rows,
        "different": [
            {
                "day": day.day,
                "source_rows": day.source_rows,
                "warehouse_rows": day.warehouse_rows,
                "differing_rows": day.differing,
                "fault": day.fault,
                "rows": day.rows,
            }
            for day in found.different
        ],
        "not_compared": [{"day": day, "error": error} for day, error in found.failed.items()],
    }
