"""The metrics: their names, labels and meaning, and how their values follow from the numbers of a warehouse."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from tenantry import __version__
from tenantry.observe.metrics import FeedMetrics, JobMetrics, Metrics

Sample = tuple[tuple[str, ...], float]
"""The values of the labels, and the value."""


@dataclass(frozen=True)
class Family:
    """A gauge. Its name ends in its `unit`, if it has one. `samples` leaves out what is not known."""

    name: str
    help: str
    labels: tuple[str, ...]
    unit: str
    samples: Callable[[Metrics], Iterable[Sample]]


_FEED = ("tenant", "template")


def _of_feeds(
    value: Callable[[FeedMetrics, datetime], float | None],
) -> Callable[[Metrics], Iterable[Sample]]:
    def samples(found: Metrics) -> Iterator[Sample]:
        for feed in found.feeds:
            number = value(feed, found.at)
            if number is not None:
                yield (feed.tenant, feed.template), number

    return samples


def _of_jobs(value: Callable[[JobMetrics], float | None]) -> Callable[[Metrics], Iterable[Sample]]:
    def samples(found: Metrics) -> Iterator[Sample]:
        for job in found.jobs:
            number = value(job)
            if number is not None:
                yield (job.name,), number

    return samples


def _one(value: Callable[[Metrics], float | None]) -> Callable[[Metrics], Iterable[Sample]]:
    def samples(found: Metrics) -> Iterator[Sample]:
        number = value(found)
        if number is not None:
            yield (), number

    return samples


def _end(day: date | None) -> float | None:
    """When a day ends, in seconds since 1970."""
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=1), time(), UTC).timestamp()


def _at(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _freshness(feed: FeedMetrics, now: datetime) -> float | None:
    end = _end(feed.last_day)
    return None if end is None else max(now.timestamp() - end, 0)


def _completeness(feed: FeedMetrics, now: datetime) -> float | None:
    return feed.present / feed.due if feed.due else None


_STATES: tuple[tuple[str, Callable[[FeedMetrics], int]], ...] = (
    ("loaded", lambda feed: feed.loaded),
    ("missing", lambda feed: feed.missing),
    ("failed", lambda feed: feed.failed),
    ("stale", lambda feed: feed.stale),
    ("outdated", lambda feed: feed.outdated),
    ("unconfirmed", lambda feed: feed.unconfirmed),
)


def _slices(found: Metrics) -> Iterator[Sample]:
    for feed in found.feeds:
        for state, value in _STATES:
            yield (feed.tenant, feed.template, state), value(feed)


def _disabled(found: Metrics) -> Iterator[Sample]:
    for tenant, disabled in {feed.tenant: feed.disabled for feed in found.feeds}.items():
        yield (tenant,), float(disabled)


def _duration(job: JobMetrics) -> float | None:
    if job.started is None or job.ended is None:
        return None
    return max((job.ended - job.started).total_seconds(), 0)


def _scheduler(found: Metrics) -> float | None:
    return float(found.scheduler is not None) if found.own_cron and found.jobs else None


def _password_ages(found: Metrics) -> Iterator[Sample]:
    for connection, age in found.password_ages.items():
        yield (connection,), max(age, 0)


_ROWS: tuple[tuple[str, str, tuple[str, ...], str, Callable[[Metrics], Iterable[Sample]]], ...] = (
    (
        "tenantry_build_info",
        "The version of the program that answers; always 1.",
        ("version",),
        "",
        lambda found: [((__version__,), 1)],
    ),
    (
        "tenantry_tenant_disabled",
        "Whether the tenant is disabled, so that its jobs and loads are paused.",
        ("tenant",),
        "",
        _disabled,
    ),
    (
        "tenantry_feed_freshness_seconds",
        "Time since the end of the last day that was loaded after it had ended.",
        _FEED,
        "seconds",
        _of_feeds(_freshness),
    ),
    (
        "tenantry_feed_last_day_timestamp_seconds",
        "When the last day ended that was loaded after it had ended.",
        _FEED,
        "seconds",
        _of_feeds(lambda feed, now: _end(feed.last_day)),
    ),
    (
        "tenantry_feed_completeness_ratio",
        "Days that are loaded, of those from the feed's first day to yesterday; from 0 to 1.",
        _FEED,
        "ratio",
        _of_feeds(_completeness),
    ),
    (
        "tenantry_slices",
        "Days by state. A day may be in several: a failed one may have the rows of an earlier load.",
        (*_FEED, "state"),
        "",
        _slices,
    ),
    (
        "tenantry_rows",
        "Rows of the loaded days, as their loads recorded them.",
        _FEED,
        "",
        _of_feeds(lambda feed, now: feed.rows),
    ),
    (
        "tenantry_size_bytes",
        "Size of the relations that hold the loaded days, with their indexes.",
        _FEED,
        "bytes",
        _of_feeds(lambda feed, now: feed.bytes),
    ),
    (
        "tenantry_last_load_timestamp_seconds",
        "When the last load of a day began, or a day was found unchanged at the source.",
        _FEED,
        "seconds",
        _of_feeds(lambda feed, now: _at(feed.last_load)),
    ),
    (
        "tenantry_load_duration_seconds",
        "The longest load of a day, among the loads of the last 24 hours.",
        _FEED,
        "seconds",
        _of_feeds(lambda feed, now: feed.slowest),
    ),
    (
        "tenantry_last_verify_timestamp_seconds",
        "When whadmin last compared days of the feed with its source.",
        _FEED,
        "seconds",
        _of_feeds(lambda feed, now: _at(feed.verified_at)),
    ),
    (
        "tenantry_verify_differing_days",
        "Days that differed from the source in the last comparison.",
        _FEED,
        "days",
        _of_feeds(lambda feed, now: feed.differing),
    ),
    (
        "tenantry_verify_failed_days",
        "Days that the last comparison could not compare.",
        _FEED,
        "days",
        _of_feeds(lambda feed, now: feed.unverified),
    ),
    (
        "tenantry_job_active",
        "Whether the job runs by its schedule; 0 if it is paused.",
        ("job_name",),
        "",
        _of_jobs(lambda job: float(job.active)),
    ),
    (
        "tenantry_job_runs",
        "Runs of the job that ended in the last 24 hours.",
        ("job_name",),
        "",
        _of_jobs(lambda job: job.runs),
    ),
    (
        "tenantry_job_failures",
        "Runs of the job that failed in the last 24 hours.",
        ("job_name",),
        "",
        _of_jobs(lambda job: job.failures),
    ),
    (
        "tenantry_job_last_run_failed",
        "Whether the job's last run failed.",
        ("job_name",),
        "",
        _of_jobs(lambda job: None if job.status is None else float(job.status == "failed")),
    ),
    (
        "tenantry_job_last_run_timestamp_seconds",
        "When the job's last run began.",
        ("job_name",),
        "seconds",
        _of_jobs(lambda job: _at(job.started)),
    ),
    (
        "tenantry_job_last_success_timestamp_seconds",
        "When the job's last successful run ended.",
        ("job_name",),
        "seconds",
        _of_jobs(lambda job: _at(job.succeeded)),
    ),
    (
        "tenantry_job_last_run_duration_seconds",
        "How long the job's last run took, if it has ended.",
        ("job_name",),
        "seconds",
        _of_jobs(_duration),
    ),
    (
        "tenantry_scheduler_up",
        "Whether a scheduler leads; left out where pg_cron runs the jobs, and without jobs.",
        (),
        "",
        _one(_scheduler),
    ),
    (
        "tenantry_scheduler_sign_of_life_timestamp_seconds",
        "When the scheduler that leads was last alive.",
        (),
        "seconds",
        _one(lambda found: _at(found.scheduler.alive_at) if found.scheduler else None),
    ),
    (
        "tenantry_scheduler_last_tick_timestamp_seconds",
        "Up to when the scheduler that leads has looked for jobs that are due.",
        (),
        "seconds",
        _one(lambda found: _at(found.scheduler.last_tick) if found.scheduler else None),
    ),
    (
        "tenantry_locks_held",
        "Locks in the server's lock table, of all databases.",
        (),
        "",
        _one(lambda found: found.locks_held),
    ),
    (
        "tenantry_locks_limit",
        "Locks for which the server's lock table is sure to have room: max_locks_per_transaction * transactions.",
        (),
        "",
        _one(lambda found: found.locks_limit),
    ),
    (
        "tenantry_source_password_age_seconds",
        "Time since the password of a source was stored; left out where that is not known.",
        ("connection",),
        "seconds",
        _password_ages,
    ),
    (
        "tenantry_last_backup_timestamp_seconds",
        "When the last backup was written; left out if there was none.",
        (),
        "seconds",
        _one(lambda found: _at(found.last_backup.made_at) if found.last_backup else None),
    ),
    (
        "tenantry_last_backup_size_bytes",
        "Size of the last backup's file.",
        (),
        "bytes",
        _one(lambda found: found.last_backup.bytes if found.last_backup else None),
    ),
)

UP = Family(
    "tenantry_up",
    "Whether the warehouse answers. If it is 0, all other metrics are left out.",
    (),
    "",
    lambda found: [((), 1)],
)

FAMILIES: tuple[Family, ...] = (UP, *(Family(*row) for row in _ROWS))
"""All metrics, in the order in which they are told."""
