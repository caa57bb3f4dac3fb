"""What the jobs will do: each job with its next run, and the next runs in order."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice, takewhile

import psycopg

from tenantry.core.errors import InputError
from tenantry.flow.job import runs, table
from tenantry.flow.job.table import Job
from tenantry.schedule import times, words
from tenantry.schedule.words import Zone


@dataclass(frozen=True)
class Entry:
    """A job, its schedule in words, and its next run (None if it is paused or never due)."""

    job: Job
    when: str
    next: datetime | None
    next_said: str | None


@dataclass(frozen=True)
class Speaker:
    """Describes schedules and times in a reader's time zone; `cron` is the zone of the schedules' hours."""

    cron: Zone
    reader: Zone
    now: datetime

    @classmethod
    def of(cls, cron_zone: str) -> Speaker:
        """The object for this machine's user."""
        return cls(words.zone_called(cron_zone) or Zone("UTC", UTC), words.local_zone(), datetime.now(UTC))

    def human(self, schedule: str) -> str:
        """The schedule in words."""
        return words.human(schedule, self.reader, self.now, self.cron)

    def next_of(self, schedule: str) -> datetime | None:
        """The next time that a schedule names."""
        return next(times.after(schedule, self.now, self.cron.info), None)

    def within(self, schedule: str, span: timedelta, most: int) -> list[datetime]:
        """The next times that a schedule names in a span of time, at most `most`."""
        coming = times.after(schedule, self.now, self.cron.info)
        return list(islice(takewhile(lambda time: time < self.now + span, coming), most))


def agenda(session: psycopg.Connection, tenants: Collection[str] | None = None) -> list[Entry]:
    """The jobs of these tenants (default: all jobs), by tenant and next run.

    Raises InputError for a tenant without jobs.
    """
    speaker = Speaker.of(runs.zone(session))
    # Many tenants share a schedule.
    human, next_of = cache(speaker.human), cache(speaker.next_of)
    entries = []
    for job in _of(session, tenants):
        time = next_of(job.schedule) if job.active else None
        said = words.moment(time, speaker.reader) if time else None
        entries.append(Entry(job, human(job.schedule), time, said))
    never = datetime.max.replace(tzinfo=UTC)
    return sorted(entries, key=lambda entry: (entry.job.schema or "", entry.next or never, entry.job.jobid))


def upcoming(
    session: psycopg.Connection, number: int, tenants: Collection[str] | None = None
) -> list[tuple[datetime, str, Job]]:
    """The next runs of all active jobs, in order: the time, the time in words, and the job."""
    speaker = Speaker.of(runs.zone(session))
    series = [_series(speaker, job) for job in _of(session, tenants) if job.active]
    merged = heapq.merge(*series, key=lambda item: (item[0], item[1].jobid))
    return [(time, words.moment(time, speaker.reader), job) for time, job in islice(merged, number)]


def within(
    session: psycopg.Connection, jobs: Iterable[Job], span: timedelta, most: int
) -> dict[int, list[datetime]]:
    """The next runs of jobs by jobid, at most `most` of each; none of jobs that are paused."""
    speaker = Speaker.of(runs.zone(session))
    moments = cache(lambda schedule: speaker.within(schedule, span, most))
    return {job.jobid: moments(job.schedule) for job in jobs if job.active}


def _series(speaker: Speaker, job: Job) -> Iterator[tuple[datetime, Job]]:
    for time in times.after(job.schedule, speaker.now, speaker.cron.info):
        yield time, job


def _of(session: psycopg.Connection, tenants: Collection[str] | None) -> list[Job]:
    known = table.all_jobs(session)
    for name in tenants or ():
        if all(job.schema != name for job in known):
            raise InputError(f'tenant "{name}" has no jobs', hint="Run: tenantry schedule install")
    return known if not tenants else [job for job in known if job.schema in tenants]
