"""Each named query is described and used, and each that the program asks for exists."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tenantry.db.queries import query

SOURCE = Path(__file__).parents[2] / "src/tenantry"
FILES = {file.stem: file for file in sorted((SOURCE / "sql/queries").glob("*.sql"))}

BY_NAME = {
    ("observe", "rows"): "health",
    ("observe", "rows_of_login"): "health",
    ("observe", "_rows"): "grants",
    ("flow", "by_role"): "job",
}
"""Functions that are given a query's name, with the part of the program that calls them, and the file that they look it up in."""


@cache
def written() -> dict[str, list[str]]:
    """The names of the queries in each file."""
    return {
        noun: re.findall(r"^-- name: (\w+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
        for noun, file in FILES.items()
    }


def _calls(tree: ast.AST) -> Iterator[tuple[str, list[str | None]]]:
    """The name of each function that is called, and its arguments; None for those that are no plain text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            yield (
                name,
                [
                    argument.value
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
                    else None
                    for argument in node.args
                ],
            )


@cache
def asked() -> tuple[dict[str, set[str]], set[str]]:
    """The names that Python asks for in each file, and all texts of programs: a name may be passed on in a variable."""
    found: dict[str, set[str]] = defaultdict(set)
    texts = set()
    for file in SOURCE.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        texts |= {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        part = file.relative_to(SOURCE).parts[0]
        for function, arguments in _calls(tree):
            if function == "query" and len(arguments) == 2 and arguments[0]:
                found[arguments[0]] |= {arguments[1]} if arguments[1] else set()
            elif function == "by_role" and len(arguments) == 3 and arguments[1] and arguments[2]:
                for place in (arguments[1], "operators"):
                    found[place].add(arguments[2])
            elif noun := BY_NAME.get((part, function)):
                found[noun] |= {name for name in arguments if name}
    return found, {text for text in texts if isinstance(text, str)}


def test_every_query_that_python_asks_for_exists() -> None:
    found, _ = asked()
    unknown = {(noun, name) for noun, names in found.items() for name in names - set(written().get(noun, []))}
    assert unknown == set()
    assert len(found["slice"]) > 15


@pytest.mark.parametrize("noun", FILES)
def test_every_query_is_used(noun: str) -> None:
    found, texts = asked()
    passed_on = texts if noun in BY_NAME.values() else set()
    unused = [
        name
        for name in written()[noun]
        if name not in found[noun] | passed_on and name.removesuffix("_of_whadmin") not in passed_on
    ]
    assert unused == []


@pytest.mark.parametrize("noun", FILES)
def test_every_query_has_a_name_of_its_own_and_a_line_that_says_what_it_is_for(noun: str) -> None:
    text = FILES[noun].read_text(encoding="utf-8")
    assert text.startswith("-- name: ")
    assert len(set(written()[noun])) == len(written()[noun])
    assert re.findall(r"^-- name: (\w+)\n(?!-- \S)", text, re.MULTILINE) == []


def test_a_description_is_not_sent() -> None:
    sent = {query(noun, name).split()[0] for noun, names in written().items() for name in names}
    assert sent <= {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "LOCK", "SET", "RESET", "COPY"}
