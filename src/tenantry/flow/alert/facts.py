"""The facts by which alerts are judged: jobs and their last runs, feeds, comparisons with sources, and the scheduler."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import psycopg

from tenantry.db.queries import one_row, query
from tenantry.flow.job import runs, table
from tenantry.flow.job.runs import Leader, Run
from tenantry.flow.job.table import Cron, Job


@dataclass(frozen=True)
class FeedFacts:
    """A feed of an enabled tenant: since when it is known, and when it was last loaded (None: never)."""

    tenant: str
    template: str
    created_at: datetime
    last_load: datetime | None


@dataclass(frozen=True)
class Differing:
    """The days of a feed that differed from the source when they were last compared, and have not been loaded since.

    `fault`: one of them differs although its source has not changed since the load.
    """

    tenant: str
    template: str
    verified_at: datetime
    days: Sequence[date]
    fault: bool


@dataclass(frozen=True)
class Trouble:
    """A finding of one of doctor's checks."""

    check: str
    severity: Literal["error", "warning"]
    subject: str
    reason: str


@dataclass(frozen=True)
class Facts:
    """What alerts are judged by. Jobs are active ones; `zone` is the time zone of their schedules' hours.

    `troubles` is None if doctor's checks did not run this time.
    """

    now: datetime
    cron: Cron | None
    zone: str
    leader: Leader | None
    jobs: Sequence[tuple[Job, Run | None]]
    feeds: Sequence[FeedFacts]
    differing: Sequence[Differing]
    troubles: Sequence[Trouble] | None = None


def read(session: psycopg.Connection, troubles: Sequence[Trouble] | None = None) -> Facts:
    """Read the facts; no source is asked."""
    last = runs.last_runs(session)
    kept = table.cron(session)
    return Facts(
        now=one_row(session, query("alert", "look"))[0],
        cron=kept,
        zone=runs.zone(session),
        leader=runs.leader(session),
        jobs=[(job, last.get(job.jobid)) for job in table.all_jobs(session) if job.active] if kept else [],
        feeds=[FeedFacts(*row) for row in session.execute(query("alert", "feeds"))],
        differing=[Differing(*row) for row in session.execute(query("alert", "differing"))],
        troubles=troubles,
    )
