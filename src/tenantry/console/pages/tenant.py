"""A tenant: the state and the calendar of each of its feeds, rows a day, its source, jobs, log and audit trail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from tenantry.console import draw
from tenantry.console.judged import judged
from tenantry.console.page import Asked, Missing, Shown, page
from tenantry.console.pages.names import found, part
from tenantry.console.routes import Named
from tenantry.core.days import Span, today_utc
from tenantry.core.errors import InputError, NotInstalled
from tenantry.core.model import Feed, FeedStatus
from tenantry.core.visible import visible
from tenantry.core.words import count

if TYPE_CHECKING:
    from tenantry.observe.slices import CalendarDay

_YEARS = 3
"""Calendars on one page: more of them would make it slow."""

_NEWEST = 12
"""Entries of the log and of the audit trail."""

_LOG = timedelta(days=30)

_SETTLED = timedelta(days=31)
"""How long after a year's end late rows may still arrive; then it can be folded."""

_BAD = ("failed", "missing", "unpopulated")


@dataclass(frozen=True)
class Month:
    """A month of a feed: the days that are expected or known by state, their rows, and how bad the worst of them is."""

    first: date
    days: int
    states: Counter[str]
    rows: int
    level: str

    @property
    def told(self) -> str:
        """The days by state, in words."""
        return ", ".join(f"{number:,} {state}" for state, number in self.states.most_common()) or "no days"


@dataclass(frozen=True)
class YearOf:
    """A year of a feed: its months, its calendar, and whether it can be folded."""

    number: int
    months: Sequence[Month]
    states: Counter[str]
    rows: int
    calendar: Markup
    foldable: bool
    told: str


def tenant(asked: Asked) -> Shown:
    """The page."""
    name = asked.path["tenant"]
    warehouse = asked.warehouse
    facts = found(lambda: warehouse.tenant(name))
    feeds = warehouse.status(name)
    feed = _chosen(feeds, asked.query.get("template"))
    shown = {
        "tenant": facts,
        "connection": warehouse.connection(facts.connection),
        "feeds": [(one, *judged(one)) for one in feeds],
        "feed": feed,
        "jobs": _jobs(asked, name),
        "log": warehouse.logs(tenant=name, since=_LOG, most=_NEWEST)[::-1],
        "audit": _audit(asked, name),
    }
    if feed is not None:
        shown |= _days(asked, feed) | {"own_query": feed.template in facts.own_queries}
    return Shown("tenant.html", shown, topics=("slices", "tenants", "jobs", "logs", "audit", "templates"))


def _chosen(feeds: Sequence[FeedStatus], template: str | None) -> FeedStatus | None:
    if template is None:
        return feeds[0] if feeds else None
    for feed in feeds:
        if feed.template == template:
            return feed
    raise Missing(f'the tenant has no template "{template}"')


def _days(asked: Asked, feed: FeedStatus) -> dict[str, Any]:
    """What the page shows of the days: all years, or the newest ones; of one year that is asked for, also a month day by day."""
    days = asked.warehouse.calendar(Feed(feed.tenant, feed.template, feed.connection, feed.storage))
    years = sorted({day.day.year for day in days}, reverse=True)
    chosen = _number(asked.query.get("year"), years)
    month = _number(asked.query.get("month"), range(1, 13)) if chosen else None
    wanted = [chosen] if chosen else years[:_YEARS]
    address = f"/tenants/{part(feed.tenant)}/{part(feed.template)}/"
    shown = [_year(number, [day for day in days if day.day.year == number], address) for number in wanted]
    listed = [day for day in days if (day.day.year, day.day.month) == (chosen, month)]
    return {
        "level": judged(feed),
        "years": shown,
        "other_years": [year for year in years if year not in wanted],
        "year": chosen,
        "month": date(chosen, month, 1) if chosen and month else None,
        "listed": listed,
        **_chart(feed, days, wanted),
    }


def _number(text: str | None, known: Sequence[int]) -> int | None:
    if not text:
        return None
    if text.isascii() and text.isdigit() and int(text[:6]) in known:
        return int(text[:6])
    raise Missing("there is nothing of that time")


def _year(number: int, days: Sequence[CalendarDay], address: str) -> YearOf:
    states = Counter(day.state for day in days)
    months = [_month(date(number, month, 1), days) for month in range(1, 13)]
    cells = {day.day: (day.state, _told(day)) for day in days}
    whole = (
        sum(states[state] for state in ("loaded", "outdated"))
        == (date(number, 12, 31) - date(number, 1, 1)).days + 1
    )
    settled = date(number, 12, 31) < today_utc() - _SETTLED
    told = ", ".join(f"{days:,} {state}" for state, days in states.most_common())
    return YearOf(
        number,
        months,
        states,
        sum(day.rows or 0 for day in days),
        draw.calendar.year(number, cells, address),
        whole and settled,
        told,
    )


def _told(day: CalendarDay) -> str:
    rows = "" if day.rows is None else f", {count(day.rows, 'row')}"
    return f"{day.day:%a} {day.day}: {day.state}{rows}"


def _month(first: date, days: Sequence[CalendarDay]) -> Month:
    own = [day for day in days if day.day.month == first.month]
    states = Counter(day.state for day in own)
    bad = any(states[state] for state in _BAD)
    level = "bad" if bad else "warn" if states["stale"] or states["outdated"] else "ok"
    return Month(first, len(own), states, sum(day.rows or 0 for day in own), level)


def _chart(feed: FeedStatus, days: Sequence[CalendarDay], years: Sequence[int]) -> dict[str, Any]:
    """Rows a day from the first day of the oldest year shown to the last one of the newest."""
    if not years:
        return {"chart": None}
    rows = {day.day: day.rows or 0 for day in days}
    numbers = [rows.get(day, 0) for day in Span(date(min(years), 1, 1), date(max(years), 12, 31))]
    loaded = [day.rows for day in days if day.rows is not None and day.day.year in years]
    spoken = f"{years[-1]} to {years[0]}" if len(years) > 1 else f"{years[0]}"
    label = f"Rows a day of {visible(feed.tenant)}.{visible(feed.template)}, {spoken}"
    if loaded:
        label += f": {min(loaded):,} to {max(loaded):,}, {sum(loaded) / len(loaded):,.0f} on average"
    highest = draw.chart.top(numbers)
    one = len(years) == 1
    axis = (
        [f"{date(2000, month, 1):%b}" for month in range(1, 13)] if one else [str(y) for y in sorted(years)]
    )
    return {
        "chart": draw.chart.bars(numbers, label, len(axis)),
        "chart_label": label,
        "y_axis": [f"{number:,}" for number in (highest, highest // 2, 0)],
        "x_axis": axis,
    }


def _jobs(asked: Asked, name: str) -> list[tuple[Any, Any]]:
    """The tenant's jobs, each with its last run, if any."""
    try:
        schedule = asked.warehouse.schedule([name])
    except InputError:
        return []
    return [(entry, schedule.last.get(entry.job.jobid)) for entry in schedule.entries]


def _audit(asked: Asked, name: str) -> list[Any] | None:
    """The newest entries about the tenant; None if the warehouse has no trail."""
    try:
        return asked.warehouse.audit(about=name, most=_NEWEST)[::-1]
    except NotInstalled:
        return None


ROUTES = [Named("/tenants/{tenant}", page(tenant))]
