"""How large a module and a folder may be, so that people find their way."""

from __future__ import annotations

import re
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src/tenantry"
TESTS = Path(__file__).parents[1]


def test_no_module_is_longer_than_400_lines() -> None:
    long = {
        str(file.relative_to(SOURCE)): count
        for file in SOURCE.rglob("*.py")
        if (count := len(file.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}


def test_no_folder_holds_more_than_20_files() -> None:
    """But migrations, which are frozen where they are."""
    full = {
        str(folder.relative_to(SOURCE)): count
        for folder in [SOURCE, *SOURCE.rglob("*/")]
        if folder.name not in {"migrations", "__pycache__"}
        and (count := sum(entry.is_file() for entry in folder.iterdir())) > 20
    }
    assert full == {}


def test_no_line_of_sql_is_longer_than_110_characters() -> None:
    """But in what is generated, and in migrations, which are frozen."""
    long = [
        f"{file.relative_to(SOURCE)}:{number}"
        for folder in ("functions", "queries", "install", "cron")
        for file in (SOURCE / "sql" / folder).rglob("*.sql")
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > 110
    ]
    assert long == []


def test_no_room_of_the_tests_holds_more_than_20_files() -> None:
    full = {
        str(folder.relative_to(TESTS)): count
        for folder in [TESTS / "support", *(TESTS / "integration").glob("*/")]
        if (count := sum(entry.is_file() for entry in folder.iterdir())) > 20
    }
    assert full == {}


def test_every_room_of_the_tests_is_in_their_readme() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", (TESTS / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    rooms = {path.name for path in (TESTS / "integration").glob("*/")} - {"__pycache__"}
    helpers = {path.stem for path in (TESTS / "support").rglob("*.py")} - {"__init__"}
    assert rooms | helpers <= set(listed)


def test_counts_are_in_the_right_number() -> None:
    """`core.words.count` says `1 slice`; an f-string with a plural in it says `1 slices`. `1 of 2 rows` is right."""
    nouns = "slices|rows|days|jobs|tenants|feeds|relations|entries|years|tables"
    wrong = re.compile(rf"(?<!of )\{{[^{{}}]+\}} (?:{nouns})\b(?!/s)")
    found = [
        f"{path.relative_to(SOURCE)}:{number}"
        for path in SOURCE.rglob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if wrong.search(line)
    ]

    assert found == []
