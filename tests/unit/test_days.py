"""UTC days and spans of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenantry.core.days import Span, folded, parse_day, today_utc
from tenantry.core.errors import InputError

DAY = date(2024, 2, 28)


def test_today_is_the_day_in_utc() -> None:
    before = datetime.now(UTC).date()
    assert before <= today_utc() <= datetime.now(UTC).date()


def test_days_are_read_from_iso_8601_and_from_words() -> None:
    today = today_utc()
    assert parse_day("2024-02-29") == date(2024, 2, 29)
    assert parse_day("today") - today <= timedelta(days=1)
    assert parse_day("today") - parse_day("yesterday") in (timedelta(days=1), timedelta(days=2))


@pytest.mark.parametrize(
    "text", ["", "2023-02-29", "29.2.2024", "2024-2-1", "tomorrow", "Today", "2024-02-29T00:00"]
)
def test_what_is_no_day_is_refused_with_a_way_to_write_one(text: str) -> None:
    with pytest.raises(InputError, match="is not a day") as caught:
        parse_day(text)
    assert "YYYY-MM-DD" in str(caught.value.hint)


def test_a_span_holds_both_of_its_ends() -> None:
    span = Span(DAY, date(2024, 3, 1))
    assert list(span) == [date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1)]
    assert (len(span), str(span)) == (3, "2024-02-28 to 2024-03-01")
    assert (list(Span(DAY, DAY)), len(Span(DAY, DAY)), str(Span(DAY, DAY))) == ([DAY], 1, "2024-02-28")


def test_a_span_the_wrong_way_round_is_refused() -> None:
    with pytest.raises(InputError, match="the first day, 2024-02-28, is after the last day, 2024-02-27"):
        Span(DAY, date(2024, 2, 27))


def test_days_are_folded_into_spans() -> None:
    days = [date(2024, 3, 1), DAY, date(2024, 2, 29), date(2024, 3, 3)]
    assert [str(span) for span in folded(days)] == ["2024-02-28 to 2024-03-01", "2024-03-03"]
    assert folded([]) == []


@settings(deadline=None)
@given(st.sets(st.dates(min_value=date(2023, 12, 1), max_value=date(2024, 3, 31))))
def test_folded_spans_hold_exactly_the_days_and_do_not_touch(days: set[date]) -> None:
    spans = folded(sorted(days))
    assert [day for span in spans for day in span] == sorted(days)
    for earlier, later in pairwise(spans):
        assert later.first - earlier.last > timedelta(days=1)
