"""The numbers of a warehouse for a monitoring system: one statement, which reads records and no rows.

Reading the records of years takes a second in a large fleet, and those of the last weeks a tenth of it. So a caller who
asks again and again hands in what was counted before (`Counted`), and only recent days are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg

from tenantry.db.queries import one_row, query

RECENT = 45
"""Days whose records are read each time."""

_MOST_RUNS = 20_000
"""Runs of jobs that are read, from the newest: pg_cron never deletes any, and has no index of their times."""


@dataclass(frozen=True)
class FeedMetrics:
    """A feed: its days by state, rows and bytes.

    A day may be in several states: a failed one may still have the rows of an earlier load. `due` is the number of days
    from the beginning of the feed's span to yesterday, and `present` how many of them are loaded. `unconfirmed` days are
    recorded as loaded, but their relation was rewritten or dropped since. `last_day` is the last day that was loaded
    after it had ended. `slowest` is the longest load of a day, in seconds, among those of the last 24 hours.
    `bytes` is None if the feed has no relation.
    `differing` and `unverified` are the days of the last comparison that differed, and that could not be compared.
    """

    tenant: str
    template: str
    disabled: bool
    due: int
    present: int
    loaded: int
    missing: int
    failed: int
    stale: int
    outdated: int
    unconfirmed: int
    rows: int
    bytes: int | None
    last_day: date | None
    last_load: datetime | None
    slowest: float | None
    verified_at: datetime | None
    differing: int | None
    unverified: int | None


@dataclass(frozen=True)
class JobMetrics:
    """A job. `runs` and `failures` ended in the last 24 hours; `status`, `started` and `ended` are of the last run that began."""

    jobid: int
    name: str
    active: bool
    runs: int
    failures: int
    status: str | None
    started: datetime | None
    ended: datetime | None
    succeeded: datetime | None


@dataclass(frozen=True)
class SchedulerMetrics:
    """The scheduler that leads: when it was last alive, and up to when it has looked for jobs that are due."""

    alive_at: datetime
    last_tick: datetime


@dataclass(frozen=True)
class BackupMetrics:
    """The last backup: when it was written, and its size."""

    made_at: datetime
    bytes: int


@dataclass(frozen=True)
class Counted:
    """What was counted of the days before `turn`, by tenant, template and the feed's creation; read every day again after a while."""

    at: datetime
    turn: date
    feeds: Mapping[tuple[str, str, float], Mapping[str, Any]] = field(repr=False)


@dataclass(frozen=True)
class Metrics:
    """The numbers of a warehouse at a moment of its own clock.

    `password_ages` are seconds by connection; connections whose password's age is not known are left out. `own_cron` says
    whether Tenantry's own scheduler has to run the jobs, and `scheduler` is the one that leads, if any does.
    `locks_held` are in the server's lock table, which has room for `locks_limit`. `counted` is for the next call.
    """

    at: datetime
    feeds: Sequence[FeedMetrics]
    jobs: Sequence[JobMetrics]
    password_ages: Mapping[str, float]
    own_cron: bool
    scheduler: SchedulerMetrics | None
    last_backup: BackupMetrics | None
    locks_held: int
    locks_limit: int
    counted: Counted = field(repr=False)


def read(session: psycopg.Connection, counted: Counted | None = None) -> Metrics:
    """The numbers now; with `counted`, its days are not read again."""
    names = {
        "since": counted.turn if counted else None,
        "recent": RECENT,
        "most_runs": _MOST_RUNS,
    }
    now, today, turn, feeds, jobs, ages, own, leader, backup, held, limit = one_row(
        session, query("activity", "metrics"), names
    )
    at = _moment(now)
    known = counted or Counted(at, turn, {_key(row): _former(row) for row in feeds})
    return Metrics(
        at=at,
        feeds=[_feed(row, known.feeds.get(_key(row), {}), today) for row in feeds],
        jobs=[
            JobMetrics(
                row["jobid"],
                row["name"] or f"job {row['jobid']}",
                row["active"],
                row["runs"],
                row["failures"],
                row["status"],
                _moment(row["started"]),
                _moment(row["ended"]),
                _moment(row["succeeded"]),
            )
            for row in jobs
        ],
        password_ages={row["connection"]: row["age"] for row in ages},
        own_cron=bool(own),
        scheduler=SchedulerMetrics(_moment(leader["alive"]), _moment(leader["tick"])) if leader else None,
        last_backup=BackupMetrics(_moment(backup["at"]), backup["bytes"]) if backup else None,
        locks_held=held,
        locks_limit=limit,
        counted=known,
    )


def _key(row: Mapping[str, Any]) -> tuple[str, str, float]:
    return row["tenant"], row["template"], row["created_at"]


def _former(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is kept of a feed until its former days are read again."""
    kept: dict[str, Any] = dict(row["former"] or {})
    return kept | {name: row[name] for name in ("unrecorded", "unrecorded_due", "unrecorded_last", "bytes")}


def _feed(row: Mapping[str, Any], former: Mapping[str, Any], today: date) -> FeedMetrics:
    recent: Mapping[str, Any] = row["recent"] or {}

    def total(name: str) -> int:
        return int(former.get(name) or 0) + int(recent.get(name) or 0)

    def latest(name: str) -> Any:
        found = [part[name] for part in (former, recent) if part.get(name) is not None]
        return max(found, default=None)

    by_hand, by_hand_due = int(former.get("unrecorded") or 0), int(former.get("unrecorded_due") or 0)
    due = max((today - date.fromisoformat(row["first_day"])).days, 0) if row["first_day"] else 0
    present = total("due") + by_hand_due
    days = [former.get("unrecorded_last"), latest("last_day")]
    last_day = max((date.fromisoformat(day) for day in days if day), default=None)
    return FeedMetrics(
        tenant=row["tenant"],
        template=row["template"],
        disabled=row["disabled"],
        due=due,
        present=present,
        loaded=total("loaded") + by_hand,
        missing=max(due - present - total("unconfirmed_due"), 0),
        failed=total("failed"),
        stale=total("stale"),
        outdated=total("outdated"),
        unconfirmed=total("unconfirmed"),
        rows=total("rows"),
        bytes=former.get("bytes"),
        last_day=min(last_day, today - timedelta(days=1)) if last_day else None,
        last_load=_moment(latest("last_load")),
        slowest=latest("slowest"),
        verified_at=_moment(row["verified_at"]),
        differing=row["differing"],
        unverified=row["unverified"],
    )


def _moment(seconds: Any) -> Any:
    """A time in UTC from seconds since 1970; None of None."""
    return None if seconds is None else datetime.fromtimestamp(float(seconds), UTC)
