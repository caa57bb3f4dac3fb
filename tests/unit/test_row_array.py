"""Rows of a COPY in binary form, made into an array of rows of a table."""

from __future__ import annotations

from struct import pack

import psycopg
import pytest

from tenantry.flow.slice.row_array import RowArray, RowType

INT, TEXT = 23, 25


def field(value: bytes) -> bytes:
    return pack(">i", len(value)) + value


def test_fields_take_the_places_that_the_table_has_for_them_and_the_others_are_null() -> None:
    row_type = RowType(500, 501, [TEXT, INT, TEXT], [2, 1, 0])
    array = RowArray(row_type, [pack(">h", 2) + field(b"\0\0\0\7") + field(b"seven")])
    row = (
        pack(">iI", 3, TEXT) + field(b"seven") + pack(">I", INT) + field(b"\0\0\0\7") + pack(">Ii", TEXT, -1)
    )
    assert array.dumper()(RowArray).dump(array) == pack(">iiIii", 1, 0, 500, 1, 1) + field(row)


@pytest.mark.parametrize("row", [b"", b"\0", pack(">h", 2), pack(">h", 2) + field(b"one"), b"\0\2\0\0"])
def test_a_row_with_fields_missing_is_an_error_of_the_source(row: bytes) -> None:
    with pytest.raises(psycopg.DataError, match=r"the source sent a row of [01] field"):
        RowArray(RowType(500, 501, [TEXT, INT], [2, 1]), [row]).dumper()
