"""`tenantry plan`, `apply` and `export`: the fleet as a file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli.confirm import Yes, confirm
from tenantry.cli.options import AsJson, Sessions
from tenantry.cli.output import data, notes, print_json, step
from tenantry.cli.report import ended, report
from tenantry.cli.target import administrator, open_warehouse, options, target
from tenantry.core import advice
from tenantry.core.model import Feed
from tenantry.core.settings import FILE_VARIABLE

if TYPE_CHECKING:
    import psycopg

    from tenantry.embedded.server import Server
    from tenantry.fleet.apply import Done
    from tenantry.fleet.file import Declared
    from tenantry.fleet.plan import Plan
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

DIFFERS = 5
"""The exit code of plan --exit-code if there is a difference."""


def plan(
    file: FileOption = None,
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
    shown ("password: differs"). A secret that cannot be read is an error.

    Exits with status 0 if the comparison succeeded, whatever its result; with
    --exit-code, exits with status 5 if there is a difference.
    """
    from tenantry.cli.fleet import changes
    from tenantry.core import state

    declared = _declared(file)
    with open_warehouse() as warehouse:
        _tell_where(warehouse)
        made = warehouse.plan(declared)
        lacking = {} if as_json else warehouse.unloaded()
    if as_json:
        print_json({"changes": made.changes})
    else:
        for line in changes.lines(made.changes):
            data.print(line)
        data.print(_told(made), markup=False)
        for shortage in made.shortages:
            step("warning", str(shortage))
        for feed, missing in lacking.items():
            how = f"{missing:,} missing" if missing else state.NEVER_LOADED
            notes.print(f"{feed}: {how}; to load: {advice.backfill_command(feed)}", markup=False)
    if exit_code and made.changes:
        raise typer.Exit(DIFFERS)


def apply(
    file: FileOption = None,
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

    declared = _declared(file)
    with open_warehouse() as warehouse:
        _tell_where(warehouse)
        made = warehouse.plan(declared)
        if made.changes:
            for line in changes.lines(made.changes):
                notes.print(line)
            notes.print(changes.count(made.changes), markup=False)
        warehouse.require_applicable(made, allow_drop=allow_drop, administrator=_administrator)
        if made.changes:
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
            report(result, as_json=as_json, more={"changes": done.changes, "failed": done.failed})
            _fail_if_refused(done)
            return
    if as_json:
        print_json({"changes": done.changes, "failed": done.failed, "next": done.commands})
        _fail_if_refused(done)
        return
    _fail_if_refused(done)
    data.print("the warehouse matches the file" if done.changes else "no difference", markup=False)
    _tell_lacking(done.unloaded)


def _tell_lacking(feeds: Mapping[Feed, int]) -> None:
    """What remains to load. Feeds that were never loaded are left to do after apply; missing days are not."""
    from tenantry.core import state

    for feed, missing in feeds.items():
        if missing:
            notes.print(
                f"{feed}: {missing:,} missing; to load them: {advice.backfill_command(feed)}", markup=False
            )
        else:
            data.print(f"next: {advice.backfill_command(feed)}", markup=False)
            notes.print(f"{feed}: {state.NEVER_LOADED}", markup=False)


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
        written = warehouse.export(file, dsn=target().dsn, force=force)
    if as_json:
        print_json({"files": written.files, "variables": written.variables})
        return
    for path in written.files:
        data.print(str(path), raw=True)
    for variable in written.variables:
        data.print(f"needs {variable}", markup=False)


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
        notes.print(
            f"warehouse: {info.dbname} on {info.host}:{info.port}, by {target().origin}", markup=False
        )


def _told(made: Plan) -> str:
    from tenantry.cli.fleet import changes

    return changes.count(made.changes) if made.changes else "no difference"
