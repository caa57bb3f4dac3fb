"""What the program needs before it can answer."""

import inspect
import os
import re
import subprocess
import sys
from typing import Any

import pytest
import typer

from tenantry.cli.known import known
from tenantry.cli.main import commands
from tenantry.cli.tree import tree

NEEDLESS = {
    "asyncio",
    "json",
    "logging",
    "psycopg",
    "rich",
    "ssl",
    "tenantry.core.model",
    "tenantry.db",
    "tenantry.warehouse",
}
"""What help and completion do not need, and takes long to load."""

MOST_MODULES = 190
"""Modules that help loads at most: Python's own, Typer's, and some of the program's. Raise it only for good reason."""


def loaded(*arguments: str) -> list[str]:
    """The modules that the program loads to do something without a warehouse."""
    return loaded_by(
        f"import sys; sys.argv = ['tenantry', *{arguments!r}]; from tenantry.__main__ import main; main()"
    )


def loaded_by(program: str, **environment: str) -> list[str]:
    """The modules that a program in Python loads."""
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in told.stderr.splitlines() if line.startswith("import time:")]
    return [line.rpartition("|")[2].strip() for line in lines[1:]]


@pytest.mark.parametrize("words", ["--version", "-V", "version"])
def test_the_version_is_told_before_anything_is_loaded(words: str) -> None:
    imported = loaded(words)
    assert [name for name in imported if name.startswith("tenantry")] == [
        "tenantry",
        "tenantry.core",
        "tenantry.core.signals",
        "tenantry.__main__",
    ]
    assert not {"typer", "typing"} & {*imported}


@pytest.mark.parametrize(
    "words",
    [
        "--help",
        "refresh --help",
        "tenant --help",
        "tenant add --help",
        "year fold --help",
        "help template load",
    ],
)
def test_help_loads_only_what_it_says(words: str) -> None:
    imported = loaded(*words.split())
    assert "tenantry.cli.main" in imported
    assert not NEEDLESS & {*imported}
    assert len(imported) <= MOST_MODULES


def test_the_help_of_the_program_loads_no_command() -> None:
    assert not [name for name in loaded("--help") if re.match(r"tenantry\.cli\.(?!terminal)\w+\.", name)]


@pytest.mark.parametrize("line", ["tenantry ", "tenantry tenant a", "tenantry refresh --d"])
def test_completion_of_commands_and_options_loads_as_little(line: str) -> None:
    words = {
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split(" ")) - 1),
        "_TENANTRY_COMPLETE": "complete_bash",
    }
    imported = loaded_by(
        "import sys; sys.argv = ['tenantry']; from tenantry.__main__ import main; main()", **words
    )
    assert "typer._click.shell_completion" in imported
    assert not NEEDLESS & {*imported}
    assert len(imported) <= MOST_MODULES + 10


def test_the_table_of_commands_says_what_the_commands_say() -> None:
    built = commands().commands
    for one in known():
        command: Any = built[one.name]
        text = command.help
        assert one.said == " ".join(inspect.cleandoc(text).split("\n\n")[0].split()), one.name
        assert command.rich_help_panel == one.panel


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
