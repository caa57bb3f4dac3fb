"""What commands print: data on standard output, everything else on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from tenantry.cli import document
from tenantry.cli.document import print_json, print_json_line
from tenantry.core.errors import DatabaseError, TenantryError
from tenantry.core.visible import visible

__all__ = [
    "ago",
    "data",
    "human_bytes",
    "human_seconds",
    "notes",
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

    def __init__(self, *, stderr: bool = False, width: int | None = None) -> None:
        super().__init__(
            stderr=stderr, width=width, soft_wrap=True, highlight=False, markup=False, emoji=False
        )

    def print(self, *objects: Any, **options: Any) -> None:
        """Print as rich does, but without leaving out characters: rich would drop some."""
        # A template may come from Windows.
        shown = (visible(one.replace("\r\n", "\n")) if isinstance(one, str) else one for one in objects)
        if self.stderr and document.wanted() and not self.is_terminal:
            with self.capture() as captured:
                super().print(*shown, **options)
            document.print_note(captured.get().rstrip("\n"))
        else:
            super().print(*shown, **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The pieces to print. Those that rich creates itself, to move the cursor, are not text."""
        for piece in super().render(renderable, options):
            yield piece if piece.control else piece._replace(text=visible(piece.text))


# Without a terminal there is no width limit: readers of the output want whole values.
data = _Console(width=None if sys.stdout.isatty() else 1000)
"""Standard output: what was asked for."""

notes = _Console(stderr=True)
"""Standard error: steps, progress, warnings, errors."""


def print_table(title: str | None, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table; columns whose name ends in `#` hold numbers and are aligned to the right."""
    table = Table(
        title=title and visible(title, lines=False),
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
    )
    for column in columns:
        table.add_column(
            visible(column, lines=False).removesuffix("#"),
            justify="right" if column.endswith("#") else "left",
            header_style="bold",
        )
    for row in rows:
        # As Text: square brackets in a name or an error are not markup.
        table.add_row(*(Text(_cell(value)) for value in row))
    data.print(table)


def _cell(value: Any) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case int() | Decimal():
            return f"{value:,}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S} UTC"
        case _:
            # Here, and not only when it is printed: the table must know its width, and a line break must not start a row.
            return visible(str(value), lines=False)


def step(name: str, detail: str) -> None:
    """Print that a step is done."""
    notes.print(Text.assemble(("✓ ", "green"), (name, "bold"), "  ", detail))


def raise_failures(failures: Sequence[tuple[str, TenantryError]]) -> None:
    """End a command with the errors of the tenants that failed; do nothing if none did. The names are the tenants'.

    Raises TenantryError: the only failure itself, or a DatabaseError that holds all.
    """
    if len(failures) == 1:
        raise failures[0][1]
    if failures:
        raise DatabaseError("; ".join(error.message for _, error in failures), hint=failures[0][1].hint)


def human_bytes(size: float) -> str:
    """A size in bytes with the unit that suits it: 1536 is `1.5 KiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def human_seconds(seconds: float) -> str:
    """A time in the units that suit it: `40 s`, `12 min`, `1 h 30 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def ago(moment: datetime | None) -> str | None:
    """How long ago a moment was, in its largest unit: `3 min ago`."""
    if moment is None:
        return None
    seconds = (datetime.now(UTC) - moment).total_seconds()
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit} ago"
    return "just now"
