"""What a mutant is."""

from __future__ import annotations

from dataclasses import dataclass
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
    """Two lines as one, for people."""
    return f"{' '.join(before.split())[:110]}  ->  {' '.join(after.split())[:110]}"
