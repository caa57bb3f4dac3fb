"""What a mutant is."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Mutant:
    """A fault: `text` is what the file at `path`, relative to the project, holds instead.

    `touched` names what a test has to run to notice it: a SQL function, or a Python function as module:name.
    """

    path: Path
    line: int
    touched: str
    change: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.change}"


def change(before: str, after: str) -> str:
    """Two lines as one, for people: of long ones what is around the difference."""
    lines = [" ".join(line.split()) for line in (before, after)]
    first = next((n for n, (a, b) in enumerate(zip(*lines, strict=False)) if a != b), min(map(len, lines)))
    at = max(first - 70, 0)
    return "  ->  ".join(line[at : at + 110] for line in lines)


@cache
def changed_together(path: Path) -> Mapping[str, float]:
    """The test files that were changed in the same commits as a file, with weights: they are likely to be about it.

    A commit shares a weight of 1 among its test files. The one that has the file's name weighs no less than any. Empty where there
    is no history, and no such name.
    """
    weights: Counter[str] = Counter()
    places = {test.name: str(test.relative_to(ROOT)) for test in ROOT.glob("tests/**/test_*.py")}
    said = subprocess.run(
        ["git", "log", "--format=%h", "--", path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    for commit in said.stdout.split():
        shown = subprocess.run(
            ["git", "show", "--format=", "--name-only", commit],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        named = re.findall(r"^tests/(?:.*/)?(test_\w+\.py)$", shown.stdout, re.MULTILINE)
        # By name: a test may have moved to another folder since.
        tests = [places[name] for name in named if name in places]
        weights.update(dict.fromkeys(tests, 1 / len(tests)) if tests else {})
    heaviest = max(weights.values(), default=1.0)
    weights.update(
        {str(test.relative_to(ROOT)): heaviest for test in ROOT.glob(f"tests/**/test_{path.stem}.py")}
    )
    return weights
