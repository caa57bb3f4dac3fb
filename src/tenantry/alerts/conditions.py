"""What is wrong, judged by facts alone: nothing here asks the warehouse, or anybody's clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tenantry.alerts.cause import cause, line, name, short
from tenantry.core.days import folded
from tenantry.core.words import count
from tenantry.flow.alert.facts import Facts
from tenantry.flow.alert.route import Severity
from tenantry.flow.job.runs import Run
from tenantry.flow.job.table import Job
from tenantry.schedule import times

LATE = timedelta(minutes=10)
"""How long after its time a job may begin, as for doctor."""

STALE = timedelta(hours=1)
"""How long after the job that should have loaded a feed the feed may stay as it was."""

DAILY = timedelta(days=1)
"""How often a feed without jobs has to be loaded."""

SILENCE = timedelta(minutes=2)
"""How long a scheduler that leads may give no sign of life."""

JOB_FAILED, JOB_LATE, NOT_FRESH = "job_failed", "job_late", "not_fresh"
DIFFERS, DOCTOR, NO_SCHEDULER = "verify_differs", "doctor", "no_scheduler"

_GOING = ("starting", "running", "sending", "connecting")
"""What pg_cron calls a run that has not ended."""

AT_ONCE = frozenset({JOB_FAILED, DIFFERS})
"""Kinds that are told at once, because they have happened. The others may be over at the next look."""


@dataclass(frozen=True)
class Condition:
    """Something that is wrong. `key` stays the same for as long as it is; `cause` is what it shares with others."""

    key: str
    kind: str
    severity: Severity
    cause: str
    message: str
    tenant: str | None = None
    template: str | None = None


@dataclass(frozen=True)
class Judgement:
    """What is wrong, each thing once; the kinds that were judged, and the keys of what cannot be judged now: both of them stay
    as they were.
    """

    conditions: Sequence[Condition]
    kinds: frozenset[str]
    unsure: frozenset[str]


def judge(facts: Facts) -> Judgement:
    """Judge the facts. What another condition explains is left out: a feed whose job has failed is not called stale as well."""
    lost = list(_scheduler(facts))
    jobs = list(_jobs(facts))
    explained = {(one.tenant, one.template) for one in jobs if one.kind == JOB_FAILED or not lost}
    unsure = {f"{JOB_FAILED}:{_key(job)}" for job, run in facts.jobs if run and run.status in _GOING}
    found: dict[str, Condition] = {}
    for one in (*lost, *jobs, *_differing(facts), *_freshness(facts), *_troubles(facts)):
        about = {(one.tenant, one.template), (one.tenant, None)} if one.tenant else set()
        if (lost and one.kind in (JOB_LATE, NOT_FRESH)) or (
            one.kind in (NOT_FRESH, DOCTOR) and about & explained
        ):
            unsure.add(one.key)
        else:
            found.setdefault(one.key, one)
    kinds = {JOB_FAILED, JOB_LATE, NOT_FRESH, DIFFERS, NO_SCHEDULER}
    return Judgement(
        list(found.values()),
        frozenset(kinds if facts.troubles is None else kinds | {DOCTOR}),
        frozenset(unsure),
    )


def _scheduler(facts: Facts) -> Iterator[Condition]:
    if facts.cron != "own" or not facts.jobs:
        return
    leader = facts.leader
    waiting = count(len(facts.jobs), "job waits", "jobs wait")
    if leader is None:
        message = f"no scheduler runs the jobs: {waiting}"
    elif facts.now - leader.alive_at > SILENCE:
        message = f"the scheduler on {name(leader.host)} (pid {leader.pid}) has given no sign of life since {_at(leader.alive_at)}: {waiting}"
    else:
        return
    yield Condition(NO_SCHEDULER, NO_SCHEDULER, "error", "no scheduler", message)


def _jobs(facts: Facts) -> Iterator[Condition]:
    loads = {(feed.tenant, feed.template): feed.last_load for feed in facts.feeds}
    tenants = {feed.tenant for feed in facts.feeds}
    zone = ZoneInfo(facts.zone)
    for job, run in facts.jobs:
        if run is None or run.started is None or (job.schema is not None and job.schema not in tenants):
            continue
        if run.status == "failed" and not _loaded_since(job, run, loads):
            said = line(run.message or "without a message")
            names = (job.name or "", job.schema or "", job.connection or "", job.template or "")
            yield Condition(
                f"{JOB_FAILED}:{_key(job)}",
                JOB_FAILED,
                "error",
                short(f"job failed: {cause(said, names)}"),
                short(f"{name(str(job))} failed at {_at(run.ended or run.started)}: {said}"),
                job.schema,
                job.template,
            )
        elif run.status not in _GOING:
            due = next(times.after(job.schedule, run.started, zone), None)
            if due is not None and due + LATE < facts.now and times.interval(job.schedule) is None:
                yield Condition(
                    f"{JOB_LATE}:{_key(job)}",
                    JOB_LATE,
                    "warning",
                    "job late",
                    short(f"{name(str(job))} was due at {_at(due)}, and last ran at {_at(run.started)}"),
                    job.schema,
                    job.template,
                )


def _key(job: Job) -> str:
    return f"{job.schema or ''}/{job.name or job.jobid}"


def _loaded_since(job: Job, run: Run, loads: dict[tuple[str, str], datetime | None]) -> bool:
    """Whether the data of a job that failed was loaded since, by hand or by another job."""
    ended = run.ended or run.started
    about = [
        load
        for (tenant, template), load in loads.items()
        if tenant == job.schema and job.template in (None, template)
    ]
    return ended is not None and any(load is not None and load > ended for load in about)


def _freshness(facts: Facts) -> Iterator[Condition]:
    zone = ZoneInfo(facts.zone)
    loading = defaultdict(list)
    for job, _ in facts.jobs:
        if job.kind in ("hourly", "window"):
            loading[job.schema].append(job)
    for feed in facts.feeds:
        since = feed.last_load or feed.created_at
        due = (
            next(times.after(job.schedule, since, zone), None)
            for job in loading[feed.tenant]
            if job.template in (None, feed.template)
        )
        wanted = min((moment for moment in due if moment is not None), default=since + DAILY)
        if wanted + STALE >= facts.now:
            continue
        loaded = "was never loaded" if feed.last_load is None else f"was last loaded at {_at(feed.last_load)}"
        yield Condition(
            f"{NOT_FRESH}:{feed.tenant}/{feed.template}",
            NOT_FRESH,
            "error",
            "not fresh",
            short(
                f"{name(f'{feed.tenant}.{feed.template}')} {loaded}, and should have been by {_at(wanted)}"
            ),
            feed.tenant,
            feed.template,
        )


def _differing(facts: Facts) -> Iterator[Condition]:
    for one in facts.differing:
        spans = [str(span) for span in folded(list(one.days))]
        days = ", ".join(spans[:3]) + (f" and {len(spans) - 3:,} more" if spans[3:] else "")
        yield Condition(
            f"{DIFFERS}:{one.tenant}/{one.template}",
            DIFFERS,
            "error" if one.fault else "warning",
            "differs from the source",
            short(
                f"{name(f'{one.tenant}.{one.template}')}: {count(len(one.days), 'day')} differed from the source at {_at(one.verified_at)}: {days}"
            ),
            one.tenant,
            one.template,
        )


def _troubles(facts: Facts) -> Iterator[Condition]:
    feeds = {f"{feed.tenant}.{feed.template}": feed for feed in facts.feeds}
    tenants = {feed.tenant for feed in facts.feeds}
    for trouble in facts.troubles or ():
        feed = feeds.get(trouble.subject)
        tenant = feed.tenant if feed else trouble.subject if trouble.subject in tenants else None
        reason = line(trouble.reason)
        kind = cause(
            reason.partition(":")[0], (trouble.subject, *((feed.tenant, feed.template) if feed else ()))
        )
        yield Condition(
            short(f"{DOCTOR}:{trouble.check}:{trouble.subject}:{kind}"),
            DOCTOR,
            trouble.severity,
            short(f"doctor {trouble.check}: {kind}"),
            short(f"{name(trouble.subject)}: {reason}"),
            tenant,
            feed.template if feed else None,
        )


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
