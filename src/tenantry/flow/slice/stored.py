"""What a source sends, compared with the stored rows while both are read: which rows differ, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from itertools import chain
from struct import unpack

import psycopg

from tenantry.flow.slice.copy_out import CopyOut, Message

HELD = 32 * 2**20
"""Bytes of stored rows that are held at most; if more have to be held, the warehouse compares."""

ASIDE = 2**18
"""Bytes of rows without a partner for which both sides are still read in step."""

AHEAD = 2**20
"""Bytes of stored rows that are read at most before the source sends its first row."""

NEAR = 64
"""Rows among which the partner of a row is looked for."""

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
"""What comes before the first row."""

_TRAILER = b"\xff\xff"
_AROUND = 170
"""Bytes, roughly, that Python needs to hold a row, besides the row itself."""

_CTID = 4 + 6
"""Bytes of a ctid in a row: its length, then the block and the number there."""


class TooMany(Exception):
    """More stored rows would have to be held than HELD allows."""


class Comparison:
    """The rows that a source sends next to the stored rows, whose last field is their ctid.

    A COPY in binary form sends a message per row: the number of fields, and each field with its length (PostgreSQL
    documentation, "COPY", "Binary Format"). So equal rows are equal bytes, whatever their types are. Rows mostly come in
    the order in which they were stored. Those need not be held: each is compared with the one in its place.
    """

    def __init__(
        self,
        sent: Iterator[list[bytes]],
        kept: Iterator[list[bytes]],
        answered: Callable[[], bool] = lambda: True,
    ) -> None:
        """`answered` says whether the source has begun to send; stored rows are read until then."""
        self._sent = sent
        self._kept = kept
        self._answered = answered
        self.matched = 0
        """Rows that were sent and are stored."""
        self.vanished: list[str] = []
        """The places (ctid) of the stored rows that were not sent, known at the end."""

    def differing(self) -> Iterator[list[bytes]]:
        """Yield the rows that are sent and not stored, some at a time, after the last stored row has been read.

        Raises TooMany.
        """
        sent, kept = self._in_step()
        rest = _StoredRows()
        for rows in chain([kept], self._kept):
            rest.hold(rows)
        for rows in chain([sent], self._sent):
            others = rest.cross_out(rows)
            self.matched += len(rows) - len(others)
            yield others
        self.vanished = rest.places

    def _in_step(self) -> tuple[list[bytes], list[bytes]]:
        """Pass over equal rows until one side ends or too many rows have no partner; return the rows of each side that have
        been read and have none.
        """
        sent = list[bytes]()
        kept = self._read_ahead()
        images = _images(kept)
        odd_sent, odd_kept = list[bytes](), list[bytes]()
        aside = 0
        while aside < ASIDE:
            if len(sent) < NEAR:
                sent += next(self._sent, [])
            if len(kept) < NEAR:
                kept += next(self._kept, [])
                images += _images(kept[len(images) :])
            if not sent or not kept:
                break
            if equal := _equal(sent, images):
                self.matched += equal
                del sent[:equal], kept[:equal], images[:equal]
                continue
            here, there = _out_of_step(sent[:NEAR], images[:NEAR])
            odd_sent += sent[:here]
            odd_kept += kept[:there]
            aside += sum(map(len, chain(sent[:here], kept[:there])))
            del sent[:here], kept[:there], images[:there]
        return odd_sent + sent, odd_kept + kept

    def _read_ahead(self) -> list[bytes]:
        """Read stored rows while the source plans its query or sorts."""
        kept = list[bytes]()
        ahead = 0
        while ahead < AHEAD and not self._answered() and (rows := next(self._kept, [])):
            kept += rows
            ahead += sum(map(len, rows))
        return kept


class _StoredRows:
    """Stored rows in memory. Each row that the source also sends is crossed out."""

    def __init__(self) -> None:
        self._places: dict[bytes, bytes] = {}
        self._held = 0

    def hold(self, rows: Sequence[bytes]) -> None:
        """Add stored rows. Raises TooMany."""
        places = self._places
        for row, image in zip(rows, _images(rows), strict=True):
            places[image] = places.get(image, b"") + row[-6:]
            self._held += len(image) + _AROUND
            if self._held > HELD:
                raise TooMany

    def cross_out(self, rows: Iterable[bytes]) -> list[bytes]:
        """Cross out these rows of a source; return those that are not stored."""
        places = self._places
        others = []
        for row in rows:
            if found := places.get(row):
                places[row] = found[6:]
            else:
                others.append(row)
        return others

    @property
    def places(self) -> list[str]:
        """The places (ctid) of the rows that were not crossed out."""
        return [
            "({},{})".format(*unpack(">IH", left[at : at + 6]))
            for left in self._places.values()
            for at in range(0, len(left), 6)
        ]


def rows(batches: Iterable[Sequence[Message]]) -> Iterator[list[bytes]]:
    """Yield the rows in the messages of a COPY in binary form, some at a time: without the header before the first one,
    and without the trailer.
    """
    begun = False
    for batch in batches:
        found = list(map(memoryview.tobytes, batch))
        if found and not begun:
            found[0] = found[0].removeprefix(HEADER)
            begun = True
        if found and found[-1] == _TRAILER:
            found.pop()
        yield found


def read(session: psycopg.Connection, statement: str) -> Generator[list[bytes]]:
    """Yield the rows of a COPY in binary form, some at a time. Nothing else can be sent to the session until this ends."""
    with CopyOut(session, statement) as sent:
        yield from rows(sent.batches())


def _images(kept: Sequence[bytes]) -> list[bytes]:
    """Stored rows as the source would send them: without their last field."""
    fields = (int.from_bytes(kept[0][:2]) - 1).to_bytes(2) if kept else b""
    return [fields + row[2:-_CTID] for row in kept]


def _equal(sent: list[bytes], images: list[bytes]) -> int:
    """The number of rows that are equal on both sides, up to the first that is not."""
    most = min(len(sent), len(images))
    if sent[:most] == images[:most]:
        return most
    return next(at for at in range(most) if sent[at] != images[at])


def _out_of_step(sent: list[bytes], images: list[bytes]) -> tuple[int, int]:
    """How many rows of each side come before the next one that has its partner on the other side's first place."""
    here = sent.index(images[0]) if images[0] in sent else NEAR
    there = images.index(sent[0]) if sent[0] in images else NEAR
    if here == there:
        return 1, 1
    return (here, 0) if here < there else (0, there)
