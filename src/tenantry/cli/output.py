"""What commands print: data on standard output, everything else on standard error."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from tenantry.cli import document
from tenantry.cli.document import print_json, print_json_line
from tenantry.cli.table import facts, laid_out, shown
from tenantry.cli.wrap import wrapped
from tenantry.core.errors import DatabaseError, TenantryError
from tenantry.core.visible import visible
from tenantry.core.words import ago, human_bytes, human_seconds

__all__ = [
    "ago",
    "data",
    "human_bytes",
    "human_seconds",
    "notes",
    "print_facts",
    "print_json",
    "print_json_line",
    "print_table",
    "raise_failures",
    "step",
]


class _Console(Console):
    """A console that shows control characters, and does not treat square brackets or colons as markup.

    Names, rows and errors come from sources, so everything that is printed goes through here.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, soft_wrap=True, highlight=False, markup=False, emoji=False)

    @property
    def watched(self) -> bool:
        """Whether somebody sees it on a terminal that can move its cursor; FORCE_COLOR does not make a terminal of a file."""
        return self.file.isatty() and not self.is_dumb_terminal

    @property
    def limit(self) -> int | None:
        """How wide a line may be: that of the terminal, or COLUMNS; otherwise None, as readers of a file want whole values."""
        return self.width if self.file.isatty() or os.environ.get("COLUMNS", "").isdigit() else None

    def print(self, *objects: Any, raw: bool = False, hang: int = 0, **options: Any) -> None:
        """Print as rich does, but without leaving out characters, and with lines broken between words.

        With `raw`, lines stay as they are: files, and what is to be copied. Broken lines continue `hang` columns in.
        """
        # A template may come from Windows.
        shown = [visible(one.replace("\r\n", "\n")) if isinstance(one, str) else one for one in objects]
        if self.stderr and document.wanted() and not self.is_terminal:
            with self.capture() as captured:
                super().print(*shown, **options)
            document.print_note(captured.get().rstrip("\n"))
            return
        limit = None if raw else self.limit
        if limit is not None:
            shown = [_broken(one, limit, hang) for one in shown]
        super().print(*shown, **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The pieces to print. Those that rich creates itself, to move the cursor, are not text."""
        for piece in super().render(renderable, options):
            yield piece if piece.control else piece._replace(text=visible(piece.text))


def _broken(one: Any, limit: int, hang: int) -> Any:
    text = Text(one) if isinstance(one, str) else one
    return Text("\n").join(wrapped(text, limit, hang=hang)) if isinstance(text, Text) else one


data = _Console()
"""Standard output: what was asked for."""

notes = _Console(stderr=True)
"""Standard error: steps, progress, warnings, errors."""


def print_table(
    title: str | None, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str | None = None
) -> None:
    """Print a table; columns whose name ends in `#` hold numbers and are aligned to the right.

    Where it does not fit into the width, each row is a block with a line per column. A table without rows is `empty`.
    """
    rows = list(rows)
    if empty and not rows:
        data.print(empty)
        return
    if title:
        data.print(Text(visible(title, lines=False), "bold"))
    # At once: a print for each of many thousand rows takes seconds.
    data.print(Text("\n").join(laid_out(columns, rows, data.limit)), raw=True)


def print_facts(title: str | None, pairs: Mapping[str, Any]) -> None:
    """Print what is known of one thing: a line per fact, below the title; facts that are None are left out."""
    if title:
        data.print(Text(visible(title, lines=False), "bold"))
    told = [(name, shown(value)) for name, value in pairs.items() if value is not None]
    lines = facts(told, data.limit, indent="  " if title else "", style="" if title else "bold")
    data.print(Text("\n").join(lines), raw=True)


def step(name: str, detail: str) -> None:
    """Print that a step is done, or what the step "warning" warns of."""
    mark = ("! ", "yellow") if name == "warning" else ("✓ ", "green")
    notes.print(Text.assemble(mark, (name, "bold"), "  ", detail), hang=2)


def raise_failures(failures: Sequence[tuple[str, TenantryError]]) -> None:
    """End a command with the errors of the tenants that failed; do nothing if none did. The names are the tenants'.

    Raises TenantryError: the only failure itself, or a DatabaseError that holds all.
    """
    if len(failures) == 1:
        raise failures[0][1]
    if failures:
        raise DatabaseError("; ".join(error.message for _, error in failures), hint=failures[0][1].hint)
