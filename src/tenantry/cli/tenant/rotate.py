"""`tenantry tenant rotate`: new passwords for sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli import complete
from tenantry.cli.options import AsJson
from tenantry.cli.output import data, notes, print_json, step
from tenantry.cli.target import open_warehouse, options
from tenantry.core.errors import DatabaseError, InputError

if TYPE_CHECKING:
    from tenantry.fleet.rotate import Rotated


def rotate(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Tenants or connections.", autocompletion=complete.tenants),
    ] = None,
    everyone: Annotated[
        bool, typer.Option("--all", help="All connections with a password in the file.")
    ] = False,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            metavar="PATH",
            help="The fleet file, or a folder with such files. Default: as for tenantry plan.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Store the sources' new passwords, from where the fleet file points.

    First set the new passwords at the sources, and where the file points (a
    variable, a file, a program). Nothing else in the file is used.

    Each password is tried before it is stored. If a source refuses its
    password, that one is not stored, but the others are. A password that is
    already stored is tried and left as it is, so you can stop this at any time
    and run it again.

    Exits with status 1 if a password could not be read, or its source refused
    it.
    """
    from tenantry.warehouse.files import read_fleet

    if names and everyone:
        raise InputError("names and --all cannot be combined", hint="Give one of them.")
    if not names and not everyone:
        raise InputError("no tenants were named", hint="Give their names, or --all.")
    declared = read_fleet(file)
    options.file = file
    with open_warehouse() as warehouse:
        done = warehouse.rotate_passwords(names or (), declared, watch=_tell)
    failed = [rotated for rotated in done if rotated.reason]
    if as_json:
        print_json(connections=done, failed=len(failed))
    else:
        changed = sum(rotated.changed for rotated in done)
        data.print(f"{changed} changed, {len(done) - changed - len(failed)} unchanged, {len(failed)} failed")
    if failed:
        raise DatabaseError(
            f"{len(failed)} of {len(done)} passwords were not rotated: {', '.join(r.name for r in failed)}",
            hint="Their stored passwords are unchanged. Set them at the sources, and run the same command.",
        )


def _tell(rotated: Rotated) -> None:
    used = f" (used by {', '.join(rotated.tenants)})" if rotated.tenants else ""
    if rotated.reason:
        notes.print(f"not rotated: {rotated.name}{used}: {rotated.reason}")
    else:
        step(
            rotated.name,
            f"{'a new password is stored' if rotated.changed else 'the password is already stored'}{used}",
        )
