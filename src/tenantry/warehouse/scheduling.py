"""Show, create, pause, run and remove jobs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tenantry.core.errors import InputError
from tenantry.db.connect import cancel
from tenantry.loader import stopping
from tenantry.warehouse.base import Base

if TYPE_CHECKING:
    from tenantry.flow.job.runs import Run
    from tenantry.flow.job.table import Job
    from tenantry.schedule.command import Ended
    from tenantry.schedule.scheduler import Scheduler
    from tenantry.warehouse.results import JobsChanged, JobsMade, NextRun, Schedule


class Scheduling(Base):
    """Methods about the jobs that keep tenants up to date."""

    def jobs(self) -> list[Job]:
        """Return the scheduled jobs of this warehouse, or an empty list if there is no cron."""
        from tenantry.flow.job import table

        with self.session() as opened:
            return table.all_jobs(opened) if table.cron(opened) else []

    def waiting_jobs(self) -> list[Job]:
        """Return the jobs that wait for a tenantry scheduler, because none is running; an empty list if pg_cron runs them."""
        from tenantry.flow.job import runs, table

        with self.session() as opened:
            waiting = table.cron(opened) == "own" and runs.leader(opened) is None
            return table.all_jobs(opened) if waiting else []

    def find_jobs(self, tenants: Collection[str] = (), names: Collection[str] = ()) -> list[Job]:
        """Return the jobs of these tenants, or those with these names or numbers.

        Raises InputError if there is no such job, if several jobs have a name, or if neither tenants nor names are given.
        """
        from tenantry.flow.job import table

        if tenants and names:
            raise InputError("tenants and jobs cannot be combined", hint="Give one of them.")
        if not tenants and not names:
            raise InputError("no jobs were named", hint="Give tenants or jobs.")
        with self.session() as opened:
            known = table.all_jobs(opened)
        found: dict[int, Job] = {}
        for name in tenants:
            of_tenant = [job for job in known if job.schema == name]
            if not of_tenant:
                raise InputError(f'tenant "{name}" has no jobs', hint="Run: tenantry schedule show.")
            found |= {job.jobid: job for job in of_tenant}
        for name in names:
            job = _named(known, name)
            found[job.jobid] = job
        return list(found.values())

    def schedule(self, tenants: Collection[str] | None = None) -> Schedule:
        """Return the jobs of these tenants, or all: each with its schedule in words, its next run and its last one.

        Raises InputError for a tenant without jobs.
        """
        from tenantry.flow.job import runs, table
        from tenantry.schedule import agenda
        from tenantry.warehouse.results import Schedule

        with self.session() as opened:
            entries = agenda.agenda(opened, tenants)
            last = runs.last_runs(opened)
            return Schedule(table.cron(opened), runs.leader(opened), table.hidden_from(opened), entries, last)

    def next_runs(self, number: int = 10, tenants: Collection[str] | None = None) -> list[NextRun]:
        """Return the next runs of the active jobs of these tenants, or of all, in order. Raises InputError for a tenant without jobs."""
        from tenantry.schedule import agenda
        from tenantry.warehouse.results import NextRun

        with self.session() as opened:
            return [NextRun(*run) for run in agenda.upcoming(opened, number, tenants)]

    def runs_within(
        self, span: timedelta, jobs: Sequence[Job], *, most: int = 300
    ) -> dict[int, list[datetime]]:
        """Return when these jobs run in the coming span of time (UTC), by jobid, at most the next `most` of each.

        Jobs that are paused are left out.
        """
        from tenantry.schedule import agenda

        with self.session() as opened:
            return agenda.within(opened, jobs, span, most)

    def past_runs(
        self, most: int = 20, jobs: Sequence[Job] | None = None, *, failed: bool = False
    ) -> list[Run]:
        """Return the `most` newest runs, newest first: of these jobs, or of all; with `failed`, only failed ones."""
        from tenantry.flow.job import runs

        with self.session() as opened:
            return runs.history(opened, most, None if jobs is None else [job.jobid for job in jobs], failed)

    def install_jobs(self, tenants: Collection[str] | None = None, *, dry_run: bool = False) -> JobsMade:
        """Create the jobs that these tenants lack, or all that are not disabled. With `dry_run`, only return them.

        Raises:
            InputError: a tenant is disabled, or has no template to load.
            NotInstalled: the database has no cron.
        """
        from tenantry.flow.job import runs, table
        from tenantry.schedule import agenda, setup
        from tenantry.warehouse.results import JobsMade, MadeJob

        def made() -> JobsMade:
            with self.session() as opened:
                found = (
                    [(None, job) for job in setup.missing(opened, tenants)]
                    if dry_run
                    else [*setup.install(opened, tenants)]
                )
                say = agenda.Speaker.of(runs.zone(opened))
                return JobsMade(
                    [
                        MadeJob(jobid, job.name, job.schedule, say.human(job.schedule), job.command, job.feed)
                        for jobid, job in found
                    ],
                    table.hidden_from(opened),
                )

        if dry_run:
            return made()
        with self._audited("install_jobs", ", ".join(tenants or ())):
            return made()

    def remove_jobs(self, jobs: Sequence[Job]) -> list[int]:
        """Remove jobs; a run in progress continues to its end. Returns the numbers of those that existed."""
        from tenantry.flow.job import table

        with self._audited("remove_jobs", ", ".join(map(str, jobs))), self.session() as opened:
            return table.remove(opened, [job.jobid for job in jobs])

    def pause_jobs(self, tenants: Collection[str] = (), names: Collection[str] = ()) -> JobsChanged:
        """Pause jobs, as `find_jobs` finds them; a run in progress continues to its end. Raises what `find_jobs` raises."""
        return self._set_active(self.find_jobs(tenants, names), False)

    def resume_jobs(self, tenants: Collection[str] = (), names: Collection[str] = ()) -> JobsChanged:
        """Resume paused jobs, as `find_jobs` finds them. Missed runs are not run later.

        Raises what `find_jobs` raises, and InputError if one of the tenants is disabled.
        """
        from tenantry.schedule import setup

        found = self.find_jobs(tenants, names)
        if tenants:
            with self.session() as opened:
                setup.refuse_disabled(opened, tenants)
        return self._set_active(found, True)

    def run_job(self, job: Job) -> Ended:
        """Run a job's command now, in this process, as whadmin, who must be logged in. Its schedule does not change.

        Raises InputError if another role has logged in, or if the job belongs to another role or database, or is running now.
        """
        from tenantry.schedule import manual

        with (
            self._audited("run_job", str(job)),
            self.session() as opened,
            stopping.when_asked(lambda: cancel(opened)),
        ):
            stopping.check()
            return manual.run(opened, job)

    def scheduler(
        self, tell: Callable[..., None] = lambda event, **facts: None, *, grace: float = 60.0, most: int = 8
    ) -> Scheduler:
        """Return a scheduler. Its `run` runs the jobs of a server without pg_cron, until its `stop` is called.

        `tell` is called with each event and its facts. Runs may continue for `grace` seconds after `stop`; at most `most` run at a time.
        """
        from tenantry.schedule.scheduler import Limits, Scheduler

        self.release()
        return Scheduler(self.conninfo, tell, Limits(grace, most))

    def _set_active(self, found: Sequence[Job], active: bool) -> JobsChanged:
        from tenantry.flow.job import table
        from tenantry.warehouse.results import JobsChanged

        what = "resume_jobs" if active else "pause_jobs"
        with self._audited(what, ", ".join(map(str, found))), self.session() as opened:
            changed = table.set_active(opened, [job.jobid for job in found], active)
        return JobsChanged(
            [job for job in found if job.jobid in changed],
            [job for job in found if job.jobid not in changed],
        )


def _named(known: Sequence[Job], name: str) -> Job:
    """The job with a name, otherwise with a number."""
    found = [job for job in known if job.name == name] or [job for job in known if str(job.jobid) == name]
    if not found:
        raise InputError(f'there is no job "{name}"', hint="Run: tenantry schedule show.")
    if len(found) > 1:
        numbers = " and ".join(f"{job.jobid} (of {job.username})" for job in found)
        raise InputError(f'several jobs are called "{name}": {numbers}', hint="Give the number.")
    return found[0]
