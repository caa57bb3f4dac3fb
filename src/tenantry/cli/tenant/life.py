"""`tenantry tenant disable`, `enable`, `reload` and `drop`: operations on existing tenants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, cast

import typer

from tenantry.cli import complete
from tenantry.cli.confirm import Yes, confirm
from tenantry.cli.interrupted import tell
from tenantry.cli.options import AsJson, Pause, Sessions, ended_or_today
from tenantry.cli.output import data, human_bytes, human_seconds, notes, print_json, step
from tenantry.cli.report import report
from tenantry.cli.shapes import different_days, not_compared, slice_failures
from tenantry.cli.target import open_warehouse
from tenantry.core import advice
from tenantry.core.days import Span
from tenantry.core.errors import InputError, SliceError
from tenantry.core.words import count

if TYPE_CHECKING:
    from tenantry.flow.tenant.drop import Goods
    from tenantry.loader.enable_tenant import Enabled
    from tenantry.warehouse.results import Reloaded

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="The tenant, by the name of its schema.", autocompletion=complete.tenants
    ),
]


def disable(
    name: Name,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="The reason, which is stored, logged and shown.")
    ],
    as_json: AsJson = False,
) -> None:
    """Disable a tenant: pause its jobs. Its data stays, and reports continue.

    Exactly the jobs that are active now are paused and remembered; tenantry
    tenant enable resumes them. Commands for all tenants leave the tenant out,
    but naming it with --tenant still works. A tenant that is already disabled
    does not change.
    """
    if not reason.strip():
        raise InputError("--reason is empty", hint="Say why the tenant is disabled.")
    with open_warehouse() as warehouse:
        done = warehouse.disable_tenant(name, reason)
    if as_json:
        print_json(
            tenant=name,
            disabled=done.paused is not None,
            disabled_at=done.disabled_at,
            reason=done.reason,
            paused=done.paused or [],
        )
    elif done.paused is None:
        data.print(f"{name} is already disabled, since {done.disabled_at:%Y-%m-%d}: {done.reason}.")
    else:
        jobs = ", ".join(done.paused) or "none"
        data.print(f"{name} is disabled. Jobs paused: {jobs}. Next: tenantry tenant enable {name}")


def enable(name: Name, sessions: Sessions = 2, pause: Pause = 0.0, as_json: AsJson = False) -> None:
    """Bring a disabled tenant up to date, then resume its jobs.

    If the source does not answer, nothing changes. Otherwise this loads the
    days since the tenant's first that are missing, failed or stale, at most a
    month at a time, and what changed in the last days before the tenant was
    disabled (as many as the template's key lookback says). Days before the
    source's first stay as they are, because a source may not keep old rows.
    Then it brings the views up to date, compares each row with the source, and
    resumes the jobs that were paused.

    You can stop it at any time; run it again to continue. Until it succeeds,
    the tenant stays disabled. Exits with status 1 if days are missing or differ
    from the source; the jobs then stay paused.
    """
    from tenantry import Interrupted, Limits
    from tenantry.cli.progress import LoadProgress

    stopped = False
    with open_warehouse() as warehouse, LoadProgress() as progress:
        try:
            done = warehouse.enable_tenant(name, limits=Limits(sessions, pause), step=step, watcher=progress)
        except Interrupted as stop:
            done, stopped = cast("Enabled", stop.so_far), True
    if done.already:
        if as_json:
            _print_enabled(done)
        else:
            data.print(f"{name} is not disabled.")
        return
    if as_json:
        _print_enabled(done)
    if done.enabled:
        if not as_json:
            data.print(f"{name} is enabled. Next: tenantry status")
        return
    if stopped:
        tell(f"what was loaded is kept. To continue: tenantry tenant enable {name}")
    if done.failures:
        reason = f"{count(len(done.failures), 'slice')} failed; the first: {done.failures[0].error}"
    else:
        reason = done.source_lost or done.not_indexed or "days differ from the source"
    raise SliceError(
        f"{name} stays disabled and its jobs stay paused: {reason}",
        hint=advice.before(
            "run the same command: it loads only what is missing",
            [f.sqlstate for f in done.failures if f.of_source],
        ),
    )


def _print_enabled(done: Enabled) -> None:
    print_json(
        tenant=done.tenant,
        enabled=done.enabled or done.already,
        rows=done.rows,
        missing=[{"template": gap.feed.template, "missing": gap.days, "gone": gap.gone} for gap in done.gaps],
        failed=len(done.failures),
        failures=slice_failures(done.failures),
        different_days=different_days(done.verdicts),
        not_compared=not_compared(done.verdicts),
        jobs=done.jobs,
    )


def reload(
    name: Name,
    template: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TEMPLATE]...", help="Templates to reload. Default: all that the tenant uses."
        ),
    ] = None,
    first: Annotated[
        str | None,
        typer.Option("--from", metavar="DAY", help="First day (UTC). Default: the first day of the source."),
    ] = None,
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="Last day (UTC), inclusive.")] = "today",
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Leave out days that were loaded after this time. A run that was stopped prints the value to "
            "continue with.",
        ),
    ] = None,
    sessions: Sessions = 2,
    pause: Pause = 0.0,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Load every day of a tenant again, while reports continue.

    Nothing is dropped: each day's rows are replaced in one step, also inside
    yearly tables. Days before the source's first stay as they are, because a
    source may not keep old rows. Afterwards each row is compared with the
    source.

    Shows the amount of work and asks first. At the start it prints the --since
    to continue with if it is stopped. Exits with status 1 if a day failed or
    differs from the source.
    """
    from tenantry import Interrupted, Limits
    from tenantry.cli.progress import LoadProgress

    end = ended_or_today(last)
    begin = ended_or_today(first) if first else None
    if begin:
        Span(begin, end)
    moment = _moment(since) if since else None
    go_on = "run the same command"

    def begun(at: datetime) -> None:
        nonlocal go_on
        go_on = f"run the same command with --since {at.isoformat()}"
        notes.print(f"Started. If it is stopped, --since {at.isoformat()} continues it.")

    with open_warehouse() as warehouse:
        work = warehouse.tenant_work(name, template or [], begin, end, since=moment)
        for item in work:
            about = (
                f", about {human_seconds(item.seconds / sessions)} at the speed of its last loads"
                if item.seconds
                else ""
            )
            notes.print(
                f"{item.plan.feed}: {len(item.plan.days):,} of {count(len(item.span), 'day')}, {item.span}, "
                f"{count(item.rows, 'row')}{about}",
            )
        confirm("Load them again?", yes=yes)
        with LoadProgress() as progress:
            try:
                done = warehouse.reload_tenant(
                    name, work, since=moment, limits=Limits(sessions, pause), begun=begun, watcher=progress
                )
            except Interrupted as stop:
                done = cast("Reloaded", stop.so_far)
    report(done.load, as_json=as_json, compared=done.compared, go_on=go_on)


def drop(
    name: Name,
    keep_connection: Annotated[
        bool, typer.Option("--keep-connection", help="Keep the connection, with its password.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Drop a tenant: its jobs, its data, and its connection if unused elsewhere.

    Shows what will be dropped, and asks you to type the tenant's name. One
    transaction takes the tenant out of the public views, with its jobs and
    connection, so that no report fails; it waits for loads in progress. A large
    tenant's remaining data is dropped in pieces after that. You can stop it at
    any time; run it again to finish.

    If somebody else created objects in the tenant's schema, or a view elsewhere
    reads its data, nothing is dropped, and they are named.
    """
    from tenantry.cli.progress import Progress

    with open_warehouse() as warehouse:
        goods = warehouse.tenant_goods(name)
        going = [] if keep_connection else goods.connections
        _show_goods(goods, going)
        confirm(f"This cannot be undone. To drop it, type its name ({name})", yes=yes, expected=name)
        with Progress() as progress:
            # Known only after the first piece: most tenants are dropped at once.
            bar = progress.bar(f"dropping {name}")

            def dropped(relations: int) -> None:
                bar.total, bar.unit = max(goods.relations, int(bar.done) + relations), "relation"
                bar.advance(relations)

            warehouse.drop_tenant(name, keep_connection=keep_connection, watch=dropped)
            progress.remove(bar)
    if as_json:
        print_json(
            tenant=name,
            days=goods.days,
            rows=goods.rows,
            size_bytes=goods.bytes,
            jobs=[str(job) for job in goods.jobs],
            connections=going,
        )
    else:
        data.print(f"{name} is dropped")


def _show_goods(goods: Goods, connections: Sequence[str]) -> None:
    if goods.begun:
        notes.print(f"a drop of {goods.tenant} was started earlier: the rest is dropped now")
    jobs = ", ".join(str(job) for job in goods.jobs) or "none"
    notes.print(
        f"{goods.tenant} has {count(goods.days, 'day')}, {count(goods.rows, 'row')}, {human_bytes(goods.bytes)} in "
        f"{count(goods.relations, 'relation')}. Its jobs: {jobs}. Connections that are dropped with it: {', '.join(connections) or 'none'}",
    )
    if goods.readers:
        notes.print(f"roles that may read it: {', '.join(goods.readers)}")


def _moment(text: str) -> datetime:
    """A time in the form of --since; without a zone it is in UTC. Raises InputError for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text!r} is not a time", hint="Write it as 2026-11-22T21:00:00+00:00.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
