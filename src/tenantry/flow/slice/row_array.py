"""Rows of a COPY in binary form as a parameter: an array of rows of a table, whatever the types of their fields are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from struct import pack

from psycopg import DataError
from psycopg.adapt import Dumper
from psycopg.pq import Format

from tenantry.core.words import count

_NULL = pack(">i", -1)


@dataclass(frozen=True)
class RowType:
    """A table's type of row, and that of an array of such rows (oids). For each field, its type, and the place among the
    sent fields of the one that belongs there, from 1; 0 for a field that stays NULL.
    """

    row: int
    array: int
    types: Sequence[int]
    places: Sequence[int]


@dataclass(frozen=True)
class RowArray:
    """Some rows as a COPY in binary form sends them, and the type of row that they are to have."""

    row_type: RowType
    rows: Sequence[bytes]

    def dumper(self) -> type[Dumper]:
        """What passes it as a parameter. The fields keep the form in which they came (see array_recv() and record_recv()).

        Raises psycopg.DataError: a row has fewer fields than the source's query.
        """
        array = self._array()

        class RowArrayDumper(Dumper):
            format = Format.BINARY
            oid = self.row_type.array

            def dump(self, _obj: object) -> bytes:
                return array

        return RowArrayDumper

    def _array(self) -> bytes:
        if not self.rows:
            return pack(">iiI", 0, 0, self.row_type.row)
        rows = [self._row(row) for row in self.rows]
        head = pack(">iiIii", 1, 0, self.row_type.row, len(rows), 1)
        return head + b"".join(part for row in rows for part in (pack(">i", len(row)), row))

    def _row(self, row: bytes) -> bytes:
        fields = [_NULL, *_fields(row)]
        if len(fields) <= max(self.row_type.places):
            raise DataError(f"the source sent a row of {count(len(fields) - 1, 'field')}")
        parts = [pack(">i", len(self.row_type.types))]
        for oid, place in zip(self.row_type.types, self.row_type.places, strict=True):
            parts += pack(">I", oid), fields[place]
        return b"".join(parts)


def _fields(row: bytes) -> Iterator[bytes]:
    """The fields of a row, each with its length before it."""
    at = 2
    while at < len(row):
        end = at + 4 + max(int.from_bytes(row[at : at + 4], "big", signed=True), 0)
        yield row[at:end]
        at = end
