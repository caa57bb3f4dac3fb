"""`tenantry sizes`, `logs` and `queries`: what takes space, what was done, and what is running."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

import typer

from tenantry.cli.options import AsJson, AsJsonLines
from tenantry.cli.output import data, human_bytes, notes, print_json, print_json_line, print_table, step
from tenantry.cli.target import open_warehouse
from tenantry.cli.terminal.text import Text
from tenantry.cli.watch import Watch, watched
from tenantry.core import signals
from tenantry.core.errors import InputError
from tenantry.core.visible import visible

if TYPE_CHECKING:
    from tenantry.observe.activity import Entry, Running, Slow

_LEVELS = {"DEBUG": "dim", "INFO": "", "WARNING": "yellow", "ERROR": "red"}


class _Wanted(TypedDict):
    """Which entries `logs` shows."""

    tenant: str | None
    levels: list[str] | None
    since: timedelta | None
    function: str | None
    pattern: str | None
    most: int


Limit = Annotated[
    int | None,
    typer.Option(
        "--limit",
        "-n",
        metavar="NUMBER",
        min=1,
        max=100_000,
        help="Show at most this many entries, the newest.",
    ),
]
OneTenant = Annotated[str | None, typer.Option("--tenant", metavar="NAME", help="Show only this tenant.")]


def sizes(tenant: OneTenant = None, as_json: AsJson = False) -> None:
    """Show what each tenant holds: rows, size and growth, largest first.

    A line is one template of one tenant. Growth is the number of rows in the
    last whole month (UTC), the space that this many rows take, and the change
    from the month before. The share is of the total size shown.
    """
    with open_warehouse() as warehouse:
        found = warehouse.sizes(tenant)
        whole = warehouse.database_size()
    if tenant and not found:
        raise InputError(
            f'tenant "{tenant}" does not exist, or has no data', hint="Run: tenantry tenant list"
        )
    total = sum(size.bytes or 0 for size in found)
    if as_json:
        print_json(feeds=found, database_bytes=whole)
        return
    print_table(
        None,
        (
            *("tenant", "template", "rows#", "size#", "indexes#", "bytes/row#", "share#"),
            *("rows last month#", "size per month#", "from month before#"),
        ),
        [
            (
                s.tenant,
                s.template,
                s.rows,
                "unknown" if s.bytes is None else human_bytes(s.bytes),
                "unknown" if s.index_bytes is None else human_bytes(s.index_bytes),
                round(s.bytes / s.rows) if s.rows and s.bytes is not None else None,
                f"{100 * s.bytes / total:.0f} %" if total and s.bytes is not None else None,
                s.last_month_rows,
                human_bytes(s.bytes / s.rows * s.last_month_rows) if s.rows and s.bytes is not None else None,
                f"{100 * (s.last_month_rows / s.month_before_rows - 1):+.0f} %"
                if s.month_before_rows
                else None,
            )
            for s in found
        ],
        empty="No tenant has data yet. Next: tenantry status",
    )
    if any(s.bytes is None for s in found):
        notes.print("A node of the cluster does not answer. Next: tenantry cluster status")
    notes.print(f"database: {human_bytes(whole)}, total shown: {human_bytes(total)}")


def logs(
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Keep showing new entries until Ctrl-C.")
    ] = False,
    tenant: OneTenant = None,
    level: Annotated[
        str | None,
        typer.Option(metavar="LEVEL", help="Show this level and more severe ones: info, warning or error."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="AGE", help="Maximum age, such as 30m, 6h or 2d. Default: the last 50 entries."),
    ] = None,
    function: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Show only entries of this function, such as refresh_window."),
    ] = None,
    grep: Annotated[
        str | None,
        typer.Option(
            metavar="PATTERN", help="Show only entries that match this regular expression, ignoring case."
        ),
    ] = None,
    limit: Limit = None,
    as_json: AsJsonLines = False,
) -> None:
    """Show the log of the warehouse's functions and of this program, oldest first.

    The log keeps 90 days. With --follow, the entries of a load appear when it
    commits, and Ctrl-C exits with status 0.
    """
    span = age(since) if since else None
    wanted: _Wanted = {
        "tenant": tenant,
        "levels": _levels(level),
        "since": span,
        "function": function,
        "pattern": grep,
        "most": most_entries(limit, span),
    }
    with open_warehouse() as warehouse:
        if not follow:
            found = warehouse.logs(**wanted)
            if as_json:
                print_json(entries=found)
            else:
                _print_entries(found, as_json=False)
                if not found:
                    notes.print("No such entries.")
            return
        try:
            for entries in warehouse.follow_logs(**wanted):
                _print_entries(entries, as_json=as_json)
        except KeyboardInterrupt:
            if signals.exit_code() != 128 + signal.SIGINT:
                raise


def queries(
    slow: Annotated[
        bool,
        typer.Option(
            "--slow", help="Show the statements with the longest total time, from pg_stat_statements."
        ),
    ] = False,
    cancel: Annotated[
        int | None,
        typer.Option(metavar="PID", help="Cancel what this session is running. The session stays open."),
    ] = None,
    watch: Watch = None,
    as_json: AsJson = False,
) -> None:
    """Show running queries: duration, tenant, and what they wait for.

    Log in as the server's administrator to see what other roles run.

    --slow needs the extension pg_stat_statements, and exits with status 1
    without it. Times are averages and totals since its statistics were last
    reset.
    """
    if slow and cancel is not None:
        raise InputError("--slow and --cancel cannot be combined")
    if watch and cancel is not None:
        raise InputError("--watch and --cancel cannot be combined")
    with open_warehouse() as warehouse:
        if cancel is not None:
            warehouse.cancel(cancel)
            step(f"session {cancel}", "was asked to cancel its statement")
            if as_json:
                print_json(running=None, slow=None, cancelled=cancel)
        elif slow:
            watched(watch, lambda: _print_slow(warehouse.slow(), as_json=as_json), as_json=as_json)
        else:
            watched(watch, lambda: _print_running(warehouse.running(), as_json=as_json), as_json=as_json)


def _print_slow(statements: list[Slow], *, as_json: bool) -> None:
    if as_json:
        slow = [
            {
                "query": s.query,
                "calls": s.calls,
                "mean_seconds": s.mean / 1000,
                "total_seconds": s.total / 1000,
                "rows": s.rows,
            }
            for s in statements
        ]
        print_json(running=None, slow=slow, cancelled=None)
        return
    print_table(
        None,
        ("calls#", "mean ms#", "total s#", "rows#", "statement"),
        [(s.calls, f"{s.mean:,.1f}", f"{s.total / 1000:,.1f}", s.rows, s.query) for s in statements],
        empty="No statements are recorded yet.",
    )


def _print_running(running: list[Running], *, as_json: bool) -> None:
    if as_json:
        print_json(running=running, slow=None, cancelled=None)
        return
    print_table(
        None,
        ("pid#", "user", "program", "state", "for#", "tenant", "waits for", "statement"),
        [
            (str(r.pid), r.user, r.program, r.state, _seconds(r), r.tenant, _waits(r), _short(r.query))
            for r in running
        ],
        empty="No statement is running.",
    )


def _short(text: str) -> str:
    return " ".join(text.split())[:100]


def _seconds(one: Running) -> str | None:
    return None if one.seconds is None else f"{one.seconds:,.1f} s"


def _waits(one: Running) -> str | None:
    if one.blocked_by:
        return f"session {', '.join(map(str, one.blocked_by))}"
    return one.waits_for or None


def age(text: str) -> timedelta:
    """A span from 30m, 6h or 2d. Raises InputError for anything else."""
    found = re.fullmatch(r"(\d{1,6})\s*(s|m|min|h|d)", text.strip())
    if not found:
        raise InputError(f"{text!r} is not an age", hint="Write it as 30m, 6h or 2d.")
    unit = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days"}[found[2]]
    return timedelta(**{unit: int(found[1])})


def most_entries(limit: int | None, span: timedelta | None) -> int:
    """How many entries to show: `limit`, otherwise 50, or all of a span of time."""
    return limit or (50 if span is None else 100_000)


def _levels(text: str | None) -> list[str] | None:
    """The level and all worse ones. Raises InputError if there is no such level."""
    if text is None:
        return None
    known = list(_LEVELS)
    if text.upper() not in known:
        raise InputError(f"{text!r} is not a level", hint=f"Levels: {', '.join(known).lower()}.")
    return known[known.index(text.upper()) :]


def _print_entries(entries: Iterable[Entry], *, as_json: bool) -> None:
    for entry in entries:
        if as_json:
            print_json_line(entries=[entry])
            continue
        subject, facts = about(entry.context)
        data.print(
            Text.assemble(
                f"{entry.at:%Y-%m-%dT%H:%M:%SZ}  ",
                (f"{entry.level:<7}", _LEVELS.get(entry.level.upper(), "")),
                f"  {subject and f'{subject}: '}{entry.function}: {visible(entry.message, lines=False)}",
                (f"  {facts}".rstrip(), "dim"),
            ),
            hang=2,
        )
    # A reader at the other end of a pipe waits for it.
    sys.stdout.flush()


def about(context: Mapping[str, Any]) -> tuple[str, str]:
    """The feed, tenant or template that an entry is about, once; and what else it says."""
    tenant = next((context[name] for name in _TENANT if name in context), None)
    template = next((context[name] for name in _TEMPLATE if name in context), None)
    known = {*_TENANT, *_TEMPLATE, *_OLD}
    # A count of nothing says nothing.
    left = {name: value for name, value in context.items() if name not in known and (value or value is False)}
    facts = " ".join(f"{name}={value}" for name, value in left.items())
    return ".".join(str(name) for name in (tenant, template) if name is not None), facts


_TENANT = ("schema_name", "tenant_name", "tenant", "schema")
_TEMPLATE = ("template_name", "template")
_OLD = ("created_at", "first_day", "first_day_chosen")
"""Of a feed's record, in entries of earlier versions."""
