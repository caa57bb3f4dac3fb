"""Tables: a line per row where that fits into the width, otherwise a block per row, as psql's \\x does.

Names are never cut or broken: they are what the next command needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from tenantry.cli.terminal.text import Text, cell_len
from tenantry.cli.terminal.wrap import wrapped
from tenantry.core.visible import visible

_GAP = "  "

_NAMES = {"tenant", "template", "connection", "reader", "name", "job"}
"""Columns that hold one name each: it may hold spaces, and is not broken there."""


def laid_out(columns: Sequence[str], rows: Iterable[Sequence[Any]], width: int | None) -> Iterator[Text]:
    """The lines of a table; columns whose name ends in `#` hold numbers and are aligned to the right."""
    heads = [visible(column, lines=False).removesuffix("#") for column in columns]
    cells = [[shown(value) for value in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(heads, *cells, strict=True)]
    if width is not None and sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        for number, row in enumerate(cells):
            if number:
                yield Text()
            yield from facts(list(zip(heads, row, strict=True)), width)
        return
    right = [column.endswith("#") for column in columns]
    yield Text(_line(heads, widths, right), "bold")
    for row in cells:
        yield Text(_line(row, widths, right))


def facts(
    pairs: Sequence[tuple[str, str]], width: int | None, *, indent: str = "", style: str = "bold"
) -> Iterator[Text]:
    """A line per field, with its value beside it; a value that does not fit continues below itself."""
    left = max((cell_len(name) for name, _ in pairs), default=0) + len(_GAP)
    room = None if width is None else max(width - left - len(indent), 1)
    for name, value in pairs:
        head = Text(_line((indent + name,), (left + len(indent),), (False,), strip=False), style)
        for line in wrapped(Text(value), None if name in _NAMES else room):
            yield Text.assemble(head, line)
            head = Text(" " * (left + len(indent)))


def _line(row: Sequence[str], widths: Sequence[int], right: Sequence[bool], *, strip: bool = True) -> str:
    cells = []
    for cell, width, is_right in zip(row, widths, right, strict=True):
        space = " " * (width - cell_len(cell))
        cells.append(space + cell if is_right else cell + space)
    line = _GAP.join(cells)
    return line.rstrip() if strip else line


def shown(value: Any) -> str:
    """A value as a cell of a table shows it: numbers with separators, times in UTC, and no line breaks."""
    from decimal import Decimal  # help needs none

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
