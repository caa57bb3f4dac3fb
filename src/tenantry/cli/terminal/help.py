"""How help looks: in boxes where there is room for them, otherwise plain."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import typer
from typer._click.formatting import HelpFormatter, wrap_text  # Typer has no public name for them

from tenantry.cli.terminal.console import data
from tenantry.cli.terminal.text import Text, cell_len

_ROOM_FOR_BOXES = 80
"""How many columns boxes need: in narrower ones there is no room beside the names of options."""

_LONGEST = 30
"""How many columns the names beside help may take; what is longer has a line of its own."""

_SHORT = re.compile(r"-\w, ")
_STYLES = (
    (re.compile(r"(?<![\w-])--?[a-zA-Z][\w-]*"), "bold cyan"),
    (re.compile(r"\[required\]"), "red"),
)
"""What stands out in help: options."""

_TAKEN = (re.compile(r"\b[A-Z][A-Z=…]*\b"), "bold yellow")
"""What stands out in the names beside help, too: what options take."""


class Help(HelpFormatter):
    """Writes the help of a command."""

    def __init__(
        self, indent_increment: int = 2, width: int | None = None, max_width: int | None = None
    ) -> None:
        self._boxed = width is None and data.width >= _ROOM_FOR_BOXES and data.encoding.startswith("utf")
        # Usual terminals are no wider than this, and longer lines are hard to read.
        super().__init__(
            1 if self._boxed else indent_increment, min(data.width, 100) if self._boxed else width
        )
        self._inside = False

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write how the command is called."""
        if not self._boxed:
            super().write_usage(prog, args, prefix)
            return
        head = f"{prefix or 'Usage: '}{prog} "
        lines = wrap_text(args, self.width - 1, head, " " * len(head)).removeprefix(head)
        self._write(Text("\n "), Text(head[: -len(prog) - 1], "yellow"), Text(f"{prog} ", "bold"))
        self._write(*_marked("\n ".join(lines.splitlines()), _TAKEN), Text("\n"))

    def write_text(self, text: str) -> None:
        """Write paragraphs, with their own lines where these fit."""
        if not self._boxed or max(map(cell_len, text.splitlines())) > self.width - 2:
            super().write_text(text)
            return
        self.write("".join(f" {line}".rstrip() + "\n" for line in text.splitlines()))

    @contextmanager
    def section(self, name: str) -> Iterator[None]:
        """Write the rows of the block below a heading."""
        if not self._boxed:
            with super().section(name):
                yield
            return
        if not self._inside:
            self._inside = True
            self.write("\n")
        self._write(Text(f"╭─ {name} {'─' * (self.width - len(name) - 5)}╮\n", "dim"))
        yield
        self._write(Text(f"╰{'─' * (self.width - 2)}╯\n", "dim"))

    def write_dl(
        self, rows: Sequence[tuple[str, str]], col_max: int = _LONGEST, col_spacing: int = 2
    ) -> None:
        """Write names with their help beside them."""
        if not self._boxed:
            super().write_dl(rows, col_max, col_spacing)
            return
        if any(_SHORT.match(name) for name, _ in rows):
            # Below each other, whether they have a short form or not.
            rows = [(name if not name.startswith("--") else f"    {name}", text) for name, text in rows]
        options = any(name.lstrip().startswith("-") for name, _ in rows)
        left = min(max(cell_len(name) for name, _ in rows), col_max) + col_spacing
        for name, text in rows:
            told = wrap_text(" ".join(text.split()), self.width - left - 4).splitlines() or [""]
            command = not options and name[0] not in "[{" and not name.isupper()
            names = [Text(name, "bold cyan")] if command else _marked(name, _TAKEN)
            if cell_len(name) > left - col_spacing:
                self._row(Text.assemble(*names))
                names = []
            for line in told:
                head = Text.assemble(*names)
                self._row(Text.assemble(head, " " * (left - head.cell_len), *_marked(line)))
                names = []

    def _row(self, text: Text) -> None:
        space = " " * (self.width - text.cell_len - 4)
        self._write(Text("│ ", "dim"), text, Text(space), Text(" │\n", "dim"))

    def _write(self, *texts: Text) -> None:
        text = Text.assemble(*texts)
        self.write(text.written(styled=data.is_styled, colored=not data.no_color))


def _marked(text: str, *more: tuple[re.Pattern[str], str]) -> list[Text]:
    """A text with the options in it marked, and with `more`."""
    styles = (*_STYLES, *more)
    found = sorted((m.start(), m.end(), style) for pattern, style in styles for m in pattern.finditer(text))
    parts, end = [], 0
    for begin, stop, style in found:
        if begin >= end:
            parts += [Text(text[end:begin]), Text(text[begin:stop], style)]
            end = stop
    return [*parts, Text(text[end:])]


class Context(typer.Context):
    """What click knows of a command while it reads a command line: its help looks like this."""

    formatter_class = Help
