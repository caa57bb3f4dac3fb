"""Mutants of SQL functions: a condition turned, a lock left out, a bound moved by one, a statement dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.mutants.mutant import ROOT, Mutant, change

FOLDER = "src/tenantry/sql/functions"

WORDS = [
    (r"\bIS NULL\b", "IS NOT NULL"),
    (r"\bIS NOT NULL\b", "IS NULL"),
    (r"\bIS DISTINCT FROM\b", "IS NOT DISTINCT FROM"),
    (r"\bIS NOT DISTINCT FROM\b", "IS DISTINCT FROM"),
    (r"\bNOT EXISTS\b", "EXISTS"),
    (r"(?<!NOT )\bEXISTS \(", "NOT EXISTS ("),
    (r"\bIF NOT (?!EXISTS)", "IF "),
    (r"\bAND\b", "OR"),
    (r"\bOR\b(?! REPLACE| (?:\w+ OR )*\w+ THEN\b)", "AND"),  # nor in a list of exceptions
    (r" <> ", " = "),
    (r" < ", " <= "),
    (r" <= ", " < "),
    (r" > ", " >= "),
    (r" >= ", " > "),
    (r" \+ 1\b", " + 2"),
    (r" - 1\b", " - 2"),
    (r"\bLIMIT 1\b", "LIMIT 2"),
    (r" FOR UPDATE( OF \w+)?", ""),
    (r"\binterval '1 day'", "interval '2 days'"),
]
RANGE = re.compile(r"\bBETWEEN (?:[^A-Z]|%[\d$]*[A-Z])*\Z")
"""Before an AND that belongs to BETWEEN: there is no OR of it."""

FUNCTION = re.compile(
    r"^CREATE OR REPLACE (?:FUNCTION|PROCEDURE) \w+\.(?P<name>\w+).*?AS \$\$(?P<body>.*?)\$\$;",
    re.MULTILINE | re.DOTALL,
)
CONDITION = re.compile(r"\b(WHERE|AND|OR|WHEN|IF|ON)\b(?:(?!\b(?:SET|RAISE|DIAGNOSTICS|DETAIL)\b)[^;:])*? = ")
"""Not an equals sign that assigns: with another there is no statement, and each test that comes by would notice."""
STATEMENT = re.compile(
    r"^[ ]+(PERFORM|UPDATE|DELETE|INSERT|EXECUTE|RAISE|REVOKE|GRANT|DROP|[a-z_]+ :=)\b.*?;$",
    re.MULTILINE | re.DOTALL,
)
LONGEST = 12
"""Lines of a statement that is dropped: a longer one is rarely one."""


def mutants() -> Iterator[Mutant]:
    """All that the rules make of all functions."""
    for path in sorted((ROOT / FOLDER).rglob("*.sql"), key=lambda path: path.name):
        yield from _of(path.relative_to(ROOT), path.read_text(encoding="utf-8"))


def _of(path: Path, text: str) -> Iterator[Mutant]:
    for function in FUNCTION.finditer(text):
        begin, end = function.start("body"), function.end("body")
        for first, last, new in _changes(text):
            if begin <= first and last <= end and not _commented(text, first):
                line = text.count("\n", 0, first) + 1
                mutated = text[:first] + new + text[last:]
                told = change(_lines(text, first, last), _lines(mutated, first, first + len(new)))
                yield Mutant(path, line, function["name"], told, mutated)


def _changes(text: str) -> Iterator[tuple[int, int, str]]:
    """Where text is replaced, up to where, and by what."""
    for pattern, new in WORDS:
        for found in re.finditer(pattern, text):
            if found[0] == "AND" and RANGE.search(text[max(found.start() - 100, 0) : found.start()]):
                continue
            yield found.start(), found.end(), new
    for found in CONDITION.finditer(text):
        yield found.end() - 3, found.end(), " <> "
    for found in STATEMENT.finditer(text):
        if found[0].count("\n") < LONGEST and "LANGUAGE" not in found[0]:
            indent = len(found[0]) - len(found[0].lstrip())
            yield found.start() + indent, found.end(), "NULL;"


def _commented(text: str, place: int) -> bool:
    return "--" in text[text.rfind("\n", 0, place) + 1 : place]


def _lines(text: str, first: int, last: int) -> str:
    return text[text.rfind("\n", 0, first) + 1 : (text.find("\n", last) + 1 or len(text) + 1) - 1]
