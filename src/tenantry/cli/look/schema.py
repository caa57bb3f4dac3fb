"""`tenantry schema`: the JSON Schemas of what the program prints and reads."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from tenantry.cli.output import data
from tenantry.core.errors import InputError

FLEET = "fleet"

ALERT = "alert"


def schema(
    command: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[COMMAND|fleet|alert]",
            help="A command, such as tenant list; fleet for the fleet's file, or alert for an alert's message. Default: all "
            "commands.",
        ),
    ] = None,
) -> None:
    """Print the JSON Schema of a command's --json, the fleet's file or an alert.

    Without an argument, prints one schema for the documents of all commands and
    for errors. Needs no warehouse.
    """
    from tenantry.schemas import published
    from tenantry.warehouse.files import fleet_schema

    name = " ".join(command or ())
    if name == FLEET:
        data.print(fleet_schema(), end="")
        return
    if name == ALERT:
        data.print(published.alert(), end="")
        return
    found = published.of_command(name) if name else published.output()
    if found is None:
        raise InputError(
            f'there is no command "{name}" that prints JSON', hint="For all commands: tenantry schema"
        )
    data.print(json.dumps(found, indent=1, ensure_ascii=False))
