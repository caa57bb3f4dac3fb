"""What an interrupted command says: what is kept, and how to continue."""

from __future__ import annotations

from typing import NoReturn

import typer

from tenantry.cli import document, trail
from tenantry.cli.output import notes
from tenantry.core import signals

_told: list[str] = []

_GENERAL = "what was committed is kept; the rest was rolled back. Run the same command to continue."

_NOTHING = "this command changes nothing"

_LOADED = "what was loaded is kept. To continue, run the same command: it loads only what is missing."

_KEPT = {
    "backfill": _LOADED,
    "backup write": "the file was written completely or not at all.",
    "cluster add-worker": "a worker is added completely or not at all. Run the same command to continue.",
    "cluster rebalance": "a rebalance that has begun goes on in the cluster. Run the same command to follow it.",
    "doctor": "checks change nothing. With --fix, each step that was shown as done is kept.",
    "init": "what was installed is kept. To continue, run the same command.",
    "override check": _GENERAL,
    "recover": _LOADED,
    "queries": "nothing was cancelled except what you named.",
    "refresh": _LOADED,
    "restore": "the rows of a backup are restored in one transaction: all of them or none.",
    "start": "a new tenant that has rows is kept; what else this run had made was removed again.",
    "template drop-old": "what was dropped stays dropped. Run the same command to drop the rest.",
    "template set-storage": "copied years are kept, and reports read either the old or the new storage in full."
    " Run the same command to continue.",
    "tenant add": "what was stored and loaded is kept. To continue, run the same command: it loads only what is missing.",
    "tenant drop": "the tenant is either unchanged or out of all reports; then run the same command to drop the rest.",
    "tenant reload": "days that were loaded again are kept; all others are unchanged. Run the same command to continue.",
    "tenant rotate": "each password that was reported as stored is stored. Run the same command to continue.",
    "upgrade": "each migration was applied completely or not at all. Run the same command to continue.",
    "verify": "comparing changes nothing. With --fix, days that were loaded again are kept.",
    "year fold": "folded years are kept, and the year in progress still has its days."
    " Run the same command to continue.",
}
"""By the full name of the command; of others it is said whether they change anything."""


def tell(line: str) -> NoReturn:
    """Say what is kept, and exit."""
    _told.append(f"interrupted; {line}")
    if not document.wanted():
        notes.print(_told[0])
    raise typer.Exit(signals.exit_code())


def told() -> str | None:
    """What the command has said itself."""
    return _told[0] if _told else None


def of_command(name: str) -> str:
    """What to say about a command, by its full name."""
    usual = _GENERAL if trail.changes(name, {}) else _NOTHING
    return f"interrupted; {_KEPT.get(name, usual)}"
