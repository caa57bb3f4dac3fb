"""Which tests each process begins with: a plugin of pytest.

With `--dist worksteal`, pytest-xdist gives each process an equal share of the tests, in their order, and who has none left takes over
what others have not begun. Files in their order would put the longest tests into one share, for which the others wait at the end.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

import pytest

T = TypeVar("T")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each share begin with some of the tests that have a time limit of their own, as they take longer than others."""
    longest = sorted(filter(_limit, items), key=_limit, reverse=True)
    others = sorted((item for item in items if not _limit(item)), key=_uses_years, reverse=True)
    items[:] = dealt(longest, others, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def dealt(longest: Sequence[T], others: Sequence[T], shares: int) -> list[T]:
    """The tests in their new order: each share begins with every so many of the longest."""
    found: list[T] = []
    left = list(others)
    for n in range(shares):
        size = (len(longest) + len(others) - len(found)) // (shares - n)
        begin = longest[n::shares]
        rest = max(0, size - len(begin))
        found += [*begin, *left[:rest]]
        del left[:rest]
    return found + left


def _uses_years(item: pytest.Item) -> bool:
    """Whether it uses the two years of tests/contract, which each process would take long to make: such tests stay together."""
    return item.nodeid.startswith("tests/contract/") and "years" in getattr(item, "fixturenames", ())


def _limit(item: pytest.Item) -> float:
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0]) if marker else 0.0
