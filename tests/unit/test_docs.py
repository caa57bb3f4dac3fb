"""The documentation says what the program does: commands, functions, and links that lead somewhere."""

import importlib.util
import re
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from types import ModuleType

import pytest

from tenantry import __version__
from tenantry.db.build import public_files

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
PAGES = [
    ROOT / "README.md",
    ROOT / "tests/README.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
FUNCTIONS = {file.name.removesuffix(".sql"): file for file in public_files()}
MIGRATIONS = "".join(
    file.read_text(encoding="utf-8")
    for file in (files("tenantry") / "sql" / "migrations").iterdir()
    if file.name.endswith(".sql")
)


def test_commands_md_is_what_the_program_says() -> None:
    written = (REFERENCE / "commands.md").read_text(encoding="utf-8")

    assert written == _module("generate").commands_md(), "run: python docs/reference/generate.py"


def test_dependencies_md_is_what_the_lock_files_and_the_packages_say() -> None:
    written = (REFERENCE / "dependencies.md").read_text(encoding="utf-8")

    assert written == _module("dependencies").dependencies_md(), "run: python -m docs.reference.dependencies"


def test_python_md_is_what_the_package_says() -> None:
    written = (REFERENCE / "python.md").read_text(encoding="utf-8")

    assert written == _module("python_api").python_md(), "run: python docs/reference/python_api.py"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_documented_with_its_signature(name: str) -> None:
    page = (REFERENCE / "functions.md").read_text(encoding="utf-8")
    source = FUNCTIONS[name].read_text(encoding="utf-8")
    found = re.search(rf"_wh\.({name}\(.*?)\s+LANGUAGE", source, re.DOTALL)
    assert found is not None

    section = re.search(rf"^### {name}\n(.*?)(?=^##|\Z)", page, re.DOTALL | re.MULTILINE)
    assert section is not None, f"{name} is missing in functions.md"
    assert _flat(found[1]) in _flat(section[1])


def test_the_guide_for_psql_counts_the_functions_that_are_installed() -> None:
    guide = (ROOT / "docs/how-to/psql-only.md").read_text(encoding="utf-8")
    heads = [
        re.search(r"CREATE OR REPLACE (FUNCTION|PROCEDURE) _wh\.", file.read_text(encoding="utf-8"))
        for file in public_files()
    ]
    counted = Counter(head[1] for head in heads if head)
    assert f"{counted['FUNCTION']} functions and {counted['PROCEDURE']} procedures" in guide
    shown = dict(re.findall(r"^ (FUNCTION|PROCEDURE) +\| +(\d+)$", guide, re.MULTILINE))
    assert shown == {kind: str(count) for kind, count in counted.items()}
    upgrade = (ROOT / "docs/how-to/upgrade.md").read_text(encoding="utf-8")
    assert f"-- {counted.total()}, plus your own" in upgrade


def test_no_function_is_documented_that_does_not_exist() -> None:
    page = (REFERENCE / "functions.md").read_text(encoding="utf-8")

    assert set(re.findall(r"^### (\w+)$", page, re.MULTILINE)) == set(FUNCTIONS)


def test_every_table_of_the_migrations_is_documented() -> None:
    page = (REFERENCE / "tables.md").read_text(encoding="utf-8")
    created = set(re.findall(r"^CREATE TABLE _wh\.(\w+)", MIGRATIONS, re.MULTILINE))

    assert created <= set(re.findall(r"^## (\w+)$", page, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_somewhere(page: Path) -> None:
    broken = [link for link in _relative_links(page) if not _leads_somewhere(page, link)]

    assert broken == []


def _relative_links(page: Path) -> Iterator[str]:
    prose = re.sub(r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", prose)):
        if not re.match(r"[a-z]+:", link):
            yield link


def _leads_somewhere(page: Path, link: str) -> bool:
    place, _, heading = link.partition("#")
    target = (page.parent / place).resolve() if place else page
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not heading or heading in _headings(target)


def _headings(page: Path) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("( ", "(")


def _module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, REFERENCE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_changelog_begins_with_this_version_and_says_how_to_upgrade() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (.+)\n\n(.+)", text, re.MULTILINE)
    assert re.fullmatch(r"\d+\.\d+\.\d+ \((unreleased|\d{4}-\d\d-\d\d)\)", sections[0][0])
    assert sections[0][0].split()[0] == __version__
    former = sections[1][0].split()[0].removesuffix(".0")
    assert sections[0][1] == f"### Upgrading from {former}"


def test_the_first_line_of_each_help_text_fits_into_80_columns() -> None:
    page = (REFERENCE / "commands.md").read_text(encoding="utf-8")
    firsts = re.findall(r"^## tenantry \S.*\n\n(.+)", page, re.MULTILINE)
    assert len(firsts) > 50
    assert [text for text in firsts if len(text) > 80 or not re.match(r"[A-Z][a-z]+[ ,]", text)] == []
    assert "Ends with" not in page
