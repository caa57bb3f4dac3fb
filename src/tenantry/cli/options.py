"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from tenantry.cli import complete, document
from tenantry.core.days import parse_day, today_utc
from tenantry.core.errors import InputError

Template = Annotated[
    str,
    typer.Argument(
        metavar="TEMPLATE",
        help="The template, which says what to load, such as foodlogstats.",
        autocompletion=complete.templates,
    ),
]
Tenants = Annotated[
    list[str] | None,
    typer.Option(
        "--tenant",
        metavar="NAME",
        help="A tenant, by the name of its schema. Repeatable.",
        autocompletion=complete.tenants,
    ),
]
Everyone = Annotated[
    bool, typer.Option("--all", help="All tenants that use the template, except disabled ones.")
]
Sessions = Annotated[
    int, typer.Option(metavar="NUMBER", min=1, max=8, help="Maximum number of sessions per source.")
]
Pause = Annotated[
    float,
    typer.Option(metavar="SECONDS", min=0, help="Pause after each slice, to reduce the load on the source."),
]
_SOURCE = typer.Option(
    metavar="CONNINFO",
    help="The source: 'host=… port=… dbname=… user=…', without the password. The warehouse's server must be able to "
    "reach it.",
)
NewSource = Annotated[str, _SOURCE]
NewSourceOrAsk = Annotated[str | None, _SOURCE]
UnstoredSource = Annotated[
    str | None,
    typer.Option(
        metavar="CONNINFO",
        help="A source without a connection: 'host=… port=… dbname=… user=…', without the password.",
    ),
]
PasswordFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="File that holds the source's password.")
]
SourceOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        metavar="WORD=VALUE",
        help="A libpq keyword, or a session setting such as pooler=true. Repeatable.",
    ),
]
FirstDay = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="DAY",
        help="First day (UTC): YYYY-MM-DD. Default: January 1st of the source's first year.",
    ),
]
WithJobs = Annotated[
    bool, typer.Option(help="Create the jobs that keep the tenant up to date, if there is a cron.")
]
AsJson = Annotated[bool, typer.Option("--json", callback=document.choose, help="Print the result as JSON.")]
AsJsonLines = Annotated[
    bool,
    typer.Option(
        "--json",
        callback=document.choose,
        help="Print JSON. A command that keeps running prints one document per line.",
    ),
]


def require_tenants(names: Sequence[str] | None, *, everyone: bool) -> None:
    """Raise InputError unless either --tenant or --all was given."""
    if names and everyone:
        raise InputError("--tenant and --all cannot be combined", hint="Give one of them.")
    if not names and not everyone:
        raise InputError("no tenants were named", hint="Give --tenant NAME (once or more) or --all.")


def ended_or_today(text: str, latest: date | None = None) -> date:
    """A day that has begun in UTC, or is not after `latest`. Raises InputError for a later one."""
    day = parse_day(text)
    if day > (latest or today_utc()):
        if latest and latest > today_utc():
            raise InputError(f"{day} is after {latest}, the last day that the template loads")
        raise InputError(f"{day} has not begun: in UTC it is {today_utc()}")
    return day
