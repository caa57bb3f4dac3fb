"""Text with styles, and how wide it is on a terminal.

Every command prints such texts, and most print little: a library for terminals would take longer to load than what they do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Self

_CODES = {
    "bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "magenta": "35", "cyan": "36",
}  # fmt: skip
"""The styles that a text may have, several with spaces between them, and the numbers by which terminals know them."""

_WITHOUT_COLOR = {"bold", "dim"}


def cell_len(text: str) -> int:
    """How many columns of a terminal a text takes: wide characters take two, and marks on others none."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    return sum(
        0 if category(one) in ("Mn", "Me", "Cf") else 2 if east_asian_width(one) in "WF" else 1
        for one in text
    )


class Text:
    """A text whose parts may have styles. It does not change: what changes a text returns another one."""

    __slots__ = ("parts", "plain")

    def __init__(self, text: str = "", style: str = "") -> None:
        self.parts: tuple[tuple[str, str], ...] = ((text, style),) if text else ()
        self.plain = text

    @classmethod
    def assemble(cls, *parts: str | tuple[str, str] | Text) -> Self:
        """A text of several: each without a style, with one, or with its own."""
        found: list[tuple[str, str]] = []
        for part in parts:
            if isinstance(part, Text):
                found += part.parts
            else:
                found.append((part, "") if isinstance(part, str) else part)
        made = cls()
        made.parts = tuple(part for part in found if part[0])
        made.plain = "".join(text for text, _ in made.parts)
        return made

    @property
    def cell_len(self) -> int:
        """How many columns of a terminal it takes."""
        return cell_len(self.plain)

    def __len__(self) -> int:
        return len(self.plain)

    def __add__(self, other: Text) -> Text:
        return Text.assemble(self, other)

    def __getitem__(self, part: slice) -> Text:
        begin, end, _ = part.indices(len(self.plain))
        return Text.assemble(*self._between(begin, end))

    def _between(self, begin: int, end: int) -> Iterator[tuple[str, str]]:
        place = 0
        for text, style in self.parts:
            yield text[max(begin - place, 0) : max(end - place, 0)], style
            place += len(text)

    def join(self, texts: Iterable[Text]) -> Text:
        """The texts with this one between them."""
        parts = [part for text in texts for part in (self, text)]
        return Text.assemble(*parts[1:])

    def lines(self) -> list[Text]:
        """Its lines, also empty ones."""
        ends = [place for place, one in enumerate(self.plain) if one == "\n"]
        return [self[begin + 1 : end] for begin, end in pairwise((-1, *ends, len(self)))]

    def divide(self, ends: Sequence[int]) -> list[Text]:
        """Its parts up to each of these places, and the rest."""
        return [self[begin:end] for begin, end in pairwise((0, *ends, len(self)))]

    def changed(self, change: Callable[[str], str]) -> Text:
        """It with each part's text changed, and the styles as they are."""
        return Text.assemble(*((change(text), style) for text, style in self.parts))

    def rstrip(self) -> Text:
        """It without the spaces at its end."""
        return self[: len(self.plain.rstrip())]

    def written(self, *, styled: bool, colored: bool) -> str:
        """It as a terminal takes it, with its styles and colors; without both, just what it says."""
        return "".join(
            _written(text, style if colored else " ".join(_WITHOUT_COLOR & {*style.split()}))
            for text, style in self.parts
        ) if styled else self.plain  # fmt: skip


def _written(text: str, style: str) -> str:
    if not style:
        return text
    begin = f"\x1b[{';'.join(_CODES[word] for word in style.split())}m"
    # A style ends with its line: what a pager or a terminal shows next has none.
    return "\n".join(f"{begin}{line}\x1b[0m" if line else "" for line in text.split("\n"))
