"""Write commands.md from the program's own help texts.

python docs/reference/generate.py — tests/unit/test_docs.py fails until it has been run.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import typer
from typer.core import TyperGroup

from tenantry.cli.main import commands
from tenantry.core.errors import TenantryError

COMMANDS = Path(__file__).with_name("commands.md")

_HEAD = """\
# Commands

Written by `python docs/reference/generate.py` from the program; to change it, change the help texts in
`src/tenantry/cli`.

`tenantry COMMAND --help` prints the same. `--dsn`, `--json`, `--quiet`, `--verbose`, `--no-color` and `--debug` may stand
before or after any command: see [Options, environment and passwords](../how-to/options.md). Results go to standard
output, everything else to standard error.
"""

_EXIT_CODES = {
    0: "Success.",
    1: "Something failed: a slice, a year, a source, a statement. The message says what failed, and what is kept.",
    2: "Invalid input: an unknown name or option, a first day after the last one.",
    3: "The warehouse cannot be reached, or the connection to it was lost.",
    4: "The database holds no warehouse, or a warehouse of another version.",
    5: "Only for plan --exit-code: the warehouse differs from the file.",
    129: "SIGHUP, for example because the terminal was closed. Otherwise like Ctrl-C.",
    130: "Ctrl-C. A message says what is kept.",
    143: "SIGTERM, for example from systemd or kill. Otherwise like Ctrl-C.",
}


def commands_md() -> str:
    """The text of commands.md."""
    root = commands()
    # A width of its own: usage lines must not depend on the terminal.
    context = typer.Context(root, info_name="tenantry", terminal_width=100)
    return "\n".join([_HEAD, _exit_codes(), *_sections(context)])


def _exit_codes() -> str:
    raised = {error.exit_code for error in _with_subclasses(TenantryError)}
    if raised - _EXIT_CODES.keys():
        raise ValueError(f"exit codes without a description in {__file__}: {raised - _EXIT_CODES.keys()}")
    rows = [f"| {code} | {meaning} |" for code, meaning in _EXIT_CODES.items()]
    return "\n".join(["## Exit codes", "", "| code | meaning |", "|---|---|", *rows, ""])


def _with_subclasses(error: type[TenantryError]) -> Iterator[type[TenantryError]]:
    yield error
    for child in error.__subclasses__():
        yield from _with_subclasses(child)


def _sections(context: typer.Context) -> Iterator[str]:
    command = context.command
    usage = command.get_usage(context).removeprefix("Usage: ")
    parts = [f"## {context.command_path}", "", _paragraphs(command.help or ""), "", "```", usage, "```", ""]
    records = [
        record
        for parameter in command.get_params(context)
        if parameter.name != "help" and (record := parameter.get_help_record(context)) is not None
    ]
    if records:
        parts += ["| argument or option | meaning |", "|---|---|"]
        parts += [f"| `{name}` | {_cell(meaning)} |" for name, meaning in records]
        parts.append("")
    if command.epilog:
        parts += [re.sub(r"[A-Z_]{4,}", r"`\g<0>`", command.epilog), ""]
    yield "\n".join(parts)
    if isinstance(command, TyperGroup):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                yield from _sections(typer.Context(child, info_name=name, parent=context))


def _paragraphs(text: str) -> str:
    """The text with a line for each paragraph: help texts are broken for a terminal."""
    return "\n\n".join(" ".join(part.split()) for part in inspect.cleandoc(text).split("\n\n"))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def main() -> None:
    """Write the file."""
    COMMANDS.write_text(commands_md(), encoding="utf-8")


if __name__ == "__main__":
    main()
