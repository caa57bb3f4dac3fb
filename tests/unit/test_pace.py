"""How many sessions a load uses on a source."""

from __future__ import annotations

import heapq
from collections.abc import Callable

import pytest

from tenantry.loader.work.pace import Pace

ROWS = 1000


def used(most: int, seconds: Callable[[int, int], float], tasks: int = 200) -> list[int]:
    """The numbers of sessions, one after the other, of a load whose tasks take `seconds(sessions, task)` each."""
    pace = Pace(most)
    under_way: list[float] = []
    numbers = [most]
    now = 0.0
    for number in range(tasks):
        while len(under_way) >= pace.sessions:
            now = heapq.heappop(under_way)
            pace.ended(ROWS, len(under_way) + 1, now)
            if pace.sessions != numbers[-1]:
                numbers.append(pace.sessions)
        heapq.heappush(under_way, now + seconds(pace.sessions, number))
    return numbers


def uneven(number: int) -> float:
    """Months have more and less rows."""
    return 1 + (number * 7919 % 13) / 50


def test_a_source_that_is_far_away_gets_all_sessions() -> None:
    """Each session waits most of the time, so more of them load more."""
    assert used(4, lambda _, number: uneven(number))[-1] == 4


def test_a_source_that_does_one_thing_at_a_time_gets_few_sessions() -> None:
    assert used(8, lambda sessions, _: float(sessions))[-1] == 2


def test_a_source_gets_as_many_sessions_as_it_can_serve_at_once() -> None:
    """With four cores, it answers up to four as fast as one."""
    assert used(8, lambda sessions, _: max(1, sessions / 4)) == [8, 7, 6, 5, 4, 3, 4]
    assert used(8, lambda sessions, number: max(1, sessions / 4) * uneven(number))[-1] in (4, 5, 6)


@pytest.mark.parametrize("most", [1, 2])
def test_two_sessions_are_never_reduced(most: int) -> None:
    assert used(most, lambda sessions, _: float(sessions)) == [most]


def test_tasks_at_the_end_of_a_load_do_not_count() -> None:
    """Fewer are under way then, so they say nothing about more."""
    pace = Pace(4)
    for second in range(100):
        pace.ended(ROWS, 3, float(second))
    assert pace.sessions == 4


def test_tasks_that_end_at_the_same_moment_are_no_error() -> None:
    pace = Pace(4)
    for _ in range(100):
        pace.ended(0, pace.sessions, 0.0)
    assert pace.sessions == 2
