"""Texts of others in Markdown: shown as they are, whatever characters they hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tenantry.core.visible import visible

_INLINE = re.compile(r"([\\`*_\[\]<>|~&#!$])")
_START = re.compile(r"^([-+=:]|\d+(?=[.)]))")


def text(words: str) -> str:
    """A text as one line in which nothing is markup: neither a table's bar nor HTML, a link, a list or a heading."""
    line = " ".join(visible(words).split())
    return _START.sub(lambda found: _escaped_start(found[0]), _INLINE.sub(r"\\\1", line))


def _escaped_start(start: str) -> str:
    return f"{start}\\" if start[0].isdigit() else f"\\{start}"


def code(words: str) -> str:
    """A text as a code span, which may also be in a table."""
    line = visible(words, lines=False)
    fence = "`" * (_longest(line, "`") + 1)
    pad = " " if line.startswith(("`", " ")) or line.endswith(("`", " ")) else ""
    return f"{fence}{pad}{line}{pad}{fence}".replace("|", "\\|")


def block(language: str, lines: Iterable[str]) -> str:
    """Lines as a block of code."""
    shown = [visible(line, lines=False) for line in lines]
    fence = "`" * max(3, max((_longest(line, "`") for line in shown), default=0) + 1)
    return "\n".join((fence + language, *shown, fence))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; its cells are Markdown already."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _longest(line: str, character: str) -> int:
    return max((len(found) for found in re.findall(f"{re.escape(character)}+", line)), default=0)
