"""How the tests are dealt to processes."""

import pytest

from tests.support.shares import backwards, dealt


@pytest.mark.parametrize("shares", [1, 2, 3, 4])
@pytest.mark.parametrize("others", [0, 1, 5, 20])
@pytest.mark.parametrize("longest", [0, 1, 4, 6])
def test_each_share_begins_with_some_of_the_longest_tests_and_none_is_lost(
    longest: int, others: int, shares: int
) -> None:
    long, short = [f"long {n}" for n in range(longest)], [f"short {n}" for n in range(others)]
    found = dealt([[name] for name in long], short, shares)
    assert sorted(found) == sorted(long + short)
    assert [name for name in found if name in short] == short
    if others < 20:
        return
    # As xdist/scheduler/worksteal.py cuts them.
    begin = 0
    for n in range(shares):
        size = (len(found) - begin) // (shares - n)
        own = long[n::shares]
        assert found[begin : begin + len(own)] == own
        begin += size


def test_a_group_stays_together_however_large_it_is() -> None:
    group = [f"browser {n}" for n in range(8)]
    found = dealt([group, ["long 0"], ["long 1"]], ["short 0", "short 1"], 2)
    assert found == [*group, "long 1", "long 0", "short 0", "short 1"]


def test_each_file_is_run_backwards_by_itself() -> None:
    assert backwards(["a1", "a2", "b1", "a3", "b2"], lambda name: name[0]) == ["a3", "a2", "a1", "b2", "b1"]
