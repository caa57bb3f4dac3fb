"""What the program needs before it can answer."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.core import TyperGroup
from typer.main import get_command

from tenantry.cli.main import app, commands
from tenantry.cli.tree import tree

SLOW = {
    "psycopg",
    "pglast",
    "rich.progress",
    "tenantry.db",
    "tenantry.flow",
    "tenantry.loader",
    "tenantry.embedded",
}


@pytest.mark.parametrize(
    "arguments",
    [
        "--help",
        "refresh --help",
        "tenant add --help",
        "year fold --help",
        "template load --help",
        "--version",
    ],
)
def test_help_waits_for_no_library_that_only_commands_need(arguments: str) -> None:
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "tenantry", *arguments.split()],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in told.stderr.splitlines()}
    assert "tenantry.cli.main" in imported
    assert imported & SLOW == set()


def test_the_front_door_waits_for_nothing_that_only_some_of_its_methods_need() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import sys, tenantry.warehouse; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    modules = set(told.stdout.split())
    assert "tenantry.warehouse.base" in modules
    rooms = ("flow", "schedule", "observe", "recovery", "fleet")
    assert not [name for name in modules if name.startswith(tuple(f"tenantry.{room}" for room in rooms))]
    assert not {"tenantry.loader.run", "tenantry.loader.planning", "tenantry.embedded", "pglast"} & modules


def test_a_load_waits_for_nothing_that_other_commands_need() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-X",
            "importtime",
            "-c",
            "import tenantry.loader.planning, tenantry.loader.run, tenantry.flow.template.stored, tenantry.cli.progress",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "tenantry.loader.run" in told.stderr
    imported = {line.rpartition("|")[2].strip() for line in told.stderr.splitlines()}
    needless = {
        "pglast",
        "platformdirs",
        "pydantic",
        "tomlkit",
        "cryptography",
        "tenantry.embedded",
        "tenantry.fleet",
        "tenantry.flow.slice.move",
        "tenantry.flow.template.fit",
        "tenantry.loader.add_tenant",
        "tenantry.loader.verify",
        "tenantry.observe",
        "tenantry.recovery",
    }
    assert imported & needless == set()


def test_a_command_is_built_without_the_others() -> None:
    some = typer.Typer()

    @some.callback()
    def before() -> None: ...

    @some.command("wanted")
    def wanted() -> None: ...

    @some.command("other")
    def other(word: object) -> None: ...  # there is no such argument, so it cannot be built

    known = tree(some).commands
    assert list(known) == ["wanted", "other"]
    assert known["wanted"].name == "wanted"
    with pytest.raises(RuntimeError):
        known["other"]


def test_the_commands_that_are_built_one_by_one_are_those_of_the_program() -> None:
    assert list(described(commands())) == list(described(get_command(app)))


def described(command: Any, *path: str) -> Iterator[tuple[Any, ...]]:
    yield path, type(command), command.help, command.hidden, command.rich_help_panel, command.no_args_is_help
    yield path, command.context_settings, [(item.name, item.opts, item.default) for item in command.params]
    if isinstance(command, TyperGroup):
        for name in command.list_commands(typer.Context(command)):
            yield from described(command.commands[name], *path, name)
