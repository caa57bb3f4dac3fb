"""Numbers of things in words."""

from __future__ import annotations

import pytest

from tenantry.core.words import count, spans_of_years


@pytest.mark.parametrize(
    "number, expected", [(0, "0 slices"), (1, "1 slice"), (2, "2 slices"), (12345, "12,345 slices")]
)
def test_one_is_singular_and_all_other_numbers_are_plural(number: int, expected: str) -> None:
    assert count(number, "slice") == expected


def test_a_plural_may_be_given() -> None:
    assert [count(number, "entry is", "entries are") for number in (1, 2)] == ["1 entry is", "2 entries are"]


def test_years_that_follow_each_other_are_a_span() -> None:
    assert spans_of_years([2001, 2002, 2003, 2005, 2009, 2010]) == "2001 to 2003, 2005, 2009 to 2010"
    assert spans_of_years([]) == ""
