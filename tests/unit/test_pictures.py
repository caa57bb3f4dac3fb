"""The pictures of the documents are of this version, and what they show can be typed."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

import tenantry
from tests.unit.test_commands_in_docs import problem

ROOT = Path(__file__).parents[2]
PICTURES = [picture for picture in sorted((ROOT / "docs/pictures").glob("*.svg")) if picture.stem != "bench"]
"""Those that `make pictures` draws."""

CELL = 12.2
"""The width of a character in them."""


def lines(picture: Path) -> list[str]:
    """The lines of a terminal that a picture shows."""
    rows: dict[float, str] = {}
    found = re.findall(
        r'<text class="[^"]*-r\d+" x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>',
        picture.read_text(encoding="utf-8"),
        re.DOTALL,
    )
    for x, y, text in sorted(found, key=lambda one: (float(one[1]), float(one[0]))):
        before = rows.get(float(y), "").ljust(round(float(x) / CELL))
        rows[float(y)] = before + html.unescape(text).replace("\xa0", " ")
    return [row.rstrip() for row in rows.values()]


def commands(shown: list[str]) -> list[str]:
    """The commands of the program among lines, each with the lines that continue it."""
    found: list[str] = []
    going_on = False
    for line in shown:
        if going_on:
            found[-1] += " " + line.strip().removesuffix("\\").strip()
        elif re.match(r"(\$ | {2,})tenantry \w", line):
            found.append(line.removeprefix("$ ").strip().removesuffix("\\").strip())
        else:
            continue
        going_on = line.endswith("\\")
    return found


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.stem)
def test_a_picture_is_of_this_version_and_shows_commands_that_exist(picture: Path) -> None:
    assert f">Tenantry&#160;{tenantry.__version__}</text>" in picture.read_text(encoding="utf-8"), (
        "make pictures"
    )
    shown = lines(picture)
    assert shown[0].startswith("$ tenantry ")
    assert max(map(len, shown)) <= 80
    typed = commands(shown)
    # A long line goes on in the next one, so its last words may be missing.
    wrong = [
        f"{one}: {bad}"
        for one in typed
        if (bad := problem(_words(one), whole=False)) and "requires" not in bad
    ]
    assert wrong == []


def _words(command: str) -> list[str]:
    return re.findall(r"'[^']*'|\S+", command.partition("  #")[0])[1:]


def test_the_best_parts_have_pictures_and_documents_show_each() -> None:
    assert {picture.stem for picture in PICTURES} == {"demo", "doctor", "plan", "status", "tenant-add"}
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    assert [picture.name for picture in PICTURES if f"pictures/{picture.name})" not in text] == []
