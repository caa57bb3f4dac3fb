"""Each command line that the documents show is one that the program takes: its commands and options exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperArgument, TyperGroup

from tenantry.cli import main

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "SECURITY.md", "CONTRIBUTING.md")),
    *sorted(page for page in (ROOT / "docs").rglob("*.md") if page.parent.name != "reference"),
    *sorted((ROOT / "docs" / "reference").glob("*.md")),
    *sorted((ROOT / ".github").rglob("*.md")),
]
SEPARATORS = {"|", "||", "&&", ";", ">", ">>", "<", "&"}


UsageError: type[Any] = typer.BadParameter.__mro__[1]
"""What typer's parser raises; it has no public name."""


@cache
def program() -> TyperGroup:
    found = main.commands()
    assert isinstance(found, TyperGroup)
    return found


def problem(words: list[str], *, whole: bool) -> str | None:
    """What the program would not take of the words after its name; `whole`: arguments that it needs are there, too."""
    command: Any = program()
    context = typer.Context(command, info_name="tenantry")
    while True:
        if command.name == "backup" and words[:1] and words[0] not in command.commands:
            words = ["write", *words]  # `tenantry backup FILE` is short for it
        try:
            given, rest, _ = command.make_parser(context).parse_args(list(words))
        except UsageError as error:
            return str(error)
        if not isinstance(command, TyperGroup):
            break
        if not rest:
            return None if not whole or context.parent is None or given else "a command is missing"
        found = command.get_command(context, rest[0])
        if found is None:
            return f"no such command: {rest[0]}"
        words, command = rest[1:], found
        context = typer.Context(command, parent=context, info_name=command.name)
    if rest:
        return f"too many arguments: {' '.join(rest)}"
    missing = [
        parameter.name
        for parameter in command.get_params(context)
        if isinstance(parameter, TyperArgument) and parameter.required and not given.get(parameter.name or "")
    ]
    return f"missing: {missing}" if whole and missing else None


def _blocks(text: str) -> Iterator[str]:
    """The lines of shell that a page shows, each with those that continue it."""
    for kind, block in re.findall(r"^ *```(console|sh|yaml)\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE):
        joined = re.sub(r"\\\n *(> )?", "", block)
        for line in joined.splitlines():
            line = line.strip()
            if kind == "sh":
                yield line
            elif kind == "yaml":
                yield line.removeprefix("- ").removeprefix("run: ")
            elif line.startswith("$ "):
                yield line[2:]


def commands(line: str) -> Iterator[list[str]]:
    """The words after each `tenantry` that begins a command in a line."""
    try:
        lexer = shlex.shlex(re.sub(r"\$\(.*?\)", "x", line), posix=True, punctuation_chars="|&;<>")
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError:
        return  # a quoted text that goes on in the next line, as in psql's
    command: list[str] = []
    for word in [*words, ";"]:
        if word in SEPARATORS:
            while command and re.match(r"\w+=", command[0]):
                command.pop(0)
            if command[:1] == ["tenantry"]:
                yield command[1:]
            command = []
        else:
            command.append(word)


def shown(page: Path) -> list[tuple[str, list[str]]]:
    """The commands in the blocks of a page, with the lines that they stand in."""
    text = page.read_text(encoding="utf-8")
    return [(line, words) for line in _blocks(text) for words in commands(line)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_commands_that_a_page_shows_can_be_typed(page: Path) -> None:
    wrong = [f"{line}: {found}" for line, words in shown(page) if (found := problem(words, whole=True))]
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_commands_that_a_page_names_in_its_text_exist(page: Path) -> None:
    prose = re.sub(r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    named = [" ".join(code.split()) for code in re.findall(r"`(tenantry [^`]+)`", prose)]
    wrong = []
    for code in named:
        # "tenant add|list" stands for two commands; an ellipsis and a COMMAND for any.
        for one in _alternatives(re.split("…|COMMAND", code)[0].split()[1:]):
            found = problem(one, whole=False)
            if found and "requires an argument" not in found:
                wrong.append(f"{code}: {found}")
    assert wrong == []


def _alternatives(words: list[str]) -> list[list[str]]:
    for place, word in enumerate(words):
        if re.fullmatch(r"[a-z-]+(\|[a-z-]+)+", word):
            return [
                made
                for one in word.split("|")
                for made in _alternatives([*words[:place], one, *words[place + 1 :]])
            ]
    return [words]


def test_commands_are_found_in_lines_of_shell() -> None:
    lines = ["export A=b", "A='x y' tenantry status --json | jq .x", "tenantry plan || tenantry apply --yes"]
    assert [list(commands(line)) for line in lines] == [
        [],
        [["status", "--json"]],
        [["plan"], ["apply", "--yes"]],
    ]
    assert sum(len(shown(page)) for page in PAGES) > 60


@pytest.mark.parametrize(
    "line, told",
    [
        ("tenant ad acme", "no such command: ad"),
        ("status --jsn", "No such option: --jsn"),
        ("tenant drop", "missing: ['name']"),
        ("init now", "too many arguments: now"),
        ("tenant", "a command is missing"),
    ],
)
def test_what_the_program_would_not_take_is_named(line: str, told: str) -> None:
    assert told in (problem(line.split(), whole=True) or "")
