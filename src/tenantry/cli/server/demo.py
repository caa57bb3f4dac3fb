"""`tenantry demo`: try it with three invented tenants."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli.options import AsJson
from tenantry.cli.output import data, print_json, print_table, step
from tenantry.cli.target import embedded_server, own_server, target
from tenantry.core.model import READER

if TYPE_CHECKING:
    from tenantry.demo.run import Report
    from tenantry.embedded.server import Server

_REPORT = ("tenant", "year", "items#", "pounds#", "dollars#", "pounds a day#")
_ITEMS = ("category", "item", "times#", "pounds#", "tenants#")


def demo(
    days: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER",
            min=1,
            max=3660,
            help="Number of days up to today. Default: last year and this year.",
        ),
    ] = None,
    reset: Annotated[
        bool, typer.Option("--reset", help="Remove the demo's tenants first and start over.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the server running afterwards.")] = False,
    as_json: AsJson = False,
) -> None:
    """Create three tenants and a warehouse on an embedded server, and report on them.

    Takes half a minute and needs no preparation. Nothing outside the server's
    own directory is touched. A second run finds everything in place.
    """
    from tenantry.cli.progress import LoadProgress
    from tenantry.demo.run import run

    chosen = target()
    own = embedded_server(chosen) or own_server()
    with own.lease() as server, LoadProgress() as progress:
        report = run(server, days, reset, step, progress)
        if keep:
            server.keep()
    if as_json:
        print_json(
            in_place=report.in_place,
            duration_seconds=report.seconds,
            tenants=_records(_REPORT, report.tenants),
            items=_records(_ITEMS, report.items),
            reader_dsn=server.conninfo(user=READER),
        )
        return
    _print(report, server, keep=keep or server.status().kept, elsewhere=chosen.embedded_directory is False)


def _records(names: tuple[str, ...], rows: object) -> list[dict[str, object]]:
    keys = [name.removesuffix("#").replace(" ", "_") for name in names]
    return [dict(zip(keys, row, strict=True)) for row in rows]  # type: ignore[attr-defined]


def _print(report: Report, server: Server, *, keep: bool, elsewhere: bool) -> None:
    data.print()
    print_table("Food waste of all tenants, from public.foodlogstats", _REPORT, report.tenants)
    data.print()
    print_table("Most wasted in the last 30 days, across tenants", _ITEMS, report.items)
    program = _as_called()
    if elsewhere:
        # The environment names another warehouse, so the commands below must name theirs.
        program += " --dsn embedded:"
    lines = [
        (f"{program} status", "show the state of each tenant"),
        (f"{program} refresh foodlogstats --all", "load today again, for all tenants"),
        (f"{program} doctor", "is anything wrong?"),
        (f"{program} year check foodlogstats {report.tenants[0][1]} --all", "is the year complete?"),
    ]
    lines.append(
        (f"{program} server stop", "stop the server")
        if keep
        else (f"{program} server start", "keep the server running, for psql and BI tools:")
    )
    psql = "psql" if shutil.which("psql") else str(server.program("psql"))
    data.print("\nTry next", style="bold")
    width = max(len(command) for command, _ in lines)
    for command, why in lines:
        told = f"  {command:<{width}}  # {why}"
        if data.limit is not None and len(told) > data.limit:
            # A command that is copied must not have a line break of the terminal's.
            told = f"  # {why}\n  {command}"
        data.print(told, raw=True)
    data.print(f'  {psql} "{server.conninfo(user=READER)}"', raw=True)
    data.print(f"\nDone in {report.seconds:.1f} s. Data: {server.directory}")


def _as_called() -> str:
    called = Path(sys.argv[0])
    if shutil.which("tenantry") and Path(shutil.which("tenantry") or "").samefile(called):
        return "tenantry"
    if called.name == "__main__.py":
        return shlex.join([sys.executable, "-m", "tenantry"])
    return shlex.quote(str(called))
