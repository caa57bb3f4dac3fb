"""Stored rows in memory, as binary images, to find out which rows of a source differ while both sides are read."""

from __future__ import annotations

from collections.abc import Iterable
from struct import unpack

import psycopg

from tenantry.flow.slice import copy_out
from tenantry.flow.slice.copy_out import Message

HELD = 32 * 2**20
"""Bytes of stored rows that are held at most; if there are more, the warehouse compares."""

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
"""What comes before the first row."""

_TRAILER = b"\xff\xff"
_AROUND = 170
"""Bytes, roughly, that Python needs to hold a row, besides the row itself."""

_CTID = 4 + 6
"""Bytes of a ctid in a row: its length, then the block and the number there."""


class StoredRows:
    """The stored rows of some days. Each row that the source also sends is crossed out.

    A COPY in binary form sends a message per row: the number of fields, and each field with its length (PostgreSQL
    documentation, "COPY", "Binary Format"). So equal rows are equal bytes, whatever their types are.
    """

    def __init__(self) -> None:
        self._places: dict[bytes, bytes] = {}
        self.matched = 0
        """Rows that have been crossed out."""

    def cross_out(self, messages: Iterable[Message]) -> list[bytes]:
        """Cross out the rows in these messages of a source; return the rows that are not stored."""
        places = self._places
        others = []
        matched = 0
        for message in messages:
            row = bytes(message)
            if not (found := places.get(row)):
                row = _without_frame(row)
                found = places.get(row)
            if found:
                places[row] = found[6:]
                matched += 1
            elif row:
                others.append(row)
        self.matched += matched
        return others

    @property
    def vanished(self) -> list[str]:
        """The places (ctid) of the rows that were not crossed out."""
        return [
            "({},{})".format(*unpack(">IH", left[at : at + 6]))
            for left in self._places.values()
            for at in range(0, len(left), 6)
        ]

    def hold(self, row: bytes) -> int:
        """Add a stored row, whose last field is its ctid; return the bytes that it takes."""
        fields = int.from_bytes(row[:2]) - 1
        image = fields.to_bytes(2) + row[2:-_CTID]
        self._places[image] = self._places.get(image, b"") + row[-6:]
        return len(image) + _AROUND


def read(session: psycopg.Connection, statement: str) -> StoredRows | None:
    """Read stored rows, in binary form and each with its ctid at the end. None if they are too many to be held."""
    stored = StoredRows()
    held = 0
    with session.cursor().copy(statement.encode()):
        for messages in copy_out.batches(session):
            # The rest has to be read as well, because the transaction goes on.
            if held <= HELD:
                held += sum(
                    stored.hold(row) for message in messages if (row := _without_frame(bytes(message)))
                )
        copy_out.end(session)
    return stored if held <= HELD else None


def _without_frame(message: bytes) -> bytes:
    """The row in a message, which may hold the header before it; nothing if it holds the trailer instead."""
    row = message.removeprefix(HEADER)
    return b"" if row == _TRAILER else row
