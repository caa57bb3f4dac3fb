"""`tenantry plan`, `apply` and `export`: the fleet as a file."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tenantry.cli import target as targets
from tenantry.cli.confirm import Yes, confirm
from tenantry.cli.document import DIFFERS
from tenantry.cli.options import AsJson, Sessions
from tenantry.cli.output import data, notes, print_json, step
from tenantry.cli.report import ended, report
from tenantry.cli.target import administrator, open_warehouse, options
from tenantry.core import advice
from tenantry.core.errors import InputError
from tenantry.core.settings import FILE_VARIABLE

if TYPE_CHECKING:
    import psycopg

    from tenantry.core.model import Feed
    from tenantry.embedded.server import Server
    from tenantry.fleet.apply import Done
    from tenantry.fleet.file import Declared
    from tenantry.fleet.plan import Plan
    from tenantry.fleet.saved import Saved
    from tenantry.warehouse import Warehouse

FileOption = Annotated[
    Path | None,
    typer.Option(
        "--file",
        metavar="PATH",
        help="The file, or a folder whose .toml files are all read. Default: what TENANTRY_FILE names, "
        "otherwise tenantry.toml and tenantry.d/*.toml in this folder or the nearest parent folder "
        "that has one.",
    ),
]


Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        metavar="KIND.NAME",
        help="Only this and what it needs: tenant.acme, feed.acme.orders, template.orders, connection.acme, "
        "reader.bi or job.NAME. Repeatable.",
    ),
]


def plan(
    file: FileOption = None,
    target: Targets = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="PATH", help="Save the plan in this file, for tenantry apply PATH."
        ),
    ] = None,
    secrets: Annotated[
        bool,
        typer.Option(
            "--secrets/--no-secrets",
            help="Read the secrets that the file points to, to compare them; --no-secrets reads none and runs no program.",
        ),
    ] = True,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with status 5 if the warehouse differs from the file.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show how the warehouse differs from the fleet file, like a diff.

    Changes nothing. Lines begin with + for what tenantry apply would create, ~
    for what it would change, and - for what it would remove. Kinds of things
    that the file does not mention (readers, jobs, ...) are not compared.

    Stored passwords are compared with those that the file points to, but never
    shown ("password: differs"). A password that cannot be read is not compared,
    and a note names it. tenantry apply needs all passwords.

    A saved plan holds the files and what was shown, and no secret. tenantry
    apply makes exactly these changes, or refuses if the warehouse has changed.

    Exits with status 0 if the comparison succeeded, whatever its result; with
    --exit-code, exits with status 5 if there is a difference.
    """
    from tenantry.cli.fleet import changes
    from tenantry.core import state

    declared = _declared(file)
    with open_warehouse() as warehouse:
        _tell_where(warehouse)
        made = warehouse.plan(declared, targets=target or (), secrets=secrets)
        if output is not None:
            warehouse.save_plan(made, declared, output, file=options.file)
        lacking = {} if as_json else warehouse.unloaded()
    if as_json:
        print_json(
            changes=made.changes,
            left_out=made.left_out,
            not_compared=[
                {"kind": kind, "name": name, "reason": reason}
                for (kind, name), reason in made.not_compared.items()
            ],
            saved=output,
            shortages=made.shortages,
        )
    else:
        for line in changes.lines(made.changes):
            data.print(line)
        data.print(_told(made))
        for shortage in made.shortages:
            step("warning", str(shortage))
        _tell_rest(made)
        for feed, missing in lacking.items():
            how = f"{missing:,} missing" if missing else state.NEVER_LOADED
            notes.print(f"{feed}: {how}; to load: {advice.backfill_command(feed)}")
        if output is not None:
            notes.print(f"saved; to apply: {shlex.join(['tenantry', 'apply', str(output)])}")
    if exit_code and made.changes:
        raise typer.Exit(DIFFERS)


def _tell_rest(made: Plan) -> None:
    """What the plan does not show."""
    for (kind, name), reason in made.not_compared.items():
        what = "secret" if kind == "alert" else "password"
        notes.print(f"{kind} {name}: {what} not compared: {reason}")
    if made.left_out:
        names = [change.subject for change in made.left_out]
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        notes.print(f"left out by --target: {', '.join(names[:5])}{more}")


