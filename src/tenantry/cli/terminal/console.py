"""Where a program writes: a stream, which may be a terminal, and what it can show."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tenantry.cli import document
from tenantry.cli.terminal.text import Text
from tenantry.cli.terminal.wrap import wrapped
from tenantry.core.visible import visible

_USUAL = os.terminal_size((80, 25))


class Console:
    """Standard output or standard error, as it is at the time; everything that is printed goes through here.

    Names, rows and errors come from sources, so control characters in them are shown and not obeyed.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        self.stderr = stderr
        self.quiet = False
        self.no_color = bool(os.environ.get("NO_COLOR"))
        self._kept: list[str] | None = None
        self._above: Callable[[str], object] | None = None

    @property
    def file(self) -> Any:
        """The stream."""
        return sys.stderr if self.stderr else sys.stdout

    @property
    def is_terminal(self) -> bool:
        """Whether it is a terminal, or FORCE_COLOR says to write as for one."""
        return bool(os.environ.get("FORCE_COLOR")) or self.file.isatty()

    @property
    def is_styled(self) -> bool:
        """Whether it shows styles, such as bold."""
        return self.is_terminal and not self._is_dumb

    @property
    def _is_dumb(self) -> bool:
        return os.environ.get("TERM", "").lower() in ("dumb", "unknown")

    @property
    def watched(self) -> bool:
        """Whether somebody sees it on a terminal that can move its cursor; FORCE_COLOR does not make a terminal of a file."""
        return self.file.isatty() and not self._is_dumb

    @property
    def width(self) -> int:
        """How many columns it has: COLUMNS, or as many as the terminal."""
        return self._size("COLUMNS").columns

    @property
    def height(self) -> int:
        """How many lines it has: LINES, or as many as the terminal."""
        return self._size("LINES").lines

    def _size(self, variable: str) -> os.terminal_size:
        if (given := os.environ.get(variable, "")).isdigit() and int(given):
            return os.terminal_size((int(given), int(given)))
        if self.is_terminal and self._is_dumb:
            return _USUAL
        for stream in (0, 1, 2):
            try:
                found = os.get_terminal_size(stream)
            except OSError:
                continue
            return os.terminal_size((found.columns or _USUAL.columns, found.lines or _USUAL.lines))
        return _USUAL

    @property
    def limit(self) -> int | None:
        """How wide a line may be: that of the terminal, or COLUMNS; otherwise None, as readers of a file want whole values."""
        return self.width if self.file.isatty() or os.environ.get("COLUMNS", "").isdigit() else None

    @property
    def encoding(self) -> str:
        """The encoding of the stream, in lower case."""
        return (getattr(self.file, "encoding", None) or "utf-8").lower()

    def print(
        self, what: object = "", style: str = "", *, end: str = "\n", raw: bool = False, hang: int = 0
    ) -> None:
        """Print a text without leaving out characters, and with lines broken between words.

        With `raw`, lines stay as they are: files, and what is to be copied. Broken lines continue `hang` columns in.
        """
        # A template may come from Windows.
        text = what if isinstance(what, Text) else Text(str(what).replace("\r\n", "\n"), style)
        text = text.changed(visible)
        if self.stderr and document.wanted() and not self.is_terminal:
            document.print_note((text.plain + end).rstrip("\n"))
            return
        limit = None if raw else self.limit
        if limit is not None:
            text = Text("\n").join(wrapped(text.changed(str.expandtabs), limit, hang=hang))
        self._write(text.written(styled=self.is_styled, colored=not self.no_color) + end)

    def _write(self, text: str) -> None:
        if self.quiet:
            return
        if self._kept is not None:
            self._kept.append(text)
        elif self._above is not None:
            self._above(text)
        else:
            self.file.write(text)
            self.file.flush()

    @contextmanager
    def capture(self) -> Iterator[list[str]]:
        """Keep what is printed in the block, piece by piece, and do not write it."""
        before, self._kept = self._kept, []
        try:
            yield self._kept
        finally:
            self._kept = before

    @contextmanager
    def drawing(
        self, draw: Callable[[], Text | str], *, per_second: float = 4, by_itself: bool = True
    ) -> Iterator[Callable[[], object]]:
        """Keep what `draw` returns at the end of a terminal for the length of the block, and draw it again and again.

        Returns what draws it at once; without `by_itself`, nothing else does. What is printed meanwhile stands above it.
        A string has its styles in it.
        """
        # Only people at a terminal wait for this library.
        from rich.console import Console as Terminal
        from rich.live import Live
        from rich.text import Text as Drawn

        def drawn() -> Drawn:
            text = draw()
            if isinstance(text, Text):
                text = text.changed(visible).written(styled=True, colored=not self.no_color)
            return Drawn.from_ansi(text, no_wrap=True, overflow="crop")

        terminal = Terminal(file=self.file, no_color=self.no_color, emoji=False, highlight=False)
        with Live(
            console=terminal,
            get_renderable=drawn,
            auto_refresh=by_itself,
            refresh_per_second=per_second,
            vertical_overflow="crop",
        ) as live:
            self._above = lambda text: terminal.print(
                Drawn.from_ansi(text.removesuffix("\n")), soft_wrap=True
            )
            try:
                yield live.refresh
            finally:
                self._above = None


data = Console()
"""Standard output: what was asked for."""

notes = Console(stderr=True)
"""Standard error: steps, progress, warnings, errors."""
