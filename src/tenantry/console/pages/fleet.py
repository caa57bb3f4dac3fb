"""The fleet: each feed with its state, its last days, and the job that loads it next. What is wrong comes first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.routing import Route

from tenantry.console.judged import LEVELS, judged
from tenantry.console.page import Asked, Shown, page
from tenantry.core.model import FeedStatus


@dataclass(frozen=True)
class Line:
    """A feed as the page shows it: how bad its state is, why, and the action that mends it, as a name and its arguments."""

    feed: FeedStatus
    strip: str
    level: str
    why: str
    mend: tuple[str, str] | None
    next_run: datetime | None


_SORTS: dict[str, Callable[[Line], Any]] = {
    "state": lambda line: (LEVELS.index(line.level), line.feed.tenant, line.feed.template),
    "tenant": lambda line: (line.feed.tenant, line.feed.template),
    "template": lambda line: (line.feed.template, line.feed.tenant),
    "rows": lambda line: -line.feed.rows,
    "bytes": lambda line: -line.feed.bytes,
    "load": lambda line: (line.feed.last_load is not None, line.feed.last_load),
}


def fleet(asked: Asked) -> Shown:
    """The page."""
    topics = ("slices", "tenants", "templates")
    feeds = asked.alike("status", topics, asked.warehouse.status)
    strips = asked.alike("recent", topics, asked.warehouse.recent)
    # Logins do not all see the same jobs.
    runs = asked.alike(f"next runs of {asked.viewer.login}", ("jobs",), lambda: _next_runs(asked))
    lines = [_line(feed, strips.get((feed.tenant, feed.template), ""), runs) for feed in feeds]
    counts = {level: sum(line.level == level for line in lines) for level in LEVELS}
    wanted = _filtered(lines, asked.query)
    sort = asked.query.get("sort", "state")
    wanted.sort(key=_SORTS.get(sort, _SORTS["state"]))
    facts = {
        "lines": wanted,
        "all": len(lines),
        "counts": counts,
        "sort": sort if sort in _SORTS else "state",
        "templates": sorted({feed.template for feed in feeds}),
        "rows": sum(feed.rows for feed in feeds),
        "bytes": sum(feed.bytes for feed in feeds),
        "tenants": len({feed.tenant for feed in feeds}),
        "waiting": len(asked.warehouse.waiting_jobs()),
    }
    return Shown("fleet.html", facts, topics=("slices", "tenants", "jobs", "templates"))


def _next_runs(asked: Asked) -> dict[tuple[str, str], datetime]:
    """By tenant and template, when its next job begins."""
    found: dict[tuple[str, str], datetime] = {}
    for entry in asked.warehouse.schedule().entries:
        if entry.next is None or entry.job.schema is None:
            continue
        key = (entry.job.schema, entry.job.template or "")
        found[key] = min(entry.next, found.get(key, entry.next))
    return found


def _line(feed: FeedStatus, strip: str, runs: dict[tuple[str, str], datetime]) -> Line:
    level, why, mend = judged(feed)
    at = runs.get((feed.tenant, feed.template)) or runs.get((feed.tenant, ""))
    return Line(feed, strip, level, why, mend, at)


def _filtered(lines: Sequence[Line], query: dict[str, str] | Any) -> list[Line]:
    words = query.get("q", "").lower().split()
    return [
        line
        for line in lines
        if query.get("state", "") in ("", line.level)
        and query.get("template", "") in ("", line.feed.template)
        and all(
            word in f"{line.feed.tenant} {line.feed.template} {line.feed.state}".lower() for word in words
        )
    ]


ROUTES = [Route("/", page(fleet))]
