"""What the campaign of faults takes for right and for wrong."""

from __future__ import annotations

from datetime import date

import pytest

from tests.chaos.model import Model

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
A, B, C = (1, "a"), (2, "b"), (3, "c")


@pytest.fixture
def model() -> Model:
    """Monday had three rows, then C moved to Tuesday; what the warehouse shows of Monday may be as old as it likes."""
    model = Model(one_table=True)
    model.note({MONDAY: (A, B, C)})
    model.note({MONDAY: (A, C)})
    model.note({MONDAY: (A,), TUESDAY: (C,)})
    model.seen[MONDAY] = 1
    return model


def test_a_row_may_be_gone_from_an_older_day_once_another_day_shows_it(model: Model) -> None:
    assert model.violations({MONDAY: (A, B), TUESDAY: (C,)}) == []


def test_a_row_that_no_day_shows_is_lost(model: Model) -> None:
    assert len(model.violations({MONDAY: (A, B)})) == 1


def test_where_each_day_has_its_own_table_a_row_leaves_none_before_its_load(model: Model) -> None:
    model.one_table = False
    assert len(model.violations({MONDAY: (A, B), TUESDAY: (C,)})) == 1


def test_a_day_never_goes_back_to_an_older_state(model: Model) -> None:
    model.expect_current([MONDAY], {MONDAY: 3})
    assert model.violations({MONDAY: (A,), TUESDAY: (C,)}) == []
    assert len(model.violations({MONDAY: (A, C), TUESDAY: ()})) == 1
