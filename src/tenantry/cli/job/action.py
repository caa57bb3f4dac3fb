"""`tenantry action`: work that somebody asked for, and the workers that do it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli.group import Group
from tenantry.cli.job.events import Teller, on_signal
from tenantry.cli.options import AsJson, AsJsonLines
from tenantry.cli.output import ago, data, print_facts, print_json, print_table
from tenantry.cli.target import open_warehouse
from tenantry.cli.watch import Watch, watched
from tenantry.core.words import count

if TYPE_CHECKING:
    from tenantry.flow.action.model import Action
    from tenantry.warehouse import Warehouse

app = typer.Typer(
    cls=Group, help="Show and cancel work that somebody asked for, and do it.", no_args_is_help=True
)

Number = Annotated[
    int, typer.Argument(metavar="ID", min=1, help="The action, as tenantry action list shows it.")
]


@app.command("list")
def list_actions(
    unfinished: Annotated[
        bool, typer.Option("--unfinished", help="Show only actions that are waiting or running.")
    ] = False,
    limit: Annotated[
        int,
        typer.Option(
            "--limit", "-n", metavar="NUMBER", min=1, max=10_000, help="Show at most this many, the newest."
        ),
    ] = 20,
    watch: Watch = None,
    as_json: AsJson = False,
) -> None:
    """List actions, newest first: what was asked for, by whom, and how far it is.

    The web console asks for actions, and so does Warehouse.request in Python.
    A worker carries each out once: tenantry scheduler has one, and tenantry
    action work is one. Actions are kept for 90 days after they end.
    """
    with open_warehouse() as warehouse:
        watched(watch, lambda: _list(warehouse, unfinished, limit, as_json=as_json), as_json=as_json)


def _list(warehouse: Warehouse, unfinished: bool, limit: int, *, as_json: bool) -> None:
    found = warehouse.actions(unfinished=unfinished, most=limit)
    if as_json:
        print_json(actions=found)
        return
    print_table(
        None,
        ("id#", "command", "login", "requested", "state", "progress"),
        [(a.id, a.command, a.login, ago(a.requested_at), _state(a), _how_far(a) or a.result) for a in found],
        empty="No actions.",
    )


@app.command()
def show(number: Number, as_json: AsJson = False) -> None:
    """Show an action: the command that does the same, its progress and result."""
    with open_warehouse() as warehouse:
        _show(warehouse.action(number), as_json=as_json)


@app.command()
def cancel(number: Number, as_json: AsJson = False) -> None:
    """Cancel an action that is waiting or running.

    One that is waiting never begins. One that is running ends within seconds,
    as after Ctrl-C: days that were committed stay, and those in progress are
    rolled back. Whoever may ask for an action may cancel it.
    """
    with open_warehouse() as warehouse:
        done = warehouse.cancel_action(number)
    if as_json:
        print_json(action=done)
    elif done.state == "running":
        data.print(f"Action {number} is being cancelled. See: tenantry action show {number}")
    else:
        data.print(f"Action {number}: {done.state}")


@app.command()
def work(
    most: Annotated[
        int,
        typer.Option("--most", metavar="NUMBER", min=1, max=20, help="Maximum number of concurrent actions."),
    ] = 2,
    grace: Annotated[
        float,
        typer.Option(metavar="SECONDS", min=0, help="How long actions may take to stop after a signal."),
    ] = 60.0,
    once: Annotated[bool, typer.Option("--once", help="Carry out what is waiting, then exit.")] = False,
    as_json: AsJsonLines = False,
) -> None:
    """Carry out actions until a signal to stop.

    Any number of workers may run, on any hosts: each action is taken by one of
    them. If a worker dies, another one begins its action again. tenantry
    scheduler has a worker; this command is for servers whose jobs pg_cron runs.
    Log in as whadmin.

    On SIGTERM or Ctrl-C, actions in progress are stopped and left to the next
    worker. What they have committed stays. A second signal exits at once.
    """
    from tenantry.actions import Worker

    with open_warehouse() as warehouse:
        worker = Worker(warehouse, Teller(as_json), most=most, once=once)
        signals = on_signal(worker.end)
        worker.start()
        end: float | None = None
        while worker.is_alive() and signals.number < 2 and (end is None or time.monotonic() < end):
            worker.join(0.1)
            if signals.number and end is None:
                end = time.monotonic() + grace
        if worker.error is not None:
            raise worker.error


def _show(action: Action, *, as_json: bool) -> None:
    if as_json:
        print_json(action=action)
        return
    print_facts(
        f"Action {action.id}",
        {
            "command": action.command,
            "asked for by": action.login
            if action.login == action.role
            else f"{action.login}, as {action.role}",
            "requested": action.requested_at,
            "state": _state(action),
            "attempts": action.attempts or None,
            "worker": f"{action.host}, process {action.pid}" if action.host else None,
            "started": action.started_at,
            "progress": _how_far(action),
            "newest error": action.progress.error if action.progress else None,
            "cancelled by": action.cancelled_by,
            "ended": action.ended_at,
            "result": action.result,
        },
    )


def _state(action: Action) -> str:
    return "being cancelled" if action.state == "running" and action.cancel_requested_at else action.state


def _how_far(action: Action) -> str | None:
    far = action.progress
    if far is None or action.state != "running":
        return None
    told = f"{far.what}: {far.done:,} of {count(far.total, far.unit)}, {count(far.rows, 'row')}"
    failed = f", {far.failed:,} failed" if far.failed else ""
    return f"{told}{failed}{f', {far.at}' if far.at else ''}"
