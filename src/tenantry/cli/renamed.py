"""Old names of commands and options. They still work for one version, hidden from help and completion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tenantry.cli.output import notes

GONE_IN = "0.4"
"""The version in which the old names stop working."""

COMMANDS = {
    "rebuild": "recover",
    "tenant rebuild": "tenant reload",
    "slice rebuild": "slice reload",
    "year convert": "year fold",
}
"""Full names of commands, old and new."""

_WITH_SESSIONS = (
    "backfill", "refresh", "apply", "recover", "tenant add", "tenant enable", "tenant reload", "slice reload",
)  # fmt: skip

OPTIONS = {
    ("refresh", "--full"): "--reload",
    ("tenant add", "--convert"): "--fold",
    ("tenant add", "--no-convert"): "--no-fold",
    **{(command, "--jobs"): "--sessions" for command in _WITH_SESSIONS},
}
"""The new name of an option, by the command's current name and the option's old name."""


def hint(old: str, new: str) -> str:
    """The line for a user of an old name."""
    return f"note: {old} is now called {new}; the old name goes away in Tenantry {GONE_IN}"


def command(name: str, *, tell: bool) -> str:
    """The current name of a command; with `tell`, an old name gets a hint."""
    new = COMMANDS.get(name, name)
    if tell and new != name:
        _tell([(name, new)])
    return new


def words(command: str, given: Sequence[str], *, tell: bool) -> list[str]:
    """The words after a command, with the current name of each option; with `tell`, each old name gets one hint."""
    # After -- there are only arguments.
    end = given.index("--") if "--" in given else len(given)
    split = [word.partition("=") for word in given[:end]]
    new = {name: OPTIONS[command, name] for name, _, _ in split if (command, name) in OPTIONS}
    if tell:
        _tell(new.items())
    return [new.get(name, name) + equals + value for name, equals, value in split] + list(given[end:])


def _tell(names: Iterable[tuple[str, str]]) -> None:
    for old, new in names:
        notes.print(hint(old, new))
