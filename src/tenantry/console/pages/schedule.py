"""The schedule: the next 24 hours, every job with its last run, and the history of runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING

from starlette.routing import Route

from tenantry.console.draw.timeline import hours
from tenantry.console.page import Asked, Shown, page
from tenantry.console.paging import part

if TYPE_CHECKING:
    from tenantry.flow.job.runs import Run
    from tenantry.flow.job.table import Job
    from tenantry.schedule.agenda import Entry
    from tenantry.warehouse.results import Schedule

_JOBS = 100
"""Jobs on a page."""

_RUNS = 1000
"""How far back the history goes that is looked through for filters, in runs."""

_RUNS_SHOWN = 100

_FEW = 12
"""So many jobs get a row of their own on the timeline; more are put together by what they do."""

KINDS = {"hourly": "Today, each hour", "window": "The last days", "yearly": "Closed years", "other": "Others"}
"""What jobs do, in words."""


@dataclass(frozen=True)
class Row:
    """A row of the timeline: what it is called, how many jobs it stands for, and when they run."""

    name: str
    jobs: int
    moments: Sequence[datetime]


@dataclass(frozen=True)
class Line:
    """A job as the table shows it. `word` names it in commands and actions, also if several have its name."""

    entry: Entry
    last: Run | None
    level: str
    state: str
    word: str


def schedule(asked: Asked) -> Shown:
    """The page."""
    # Logins do not all see the same jobs.
    found, moments = asked.alike(f"schedule of {asked.viewer.login}", ("jobs",), lambda: _read(asked))
    now = datetime.now(UTC)
    names = Counter(entry.job.name for entry in found.entries)
    lines = [
        _line(
            entry,
            found.last.get(entry.job.jobid),
            entry.job.name
            if entry.job.name and names[entry.job.name] == 1 and not entry.job.name.isdigit()
            else str(entry.job.jobid),
        )
        for entry in found.entries
    ]
    levels = Counter(line.level for line in lines)
    wanted = sorted(_filtered(lines, asked.query), key=_order)
    jobs = [line.entry.job for line in wanted]
    facts = {
        "cron": found.cron,
        "leader": found.leader,
        "late": found.leader is not None and now - found.leader.alive_at > timedelta(seconds=60),
        "hidden_from": found.hidden_from,
        "all": len(lines),
        "levels": levels,
        "part": part(wanted, "/schedule", asked.query, _JOBS),
        "rows": _rows(jobs, moments),
        "now": now,
        "hours": hours(now),
        "kinds": KINDS,
    }
    return Shown("schedule.html", facts, topics=("jobs",))


def _read(asked: Asked) -> tuple[Schedule, Mapping[int, Sequence[datetime]]]:
    found = asked.warehouse.schedule()
    jobs = [entry.job for entry in found.entries]
    return found, asked.warehouse.runs_within(timedelta(hours=24), jobs)


def _line(entry: Entry, last: Run | None, word: str) -> Line:
    if not entry.job.active:
        return Line(entry, last, "off", "paused", word)
    if last is None:
        return Line(entry, last, "warn" if entry.next is None else "ok", "has not run yet", word)
    if last.ended is None:
        return Line(entry, last, "busy", last.status, word)
    return Line(entry, last, "ok" if last.status == "succeeded" else "bad", last.status, word)


_ORDER = ("bad", "warn", "busy", "ok", "off")


def _order(line: Line) -> tuple[int, datetime, int]:
    never = datetime.max.replace(tzinfo=UTC)
    return _ORDER.index(line.level), line.entry.next or never, line.entry.job.jobid


def _filtered(lines: Sequence[Line], query: Mapping[str, str]) -> list[Line]:
    words = query.get("q", "").lower().split()
    return [
        line
        for line in lines
        if query.get("state", "") in ("", line.level)
        and query.get("kind", "") in ("", line.entry.job.kind)
        and all(
            word in f"{line.entry.job.name} {line.entry.job.schema} {line.entry.job.template}".lower()
            for word in words
        )
    ]


def _rows(jobs: Sequence[Job], moments: Mapping[int, Sequence[datetime]]) -> list[Row]:
    active = [job for job in jobs if job.active]
    if len(active) <= _FEW:
        return [Row(str(job), 1, moments.get(job.jobid, ())) for job in active]
    made = []
    for kind, name in KINDS.items():
        own = [job for job in active if job.kind == kind]
        if own:
            made.append(Row(name, len(own), list(chain(*(moments.get(job.jobid, ()) for job in own)))))
    return made


def history(asked: Asked) -> Shown:
    """What the jobs did."""
    query = asked.query
    words = query.get("q", "").lower().split()
    order = query.get("order", "failed")
    jobs = {job.jobid: job for job in asked.warehouse.jobs()}
    chosen = [
        job
        for job in jobs.values()
        if all(word in f"{job.name} {job.schema} {job.template}".lower() for word in words)
    ]
    runs = asked.warehouse.past_runs(_RUNS, chosen if words else None, failed=order == "only")
    if order == "failed":
        runs.sort(key=lambda run: run.status != "failed")
    facts = {
        "jobs": jobs,
        "part": part(runs, "/schedule/history", query, _RUNS_SHOWN),
        "most": _RUNS if len(runs) == _RUNS else None,
        "order": order if order in ("failed", "only", "new") else "failed",
        "failed": sum(run.status == "failed" for run in runs),
    }
    return Shown("lists/history.html", facts, topics=("jobs",) if query.get("page", "1") == "1" else ())


ROUTES = [
    Route("/schedule", page(schedule), methods=["GET"]),
    Route("/schedule/history", page(history), methods=["GET"]),
]
