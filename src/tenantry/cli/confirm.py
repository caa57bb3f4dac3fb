"""Ask before something is destroyed, or before much is made."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tenantry.cli.output import notes
from tenantry.cli.terminal.text import Text
from tenantry.cli.terminal.wrap import wrapped
from tenantry.core.errors import InputError
from tenantry.core.visible import visible

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation. Required without a terminal.")]


def confirm(question: str, *, yes: bool, expected: str | None = None, usual: bool = False) -> None:
    """Continue if the answer is yes; with `expected`, if it is typed in full. `usual` is the answer of Enter alone.

    Raises InputError if it is not, or if there is no terminal and no --yes.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise InputError(
            "there is no terminal to ask for confirmation", hint="Give --yes to continue without asking."
        )
    question = visible(question)
    if notes.limit is not None:
        # Room for the answer, too.
        question = "\n".join(line.plain for line in wrapped(Text(question), max(notes.limit - 10, 20)))
    if expected is None:
        agreed = typer.confirm(question, default=usual, err=True)
    else:
        agreed = typer.prompt(question, err=True, default="", show_default=False).strip() == expected
    if not agreed:
        raise InputError("not confirmed")
