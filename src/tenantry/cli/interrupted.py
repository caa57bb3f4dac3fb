"""What a command that was interrupted says: what is kept, and how to go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import typer

from tenantry.cli.output import notes
from tenantry.core import signals

_told: list[str] = []

_GENERAL = "what was committed is kept, the rest was rolled back. The same command goes on from there."

_NOTHING = "this command changes nothing"

_LOADED = "what was loaded is kept. To go on, run the same command: it loads only what is missing."

_KEPT = {
    "backfill": _LOADED,
    "backup": "the file is there as a whole, or not at all.",
    "backup verify": _NOTHING,
    "doctor": "a check changes nothing, and of --fix each step that was shown as done is kept.",
    "export": _NOTHING,
    "init": "what was installed is kept. To go on, run the same command.",
    "logs": _NOTHING,
    "plan": _NOTHING,
    "queries": "no session was ended but those that were named.",
    "rebuild": _LOADED,
    "refresh": _LOADED,
    "restore": "the rows of a backup come in one transaction: all of them are there, or none.",
    "schedule list": _NOTHING,
    "sizes": _NOTHING,
    "status": _NOTHING,
    "template drop-old": "what was dropped stays dropped. The same command drops the rest.",
    "template set-storage": "years that were copied are kept, and reports read one storage or the other, whole."
    " The same command goes on.",
    "template test": _NOTHING,
    "tenant add": "what was stored and loaded is kept. To go on, run the same command: it loads only what is missing.",
    "tenant drop": "the tenant is there as it was, or out of all reports; then the same command drops what is left.",
    "tenant list": _NOTHING,
    "tenant rebuild": "days that were pulled again are kept, all others are as they were. The same command goes on.",
    "tenant rotate": "each password is stored that was said to be. The same command goes on.",
    "tenant show": _NOTHING,
    "tenant test": _NOTHING,
    "upgrade": "each migration is there as a whole or not at all. The same command goes on.",
    "year check": _NOTHING,
    "year convert": "years that were folded are kept, and of the one at work its days serve as before."
    " The same command goes on.",
}
"""By the words of the command; all others are described by _GENERAL."""


def tell(line: str) -> NoReturn:
    """Say what is kept, and end."""
    _told.append(line)
    notes.print(f"interrupted; {line}", markup=False)
    raise typer.Exit(signals.exit_code())


def told() -> bool:
    """Whether the command has said itself what is kept."""
    return bool(_told)


def of_command(words: Sequence[str]) -> str:
    """What to say of the command in a command line, the words after `tenantry`."""
    names: list[str] = []
    left = iter(words)
    for word in left:
        if word == "--dsn":
            next(left, None)
        elif not word.startswith("-"):
            names.append(word)
    # A command of a group has two words. What comes after may be called as a command is.
    kept = _KEPT.get(" ".join(names[:2])) or _KEPT.get(" ".join(names[:1]), _GENERAL)
    return f"interrupted; {kept}"
