"""What an interrupted command says is of the command, whatever its arguments are called."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from typer._click.shell_completion import _resolve_context
from typer.core import TyperGroup

from tenantry.cli import interrupted, trail
from tenantry.cli.group import Group, called
from tenantry.cli.main import commands


def full_names(group: TyperGroup, before: str = "") -> Iterator[str]:
    """The commands of a group and of the groups in it, by their full names; groups too."""
    for name, command in group.commands.items():
        yield before + name
        if isinstance(command, TyperGroup):
            yield from full_names(command, f"{before}{name} ")


ROOT = commands()
ALL = set(full_names(ROOT))


@pytest.mark.parametrize(
    "line, name",
    [
        ("template drop logs --yes", "template drop"),
        ("tenant edit export", "tenant edit"),
        ("apply plan", "apply"),
        ("tenant enable status", "tenant enable"),
        ("--dsn status apply", "apply"),
        ("--dsn tenant --debug status --json", "status"),
        ("--dsn=apply tenant list", "tenant list"),
        ("backup file", "backup write"),
        ("backup --keep 3 verify", "backup write"),
        ("audit --since 1h", "audit"),
        ("audit prune --before 2026-01-01", "audit prune"),
    ],
)
def test_the_command_is_known_whatever_its_options_and_arguments_are_called(line: str, name: str) -> None:
    _resolve_context(ROOT, {}, "tenantry", line.split())
    assert called.name == name
    assert line.endswith(" ".join(called.words))


def test_all_groups_note_what_is_called() -> None:
    def groups(command: object) -> Iterator[object]:
        if isinstance(command, TyperGroup):
            yield command
            for child in command.commands.values():
                yield from groups(child)

    assert {type(group) for group in groups(ROOT) if not isinstance(group, Group)} == set()


def test_what_is_said_of_a_command_is_said_of_one_that_exists() -> None:
    assert interrupted._KEPT.keys() <= ALL
    assert trail._OF_AUTHORS | trail._OPERATORS | trail._ASKING <= ALL
    assert trail._CHANGING_BY.keys() | trail._WHADMINS_BY.keys() | trail._INSTEAD.keys() <= ALL
    assert {name.rpartition(" ")[2] for name in ALL} >= trail._READING


def test_an_unknown_command_is_said_nothing_false_of() -> None:
    assert interrupted.of_command("") == interrupted.of_command("apply")
    for name in ("status", "describe", "connection test", "override list", "template new"):
        assert "changes nothing" in interrupted.of_command(name)
    for name in ("verify", "doctor", "queries", "start"):
        assert "this command changes nothing" not in interrupted.of_command(name)
    assert "Run the same command to continue" not in interrupted.of_command("start")


def test_a_signal_that_comes_while_a_command_is_prepared_prints_no_traceback() -> None:
    """It comes here with the first thing that the program does after it has begun to listen for signals."""
    program = (
        "import os, signal, sys; from tenantry.cli import document, main; begin = document.begin;"
        " document.begin = lambda words: (os.kill(os.getpid(), signal.SIGINT), begin(words));"
        " sys.argv[1:] = ['status']; main.main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stderr
    assert done.returncode == 128 + signal.SIGINT
    assert done.stderr.startswith("interrupted")