def apply(
    saved: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PLAN]",
            help="Plan saved by tenantry plan --output. Default: make a new one.",
            show_default=False,
        ),
    ] = None,
    file: FileOption = None,
    target: Targets = None,
    allow_drop: Annotated[
        bool,
        typer.Option(
            "--allow-drop", help="Also remove tenants and feeds that the file lacks, with their data."
        ),
    ] = False,
    load: Annotated[
        bool,
        typer.Option("--load", help="Then load feeds that have never been loaded or have missing days."),
    ] = False,
    test: Annotated[
        bool, typer.Option(help="Log in to a source before storing its address or password.")
    ] = True,
    sessions: Sessions = 2,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make the warehouse match the fleet file, after showing the changes.

    Templates come first, then connections, tenants, jobs and readers. Removals
    come last. A change that would remove data is refused unless you give
    --allow-drop; then nothing is changed at all.

    With a saved plan, makes exactly its changes, without asking. It is refused
    if the warehouse has changed since it was saved.

    Each step is a transaction of its own. If a step is refused, only the steps
    that depend on it are skipped; the others are made, and the exit status is
    1. You can stop it at any point and run it again to continue. If the
    warehouse already matches the file, nothing changes. Only one apply runs on
    a warehouse at a time.

    A new tenant gets its jobs, but not yet its past days: --load loads those,
    as do the commands printed at the end. A tenant that the file no longer
    declares disabled is enabled as by tenantry tenant enable: its missing days
    are loaded and compared with its source first.

    Changes to readers need the administrator's login: --dsn, or
    TENANTRY_ADMIN_DSN.
    """
    from tenantry import Limits
    from tenantry.cli.fleet import changes
    from tenantry.cli.progress import LoadProgress

    if saved is not None and (file or target):
        raise InputError(
            "a saved plan already has its file and targets", hint="Leave out --file and --target."
        )
    read = _read_plan(saved) if saved is not None else None
    declared = read.declared if read else _declared(file)
    with open_warehouse() as warehouse:
        _tell_where(warehouse)
        made = warehouse.repeat_plan(read) if read else warehouse.plan(declared, targets=target or ())
        if made.changes:
            for line in changes.lines(made.changes):
                notes.print(line)
            notes.print(changes.count(made.changes))
        for shortage in made.shortages:
            step("warning", str(shortage))
        warehouse.require_applicable(made, allow_drop=allow_drop, administrator=_administrator)
        if made.left_out:
            _tell_rest(made)
        if made.changes and read is None:
            confirm("Apply?", yes=yes)
        with LoadProgress() as progress:
            done = warehouse.apply(
                declared,
                made,
                allow_drop=allow_drop,
                test=test,
                administrator=_administrator,
                watch=lambda change: step(change.action, change.subject),
                watcher=progress,
            )
        if load and done.unloaded:
            with LoadProgress() as progress:
                result = ended(
                    lambda: warehouse.backfill(list(done.unloaded), limits=Limits(sessions), watcher=progress)
                )
            report(result, as_json=as_json, more=_data(done))
            _fail_if_refused(done)
            return
    if as_json:
        print_json(load=None, **_data(done))
        _fail_if_refused(done)
        return
    _fail_if_refused(done)
    data.print("the warehouse matches the file" if done.changes else "no difference")
    _tell_lacking(done.unloaded)


def _read_plan(path: Path) -> Saved:
    from tenantry.warehouse.files import read_plan

    saved = read_plan(path)
    # For the warehouse that it names; what it declares is in the plan.
    options.file = saved.file if saved.file and saved.file.exists() else None
    return saved


def _data(done: Done) -> dict[str, Any]:
    """What was changed, as JSON."""
    failures = [
        {
            "kind": failure.change.kind,
            "name": failure.change.name,
            "template": failure.change.template,
            "error": failure.reason,
            "hint": failure.hint,
        }
        for failure in done.failed
    ]
    return {
        "changes": done.changes,
        "failed": len(failures),
        "failures": failures,
        "next": done.commands,
    }


def _tell_lacking(feeds: Mapping[Feed, int]) -> None:
    """What remains to load. Feeds that were never loaded are left to do after apply; missing days are not."""
    from tenantry.core import state

    for feed, missing in feeds.items():
        if missing:
            notes.print(f"{feed}: {missing:,} missing; to load them: {advice.backfill_command(feed)}")
        else:
            data.print(f"next: {advice.backfill_command(feed)}")
            notes.print(f"{feed}: {state.NEVER_LOADED}")


def _fail_if_refused(done: Done) -> None:
    """Raise the error of an apply in which a change failed."""
    from tenantry.core.errors import DatabaseError

    if not done.failed:
        return
    made, total = len(done.changes), len(done.changes) + len(done.failed)
    told = "; ".join(f"{f.change.subject}: {f.reason}" for f in done.failed)
    hint = next((f.hint for f in done.failed if f.hint), None)
    raise DatabaseError(f"{made} of {total} changes were made; not made: {told}", hint=hint)


@contextmanager
def _administrator() -> Iterator[tuple[psycopg.Connection, Server | None]]:
    from tenantry.db.connect import session

    with administrator() as (conninfo, server), session(conninfo, role=None) as opened:
        yield opened, server


def export(
    file: Annotated[
        Path,
        typer.Option(
            "--file", metavar="PATH", help="The file to write. Templates go into templates/ next to it."
        ),
    ] = Path("tenantry.toml"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite existing files.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the fleet file from the warehouse.

    Passwords are not written. Each becomes an environment variable, such as
    env:TENANTRY_ACME_PASSWORD, and the names are printed. With these variables
    set, tenantry plan finds no difference.

    Templates that did not come with the program are written to templates/ next
    to the file. An existing file with different content is only overwritten
    with --force.
    """
    with open_warehouse() as warehouse:
        written = warehouse.export(file, dsn=targets.target().dsn, force=force)
    if as_json:
        print_json(files=written.files, variables=written.variables)
        return
    for path in written.files:
        data.print(str(path), raw=True)
    for variable in written.variables:
        data.print(f"needs {variable}")


def _declared(path: Path | None) -> Declared:
    from tenantry.warehouse.files import read_fleet

    if path is None and os.environ.get(FILE_VARIABLE):
        path = Path(os.environ[FILE_VARIABLE])
    declared = read_fleet(path)
    options.file = path
    return declared


def _tell_where(warehouse: Warehouse) -> None:
    """Name the warehouse, because the environment may name another one than the file."""
    with warehouse.session() as opened:
        info = opened.info
        notes.print(f"warehouse: {info.dbname} on {info.host}:{info.port}, by {targets.target().origin}")


def _told(made: Plan) -> str:
    from tenantry.cli.fleet import changes

    return changes.count(made.changes) if made.changes else "no difference"
