"""Jobs that failed, are late, paused or missing, and whether anything runs them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from tenantry.core.model import OWNER
from tenantry.core.words import count
from tenantry.db.connect import acting
from tenantry.flow.job import runs, subject, table
from tenantry.flow.job.runs import Run
from tenantry.flow.job.table import Job
from tenantry.observe.checks.feeds import Feed
from tenantry.observe.checks.finding import Check, Examined, Finding, Severity, tenantry

_KEPT = timedelta(days=90)
"""How long runs are kept: window loads and `tenantry scheduler` delete older ones."""

_PRUNE = (
    "DELETE FROM cron.job_run_details WHERE coalesce(end_time, start_time) < now() - interval '90 days';"
    " -- as the administrator"
)

_MUCH = 256 * 2**20
"""Bytes of recorded runs from which a finding is worthwhile."""

_GRACE = timedelta(minutes=10)
"""How long after its minute a job may begin."""


def _jobs(examined: Examined) -> Iterator[Finding]:
    for schema, since, reason in examined.rows("disabled"):
        told = f"disabled since {since:%Y-%m-%d}: {reason}"
        yield Finding(Severity.NOTE, schema, told, tenantry("tenant", "enable", schema))
    kept = table.cron(examined.session)
    if kept is None:
        reason = "there is no schema cron to store jobs in, or whadmin may not use it"
        yield Finding(Severity.WARNING, "cron", reason, "tenantry init")
        return
    known = [job for job in table.all_jobs(examined.session) if examined.tenant in (None, job.schema)]
    login = table.hidden_from(examined.session)
    if login is not None:
        reason = (
            f'jobs of other roles are not visible: pg_cron hides them from "{login}"; a superuser sees all'
        )
        yield Finding(Severity.NOTE, "cron.job", reason)
    if acting(examined.session) == OWNER:
        yield from _recorded(examined)
    yield from _doubled(known)
    if kept == "own" and any(job.active for job in known) and runs.leader(examined.session) is None:
        reason = "there are jobs, but no scheduler runs them, and this server has no pg_cron"
        yield Finding(Severity.ERROR, "scheduler", reason, "tenantry scheduler")
    # By tenant: to compare each job with each feed would take a hundred times as long for ten times the tenants.
    feeds: dict[str, list[Feed]] = defaultdict(list)
    for feed in examined.feeds:
        feeds[feed.schema].append(feed)
    jobs: dict[str | None, list[Job]] = defaultdict(list)
    for job in known:
        jobs[job.schema].append(job)
    for feed in examined.feeds:
        if not feed.disabled:
            yield from _missing(feed, jobs[feed.schema])
    yield from _short_windows(dict(examined.rows("lookbacks")), known)
    now = examined.rows("now")[0][0]
    zone = ZoneInfo(runs.zone(examined.session))
    last = runs.last_runs(examined.session)
    for job in known:
        about = [feed for feed in feeds.get(job.schema or "", ()) if _about(job, feed)]
        if job.schema is not None and not about:
            reason = f"it is about {job.schema}.{job.template or '*'}, which is not there"
            yield Finding(
                Severity.WARNING,
                str(job),
                reason,
                tenantry("schedule", "remove", "--job", _named(job), "--yes"),
            )
        elif about and not any(not feed.disabled for feed in about):
            continue
        elif not job.active:
            yield Finding(
                Severity.NOTE, str(job), "it is paused", tenantry("schedule", "enable", "--job", _named(job))
            )
        elif job.jobid in last:
            last_load = max((feed.last_load for feed in about if feed.last_load), default=None)
            yield from _judged(job, last[job.jobid], last_load, now, zone)


def _recorded(examined: Examined) -> Iterator[Finding]:
    """Whether runs are recorded, and are not kept forever."""
    if ("off",) in examined.rows_of_login("log_run"):
        reason = "it is off: pg_cron keeps no record of runs, so a failed job goes unnoticed"
        yield Finding(
            Severity.WARNING,
            "cron.log_run",
            reason,
            "ALTER SYSTEM SET cron.log_run = on; -- as the administrator; then restart the server",
        )
    rows, size, since = examined.rows("job_runs")[0]
    old = since is not None and since < examined.rows("now")[0][0] - _KEPT - timedelta(days=7)
    if old or size > _MUCH:
        began = f", the oldest of {since:%Y-%m-%d}" if since else ""
        reason = (
            f"{count(rows, 'run')} of jobs take {size / 2**20:,.0f} MiB{began}: queries on runs become slow"
        )
        yield Finding(
            Severity.WARNING,
            "cron.job_run_details",
            reason,
            _PRUNE,
        )


def _short_windows(lookbacks: Mapping[str, int], known: list[Job]) -> Iterator[Finding]:
    """Nightly jobs that name another number of days than the lookback that was chosen for their template."""
    for job in known:
        wanted = lookbacks.get(job.template or "")
        days = subject.window_days(job.command) if wanted and job.kind == "window" else None
        if days is not None and days != wanted:
            remove = tenantry("schedule", "remove", "--job", _named(job), "--yes")
            install = tenantry("schedule", "install", "--tenant", job.schema)
            reason = f"it looks {count(days, 'day')} back, but the template's lookback is {wanted}"
            yield Finding(Severity.WARNING, str(job), reason, f"{remove} && {install}")


def _doubled(known: list[Job]) -> Iterator[Finding]:
    """Jobs that do the same as another job: they load twice, and wait for each other."""
    groups: dict[tuple[str, ...], list[Job]] = defaultdict(list)
    for job in known:
        if job.active and job.schema is not None:
            groups[" ".join(job.command.rstrip("; \n").split()), job.database].append(job)
    for same in groups.values():
        # Keep Tenantry's own.
        first, *others = sorted(same, key=lambda job: (job.username != OWNER, job.jobid))
        for job in others:
            reason = (
                f"it does the same as job {first.jobid} ({first}) of {first.username}; it is {job.username}'s"
            )
            remove = tenantry("schedule", "remove", "--job", job.jobid, "--yes")
            yield Finding(Severity.WARNING, f"job {job.jobid} ({job})", reason, remove)


def _missing(feed: Feed, known: list[Job]) -> Iterator[Finding]:
    kinds = {job.kind for job in known if _about(job, feed)}
    if not feed.has_template and not kinds:
        return
    install = tenantry("schedule", "install", "--tenant", feed.schema)
    if not kinds:
        yield Finding(Severity.WARNING, str(feed), "no job loads it", install)
    elif "hourly" not in kinds:
        yield Finding(Severity.WARNING, str(feed), "no job refreshes it during the day", install)
    elif "window" not in kinds:
        yield Finding(Severity.NOTE, str(feed), "no job looks at its last days again at night", install)


def _judged(
    job: Job, last: Run, last_load: datetime | None, now: datetime, zone: ZoneInfo
) -> Iterator[Finding]:
    began = last.started
    if began is None:
        return
    run = tenantry("schedule", "run", _named(job))
    # A failure is resolved if the data was loaded since, by hand or by another job.
    if last.status == "failed" and not (last_load and last_load > (last.ended or began)):
        message = " ".join((last.message or "without a message").split())
        yield Finding(
            Severity.ERROR, str(job), f"its last run, {began:%Y-%m-%d %H:%M} UTC, failed: {message}", run
        )
    try:
        due = next(CronSim(job.schedule, began.astimezone(zone)))
    except (CronSimError, StopIteration):
        # An interval, which comes too often to be late, or a shortcut such as @reboot.
        return
    if last.status not in ("running", "starting") and due + _GRACE < now:
        reason = (
            f"it was due at {due.astimezone(UTC):%Y-%m-%d %H:%M} UTC, and last ran at {began:%Y-%m-%d %H:%M}"
        )
        yield Finding(Severity.WARNING, str(job), reason, run)


def _about(job: Job, feed: Feed) -> bool:
    return job.schema == feed.schema and job.template in (None, feed.template)


def _named(job: Job) -> str:
    return job.name or str(job.jobid)


def loaded_hourly(examined: Examined) -> set[tuple[str, str]]:
    """Tenant and template of the feeds that a job refreshes every hour."""
    return {
        (job.schema, job.template)
        for job in table.all_jobs(examined.session)
        if job.kind == "hourly" and job.active and job.schema and job.template
    }


JOBS = Check("jobs", "Is every feed loaded by a job, and did the jobs run, in time and well?", True, _jobs)
