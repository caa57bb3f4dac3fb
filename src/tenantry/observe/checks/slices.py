"""Days that are missing, failed, stale or late, and years to fold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, timedelta

from psycopg import sql

from tenantry.core.days import Span, folded
from tenantry.core.words import count, some
from tenantry.observe.checks import jobs
from tenantry.observe.checks.feeds import Feed
from tenantry.observe.checks.finding import Check, Examined, Finding, Severity, tenantry

_LATE = timedelta(hours=26)
"""A feed that is loaded every night is late if nothing has been loaded for this long."""

_LATE_HOURLY = timedelta(hours=2, minutes=15)
"""The same for a feed that is loaded every hour: it may miss one load."""


def _slices(examined: Examined) -> Iterator[Finding]:
    unfit = {(schema, template) for schema, template, *_ in examined.unfit}
    for feed in examined.feeds:
        failed = feed.failed
        if failed:
            reason = f"the last load of {some(failed)} failed: {feed.error}"
            yield Finding(_grave(feed), str(feed), reason, _backfill(feed, failed))
        if feed.missing:
            reason = f"{some(feed.missing)} {'is' if _one(feed.missing) else 'are'} missing"
            yield Finding(_grave(feed), str(feed), reason, _backfill(feed, feed.missing))
        if feed.stale and not feed.disabled:
            reason = f"{some(feed.stale)} {_was(feed.stale)} loaded before the day had ended, and not since"
            yield Finding(Severity.WARNING, str(feed), reason, _backfill(feed, feed.stale))
        if feed.outdated:
            reason = (
                f"{some(feed.outdated)} {_was(feed.outdated)} made before its query or columns were changed"
            )
            mend = _backfill(feed, feed.outdated) + " --reload"
            if (feed.schema, feed.template) in unfit:
                # Its tables come first: some of them accept no load before that.
                words = ["--from", feed.outdated[0].first] if not feed.range_capable else []
                mend = tenantry("backfill", feed.template, "--tenant", feed.schema, "--outdated", *words)
            yield Finding(Severity.NOTE, str(feed), reason, mend)


def _records(examined: Examined) -> Iterator[Finding]:
    for schema, template, days in examined.rows("unbound"):
        adopt = sql.SQL(
            "SELECT _wh_internal.adopt_days(f) FROM _wh.feeds f WHERE f.schema_name = {} AND f.template_name = {};"
        ).format(sql.Literal(schema), sql.Literal(template))
        yield Finding(
            Severity.NOTE,
            f"{schema}.{template}",
            f"the tables of {count(days, 'day')} were rewritten since their load; their rows are counted each time until that is recorded",
            adopt.as_string(),
            safe=True,
        )
    if not examined.count_rows:
        return
    for schema, template, days, recorded, stored in examined.rows("miscounted"):
        yield Finding(
            Severity.ERROR,
            f"{schema}.{template}",
            f"{some(folded(days))} {'has' if len(days) == 1 else 'have'} {count(stored, 'row')}, and {recorded:,} were loaded",
            tenantry(
                "backfill", template, "--tenant", schema, "--from", days[0], "--to", days[-1], "--reload"
            ),
        )


def _rows(examined: Examined) -> Iterator[Finding]:
    for schema, template, day, usual in examined.rows("empty_days"):
        yield Finding(
            Severity.NOTE,
            f"{schema}.{template}",
            f"{day} has no rows; the same weekday has {usual:,} on average",
            tenantry("refresh", template, "--tenant", schema, "--date", day),
        )


def _growth(examined: Examined) -> Iterator[Finding]:
    for schema, template, before, lately in examined.rows("growth"):
        yield Finding(
            Severity.NOTE,
            f"{schema}.{template}",
            f"{'grew' if lately > before else 'shrank'} from {count(before, 'row')} in four weeks to {lately:,}",
            tenantry("sizes", "--tenant", schema),
        )


def _freshness(examined: Examined) -> Iterator[Finding]:
    hourly = jobs.loaded_hourly(examined)
    now = examined.rows("now")[0][0]
    for feed in examined.feeds:
        # A disabled tenant is left alone: enabling it catches up.
        if feed.disabled:
            continue
        of = (feed.template, "--tenant", feed.schema)
        limit = _LATE_HOURLY if (feed.schema, feed.template) in hourly else _LATE
        if feed.last_load is None:
            yield Finding(Severity.WARNING, str(feed), "nothing was ever loaded", tenantry("backfill", *of))
        else:
            today = now.astimezone(UTC).date()
            newest = feed.last_day(today)
            behind = newest is None or newest < today - timedelta(days=1)
            if behind or now - feed.last_load > limit:
                yield Finding(
                    Severity.ERROR if behind else Severity.WARNING,
                    str(feed),
                    f"the newest day is {newest}; the last load was {_ago(now - feed.last_load)} ago",
                    tenantry("backfill" if behind else "refresh", *of),
                )


def _ago(age: timedelta) -> str:
    hours = age.total_seconds() / 3600
    return count(round(hours), "hour") if hours < 72 else count(round(hours / 24), "day")


def _years(examined: Examined) -> Iterator[Finding]:
    today = examined.rows("now")[0][0].astimezone(UTC).date()
    for feed in examined.feeds:
        of = ("--tenant", feed.schema)
        for year, days in feed.years:
            # In January, late rows of December still arrive.
            if today < date(year + 1, 2, 1):
                continue
            length = (date(year + 1, 1, 1) - date(year, 1, 1)).days
            if days == length:
                # A year of materialized views costs every report planning time, and takes space in the lock
                # table.
                yield Finding(
                    Severity.WARNING if feed.daily else Severity.NOTE,
                    str(feed),
                    f"{year} is complete, and not folded into a yearly table",
                    tenantry("year", "fold", feed.template, year, *of),
                )
            else:
                yield Finding(
                    Severity.NOTE,
                    str(feed),
                    f"{year} has {days} of {length} days: as it is, it cannot be folded",
                    tenantry(
                        "backfill", feed.template, *of, "--from", f"{year}-01-01", "--to", f"{year}-12-31"
                    ),
                )


def _grave(feed: Feed) -> Severity:
    return Severity.NOTE if feed.disabled else Severity.ERROR


def _was(spans: Sequence[Span]) -> str:
    return "was" if _one(spans) else "were"


def _one(spans: Sequence[Span]) -> bool:
    return sum(map(len, spans)) == 1


def _backfill(feed: Feed, spans: Sequence[Span]) -> str:
    first, last = spans[0].first, spans[-1].last
    return tenantry("backfill", feed.template, "--tenant", feed.schema, "--from", first, "--to", last)


SLICES = Check("slices", "Is every day present, complete, and made by the current template?", True, _slices)
RECORDS = Check("records", "Are all the rows present that the records name?", True, _records)
ROWS = Check("rows", "Did yesterday bring rows, as that weekday usually does?", True, _rows)
GROWTH = Check("growth", "Do the last four weeks hold about as many rows as those before?", True, _growth)
FRESHNESS = Check("freshness", "Is the data that reports see recent enough?", True, _freshness)
YEARS = Check("years", "Are there closed years to fold?", True, _years)
