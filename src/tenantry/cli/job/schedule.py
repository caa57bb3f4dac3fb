"""`tenantry schedule`: the jobs that keep tenants up to date."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli import complete
from tenantry.cli.confirm import Yes, confirm
from tenantry.cli.group import Group
from tenantry.cli.options import AsJson, Tenants, require_tenants
from tenantry.cli.output import ago, data, notes, print_json, print_table, step
from tenantry.cli.target import open_warehouse
from tenantry.cli.watch import Watch, watched
from tenantry.core.errors import DatabaseError, InputError
from tenantry.core.words import count
from tenantry.schemas.encode import plain

if TYPE_CHECKING:
    from tenantry.flow.job.runs import Run
    from tenantry.flow.job.table import Job
    from tenantry.warehouse import Warehouse

app = typer.Typer(
    cls=Group, help="Manage the scheduled jobs that keep tenants up to date.", no_args_is_help=True
)

JobNames = Annotated[
    list[str] | None,
    typer.Option(
        "--job",
        metavar="JOB",
        help="A job, by name or number. Repeatable.",
        autocompletion=complete.jobs,
    ),
]


@app.command()
def show(tenant: Tenants = None, watch: Watch = None, as_json: AsJson = False) -> None:
    """Show the jobs: schedule, next run, and result of the last run.

    Times are in UTC and in your own time zone (TZ, or this machine's). Jobs
    that were created by hand are shown as well: a job belongs to the tenant
    that its command names. Without --tenant, all jobs are shown.

    Without pg_cron, jobs only run while a tenantry scheduler is running.
    """
    with open_warehouse() as warehouse:
        watched(watch, lambda: _show(warehouse, tenant, as_json=as_json), as_json=as_json)


def _show(warehouse: Warehouse, tenant: list[str] | None, *, as_json: bool) -> None:
    known = warehouse.schedule(tenant)
    found, last = known.entries, known.last
    if as_json:
        print_json(
            cron=known.cron,
            leader=known.leader,
            hidden_from=known.hidden_from,
            jobs=[
                {
                    **plain(e.job),
                    "when": e.when,
                    "next_run_at": e.next,
                    "last_run": last.get(e.job.jobid),
                }
                for e in found
            ],
        )
        return
    _tell_hidden(known.hidden_from)
    if not found:
        data.print("No jobs. Next: tenantry schedule install --all")
        return
    print_table(
        None,
        ("job#", "name", "schedule", "when", "next run", "last run", "state"),
        [
            (
                e.job.jobid,
                e.job.name,
                e.job.schedule,
                e.when,
                e.next_said,
                _ended(last.get(e.job.jobid)),
                _state(e.job),
            )
            for e in found
        ],
    )
    if known.cron == "own" and known.leader is None:
        notes.print("no scheduler is running, so no job runs. Start one: tenantry scheduler")
    for entry in found:
        run = last.get(entry.job.jobid)
        if run is not None and run.status == "failed":
            notes.print(f"{entry.job}: {_first_line(run.message)}")


@app.command()
def install(
    tenant: Tenants = None,
    everyone: Annotated[bool, typer.Option("--all", help="All tenants except disabled ones.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the jobs without creating them.")] = False,
    as_json: AsJson = False,
) -> None:
    """Create the jobs that tenants lack.

    Name the tenants with --tenant or --all. Each template of a tenant gets
    three jobs: an hourly one for today, a nightly one for the last ended days
    (14, or as many as the template's key lookback says), and a yearly one for
    the year that closed. Hourly jobs are one minute apart, nightly jobs two
    minutes from 08:30 UTC, and yearly jobs ten minutes from 07:00 UTC on
    February 15th. Tenants with more than five million rows a year get more
    room.

    Existing jobs, including paused jobs and jobs created by hand, are left as
    they are and keep their times. A second run creates nothing.
    """
    require_tenants(tenant, everyone=everyone)
    with open_warehouse() as warehouse:
        made = warehouse.install_jobs(tenant, dry_run=dry_run)
    _tell_hidden(made.hidden_from)
    if as_json:
        print_json(
            jobs=[
                {
                    "jobid": job.jobid,
                    "job": job.name,
                    "schedule": job.schedule,
                    "when": job.when,
                    "command": job.command,
                    "tenant": job.feed.schema,
                    "template": job.feed.template,
                }
                for job in made.jobs
            ],
            hidden_from=made.hidden_from,
        )
        return
    if not made.jobs:
        data.print("Every tenant already has its jobs.")
        return
    print_table(
        "Would be created" if dry_run else None,
        ("name", "schedule", "when", "command"),
        [(job.name, job.schedule, job.when, job.command) for job in made.jobs],
    )


@app.command()
def remove(tenant: Tenants = None, job: JobNames = None, yes: Yes = False, as_json: AsJson = False) -> None:
    """Remove jobs, by name or all of a tenant's. Loaded data stays.

    Shows the jobs and asks first; without a terminal, give --yes. A run in
    progress continues to its end. tenantry schedule install creates the jobs
    again.
    """
    _require_one(tenant, job)
    with open_warehouse() as warehouse:
        found = warehouse.find_jobs(tenant or (), job or ())
        _list(found)
        confirm(f"Remove {count(len(found), 'job')}?", yes=yes)
        removed = warehouse.remove_jobs(found)
    if as_json:
        print_json(removed=[item for item in found if item.jobid in set(removed)])
    else:
        step("removed", count(len(removed), "job"))


@app.command()
def enable(tenant: Tenants = None, job: JobNames = None, as_json: AsJson = False) -> None:
    """Resume paused jobs, by name or all of a tenant's.

    Runs that were missed meanwhile are not made up.
    """
    _set_active(tenant, job, active=True, as_json=as_json)


@app.command()
def disable(tenant: Tenants = None, job: JobNames = None, as_json: AsJson = False) -> None:
    """Pause jobs, by name or all of a tenant's.

    A paused job stays, but does not run. A run in progress continues to its
    end.
    """
    _set_active(tenant, job, active=False, as_json=as_json)


@app.command()
def history(
    tenant: Tenants = None,
    job: JobNames = None,
    failed: Annotated[bool, typer.Option("--failed", help="Show only failed runs.")] = False,
    last: Annotated[
        int,
        typer.Option("--last", "-n", metavar="NUMBER", min=1, help="Show this many of the newest runs."),
    ] = 20,
    as_json: AsJson = False,
) -> None:
    """Show past runs, newest first: start, duration, result and message."""
    if tenant or job:
        _require_one(tenant, job)
    with open_warehouse() as warehouse:
        chosen = warehouse.find_jobs(tenant or (), job or ()) if tenant or job else None
        found = warehouse.past_runs(last, chosen, failed=failed)
    if as_json:
        print_json(runs=found)
        return
    print_table(
        None,
        ("job", "started", "seconds#", "status", "message"),
        [
            (run.name or f"job {run.jobid}", run.started, _seconds(run), run.status, _first_line(run.message))
            for run in found
        ],
        empty="No failed runs." if failed else "No runs yet. Next: tenantry schedule show",
    )


@app.command("next")
def next_runs(
    number: Annotated[
        int, typer.Argument(metavar="NUMBER", min=1, max=1000, help="Number of runs to show.")
    ] = 10,
    limit: Annotated[
        int | None,
        typer.Option("--limit", "-n", metavar="NUMBER", min=1, max=1000, help="The same as NUMBER."),
    ] = None,
    tenant: Tenants = None,
    as_json: AsJson = False,
) -> None:
    """Show the next runs, in UTC and in your own time zone."""
    number = limit or number
    with open_warehouse() as warehouse:
        found = warehouse.next_runs(number, tenant)
    if as_json:
        print_json(
            runs=[
                {"at": run.at, "job": run.job.name, "jobid": run.job.jobid, "tenant": run.job.schema}
                for run in found
            ]
        )
        return
    print_table(
        None,
        ("time", "job", "tenant"),
        [(run.said, str(run.job), run.job.schema) for run in found],
        empty="No runs are due. Next: tenantry schedule show",
    )


@app.command()
def run(
    job: Annotated[
        str,
        typer.Argument(metavar="JOB", help="The job, by name or number.", autocompletion=complete.jobs),
    ],
    as_json: AsJson = False,
) -> None:
    """Run a job now, in this process, and show the result.

    The job's schedule does not change. Log in as whadmin: a job's command runs
    with all rights of the login. Tenantry's own schema cron records the run,
    and refuses it while another run of the job is in progress. pg_cron only
    records runs that it starts itself.

    Exits with status 1 if the run failed.
    """
    with open_warehouse() as warehouse:
        (found,) = warehouse.find_jobs(names=[job])
        if not as_json:
            notes.print(f"{found}: {found.command}")
        result = warehouse.run_job(found)
    if as_json:
        print_json(jobid=found.jobid, job=found.name, run=result)
    if result.status != "succeeded":
        raise DatabaseError(f"{found}: {_first_line(result.message)}")
    if not as_json:
        step("succeeded", f"{result.message} in {result.seconds:.1f} s")


def _set_active(tenant: list[str] | None, job: list[str] | None, *, active: bool, as_json: bool) -> None:
    _require_one(tenant, job)
    with open_warehouse() as warehouse:
        change = warehouse.resume_jobs if active else warehouse.pause_jobs
        done = change(tenant or (), job or ())
    names = [str(item) for item in done.changed]
    if as_json:
        print_json(changed=names, unchanged=[str(item) for item in done.unchanged])
        return
    word = "enabled" if active else "disabled"
    step(word, ", ".join(names) or f"nothing: the named jobs are already {word}")


def _require_one(tenants: Sequence[str] | None, names: Sequence[str] | None) -> None:
    """Raise InputError unless either --tenant or --job was given."""
    if tenants and names:
        raise InputError("--tenant and --job cannot be combined", hint="Give one of them.")
    if not tenants and not names:
        raise InputError("no jobs were named", hint="Give --tenant NAME or --job JOB.")


def _tell_hidden(login: str | None) -> None:
    if login is not None:
        notes.print(
            f'jobs of other roles are not shown: pg_cron hides them from "{login}"; a superuser sees all',
        )


def _list(jobs: Sequence[Job]) -> None:
    for job in jobs:
        notes.print(f"  {job}  {job.schedule}  {job.command}")


def _state(job: Job) -> str:
    return "active" if job.active else "paused"


def _ended(run: Run | None) -> str | None:
    return f"{run.status} {ago(run.started)}" if run else None


def _seconds(run: Run) -> str | None:
    return f"{(run.ended - run.started).total_seconds():.1f}" if run.started and run.ended else None


def _first_line(message: str | None) -> str:
    return (message or "").strip().partition("\n")[0]
