"""What commands print: data on standard output, everything else on standard error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tenantry.cli.document import print_json, print_json_line
from tenantry.cli.terminal.console import data, notes
from tenantry.cli.terminal.table import facts, laid_out, shown
from tenantry.cli.terminal.text import Text
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
