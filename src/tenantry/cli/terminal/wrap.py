"""Lines for a terminal: broken between words only, with commands whole, so that they can be copied."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tenantry.cli.terminal.text import Text, cell_len

_WORD = re.compile(r'(?:"[^"\n]{1,63}"\S*|\S+)\s*')
"""A word with the spaces after it. A name in quotes may hold spaces, and is not broken there."""

_COMMAND = re.compile(
    r"(?:(?<=: )|(?<=, then )|(?<=, or )|^)"
    r"(?:tenantry|psql|SELECT|CALL|INSERT|UPDATE|ALTER|GRANT|REVOKE|DROP|CREATE|VACUUM|ANALYZE) \S.*?"
    r"(?=$|\.?$|[.;] [A-Z]|, then |, or | \()"
)
"""A command to type: after a colon up to the end of its sentence, or at the beginning of a line."""


def wrapped(text: Text, width: int | None, *, hang: int = 0) -> Iterator[Text]:
    """The text in lines of at most `width` columns; None means without limit.

    A line that begins with spaces continues below its first word, and other lines are continued `hang` columns in. A command that does not fit has a line of its own, and
    that may be longer: a line break would become part of what is copied. So may be a single long word.
    """
    for line in text.lines():
        if width is None or line.cell_len <= width:
            yield line
            continue
        indent = len(line.plain) - len(line.plain.lstrip(" "))
        further = indent or hang
        for piece in _pieces(line[indent:]):
            if _is_command(piece):
                # Further in than the text around it, unless the line is nothing else.
                yield Text(" " * (further + 2 * (indent + len(piece) < len(line)))) + piece
                indent = further
                continue
            for one in _broken(piece, max(width - indent, 1), max(width - further, 1)):
                yield Text(" " * indent) + one
                indent = further


def _is_command(piece: Text) -> bool:
    found = _COMMAND.match(piece.plain)
    return found is not None and found.end() >= len(piece.plain.rstrip("."))


def _pieces(line: Text) -> Iterator[Text]:
    begin = 0
    for found in _COMMAND.finditer(line.plain):
        yield from _stripped(line, begin, found.start())
        yield line[found.start() : found.end()]
        begin = found.end()
        # Punctuation belongs to the sentence around a command; alone on a line it says nothing.
        begin += len(line.plain[begin:]) - len(line.plain[begin:].lstrip(".;, "))
    yield from _stripped(line, begin, len(line.plain))


def _stripped(line: Text, begin: int, end: int) -> Iterator[Text]:
    piece = line[begin:end].rstrip()
    if piece.plain:
        yield piece


def _broken(piece: Text, first: int, width: int) -> Iterator[Text]:
    """Lines of words: the first of `first` columns, the others of `width`."""
    ends: list[int] = []
    filled = 0
    for word in _WORD.finditer(piece.plain):
        if filled and filled + cell_len(word[0].rstrip()) > (width if ends else first):
            ends.append(word.start())
            filled = 0
        filled += cell_len(word[0])
    for line in piece.divide(ends):
        yield line.rstrip()
