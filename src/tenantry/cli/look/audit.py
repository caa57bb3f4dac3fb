"""`tenantry audit`: who changed what."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli.confirm import Yes, confirm
from tenantry.cli.group import Group
from tenantry.cli.look.activity import Limit, about, age, most_entries
from tenantry.cli.options import AsJsonLines
from tenantry.cli.output import print_json, print_json_line, print_table, step
from tenantry.cli.target import administrator, open_warehouse
from tenantry.core import signals
from tenantry.core.errors import InputError
from tenantry.core.words import count

if TYPE_CHECKING:
    from tenantry.db.audit import Entry

app = typer.Typer(
    cls=Group, help="Show who changed what. whadmin can add entries, but not change or remove them."
)


@app.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Keep showing new entries until Ctrl-C.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(metavar="AGE", help="Maximum age, such as 30m, 6h or 2d. Default: the last 50 entries."),
    ] = None,
    restored: Annotated[
        bool,
        typer.Option(
            "--restored", help="Show the trails that restored backups brought from their warehouses."
        ),
    ] = False,
    limit: Limit = None,
    as_json: AsJsonLines = False,
) -> None:
    """Show who changed what, oldest first.

    The trail records commands of this program, functions, and changes to the
    rows of _wh that decide what is loaded. The server itself knows the time,
    login, role, application and address. The operating system's user and host
    are what the program reports. The trail belongs to the administrator, and
    only the administrator can remove entries.
    """
    if context.invoked_subcommand:
        return
    if restored and follow:
        raise InputError("--restored and --follow cannot be combined", hint="Leave out --follow.")
    span = age(since) if since else None
    most = most_entries(limit, span)
    with open_warehouse() as warehouse:
        if restored:
            found = warehouse.restored_audit(since=span, most=most)
            _print(found, as_json=as_json, day="%Y-%m-%d %H:%M:%S")
            return
        if not follow:
            _print(warehouse.audit(since=span, most=most), as_json=as_json)
            return
        try:
            for number, entries in enumerate(warehouse.follow_audit(since=span, most=most)):
                _print(entries, as_json=as_json, follow=True, head=not number)
        except KeyboardInterrupt:
            if signals.exit_code() != 128 + signal.SIGINT:
                raise


@app.command()
def prune(
    before: Annotated[str, typer.Option(metavar="DAY", help="Remove entries from before this UTC day.")],
    yes: Yes = False,
) -> None:
    """Remove entries of the audit trail, and record that this was done.

    Connect as the server's administrator: --dsn, or TENANTRY_ADMIN_DSN. Asks
    first; without a terminal, give --yes.
    """
    from tenantry.warehouse import Warehouse

    try:
        day = datetime.strptime(before, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise InputError(f"{before!r} is not a day", hint="Write it as 2026-01-31.") from None
    with administrator() as (conninfo, _):
        confirm(f"Remove all entries before {day:%Y-%m-%d}?", yes=yes)
        removed = Warehouse(conninfo).prune_audit(day.date())
    step("audit", f"{count(removed, 'entry', 'entries')} removed")


def _print(
    entries: Iterable[Entry],
    *,
    as_json: bool,
    follow: bool = False,
    head: bool = True,
    day: str = "%m-%d %H:%M:%S",
) -> None:
    found = list(entries)
    if as_json and follow:
        for entry in found:
            print_json_line(entries=[entry])
    elif as_json:
        print_json(entries=found)
    elif found or head:
        print_table(
            None,
            ("at (UTC)", "who", "what", "on", "result"),
            [
                (f"{e.at:{day}}", _who(e), e.what.removeprefix("tenantry "), _on(e.subject), e.result)
                for e in found
            ],
            empty="No entries.",
        )
    sys.stdout.flush()


def _on(subject: str) -> str:
    """The subject of an entry in words: entries that came by way of the log have its facts, as JSON."""
    if not subject.startswith("{"):
        return subject
    try:
        return " ".join(filter(None, about(json.loads(subject))))
    except ValueError:
        return subject


def _who(entry: Entry) -> str:
    return f"{entry.os_user} ({entry.login})" if entry.os_user else entry.login
