"""What a source sends, compared with the stored rows while both are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantry.flow.slice import stored

NUMBERS = st.lists(st.integers(0, 30), max_size=120)
SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=5)


def sent_row(number: int) -> bytes:
    return pack(">hii", 1, 4, number)


def kept_row(number: int, place: int) -> bytes:
    return pack(">hiiiIH", 2, 4, number, 6, place, 1)


def cut(rows: Sequence[bytes], sizes: Sequence[int]) -> Iterator[list[bytes]]:
    """The rows in batches of these sizes, and the rest in one."""
    at = 0
    for size in sizes:
        yield list(rows[at : at + size])
        at += size
    yield list(rows[at:])


def compared(
    sent: Sequence[int], kept: Sequence[int], sizes: Sequence[int], others: Sequence[int]
) -> tuple[Counter[bytes], Counter[int], int]:
    """The rows that are not stored, the stored numbers that were not sent, and how many rows matched."""
    comparison = stored.Comparison(
        cut([sent_row(number) for number in sent], sizes),
        cut([kept_row(number, place) for place, number in enumerate(kept)], others),
    )
    differing = Counter(row for rows in comparison.differing() for row in rows)
    gone = Counter(kept[int(place[1:].split(",")[0])] for place in comparison.vanished)
    return differing, gone, comparison.matched


def check(sent: Sequence[int], kept: Sequence[int], sizes: Sequence[int], others: Sequence[int]) -> None:
    differing, gone, matched = compared(sent, kept, sizes, others)
    assert differing == Counter(map(sent_row, (Counter(sent) - Counter(kept)).elements()))
    assert gone == Counter(kept) - Counter(sent)
    assert matched == (Counter(sent) & Counter(kept)).total()


@given(NUMBERS, NUMBERS, SIZES, SIZES)
def test_any_rows_are_told_apart_in_any_order(
    sent: list[int], kept: list[int], sizes: list[int], others: list[int]
) -> None:
    check(sent, kept, sizes, others)


@given(st.lists(st.integers(0, 300), unique=True, min_size=150), st.data(), SIZES, SIZES)
def test_rows_in_about_the_same_order_are_told_apart(
    rows: list[int], data: st.DataObject, sizes: list[int], others: list[int]
) -> None:
    sent, kept = list(rows), list(rows)
    for side in (sent, kept):
        for place in data.draw(st.lists(st.integers(0, 149), max_size=8)):
            moved = side.pop(place % len(side))
            if data.draw(st.booleans()):
                side.insert(data.draw(st.integers(0, len(side))), moved)
    check(sent, kept, sizes, others)


def test_rows_in_the_same_order_are_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "HELD", 0)
    rows = list(range(5000))
    assert compared(rows, rows, [7] * 500, [64] * 70) == (Counter(), Counter(), 5000)


def test_rows_out_of_step_are_held_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "ASIDE", 100)
    monkeypatch.setattr(stored, "HELD", 20_000)
    with pytest.raises(stored.TooMany):
        compared(list(range(5000)), list(range(5000, 0, -1)), [50], [50])


def test_stored_rows_are_read_until_the_source_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not all of them, if it answers late: they would fill the memory."""
    monkeypatch.setattr(stored, "AHEAD", 100 * len(kept_row(0, 0)))
    rows = list(range(200))
    kept = cut([kept_row(number, number) for number in rows], [10] * 20)
    left: list[int] = []

    def sent() -> Iterator[list[bytes]]:
        left.append(sum(map(len, kept)))
        yield [sent_row(number) for number in rows]

    for answers, unread in (([False, False, True], 180), ([False] * 20, 100)):
        kept = cut([kept_row(number, number) for number in rows], [10] * 20)
        list(stored.Comparison(sent(), kept, iter(answers).__next__).differing())
        assert left.pop() == unread


def test_the_frame_around_the_rows_is_left_out() -> None:
    row = sent_row(3)

    def messages(*parts: bytes) -> list[memoryview]:
        return [memoryview(part) for part in parts]

    batches = [messages(stored.HEADER + row, row), messages(row, b"\xff\xff"), []]
    assert list(stored.rows(batches)) == [[row, row], [row], []]
    assert list(stored.rows([messages(stored.HEADER + b"\xff\xff")])) == [[]]
