"""What an error says, and who may say it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.program import run

SOURCE = Path(__file__).parent.parent.parent / "src" / "tenantry"


def test_no_error_of_the_library_says_for_its_callers_that_nothing_was_done() -> None:
    """A library cannot know what its caller did before: the program says so itself, in one place."""
    told = re.compile(
        r"""["'][^"'\n]*\bNothing (was|is) (changed|done|loaded|written|read|run|dropped|asked)"""
    )
    speaking = [
        f"{path.relative_to(SOURCE)}: {line.strip()}"
        for path in sorted([*SOURCE.rglob("*.py"), *SOURCE.rglob("*.sql")])
        if path.parent.name != "cli"
        for line in path.read_text().splitlines()
        if told.search(line) and '"""' not in line
    ]
    assert speaking == []


def test_a_command_that_ends_before_it_reaches_a_warehouse_says_that_nothing_was_changed() -> None:
    outcome = run("host=127.0.0.1 port=1", "backfill", "foodlogstats", "--all", "--from", "2024-13-01")
    assert outcome.code == 2
    assert outcome.err.rstrip().endswith("Nothing was changed.")


def test_a_command_whose_arguments_are_refused_says_that_nothing_was_changed() -> None:
    outcome = run(None, "backfill", "--nonsense")
    assert outcome.code == 2
    assert outcome.err.rstrip().endswith("Nothing was changed.")
