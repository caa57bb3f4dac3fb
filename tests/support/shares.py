"""Which tests each process begins with: a plugin of pytest. With TENANTRY_TEST_BACKWARDS, the tests of each file are run backwards.

With `--dist worksteal`, pytest-xdist gives each process an equal share of the tests, in their order, and who has none left takes over
what others have not begun. Files in their order would put the longest tests into one share, for which the others wait at the end.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest

T = TypeVar("T")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each share begin with some of the tests that have a time limit of their own, as they take longer than others."""
    if os.environ.get("TENANTRY_TEST_BACKWARDS"):
        items[:] = backwards(items, lambda item: item.nodeid.partition("::")[0])
    longest = _together(sorted(filter(_limit, items), key=_limit, reverse=True))
    others = sorted((item for item in items if not _limit(item)), key=_uses_years, reverse=True)
    items[:] = dealt(longest, others, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def backwards(items: Sequence[T], file: Callable[[T], str]) -> list[T]:
    """The tests, file by file, those of each from the last to the first."""
    files: dict[str, list[T]] = {}
    for item in items:
        files.setdefault(file(item), []).insert(0, item)
    return [item for tests in files.values() for item in tests]


def dealt(longest: Sequence[Sequence[T]], others: Sequence[T], shares: int) -> list[T]:
    """The tests in their new order: each share begins with every so many of the groups of the longest."""
    found: list[T] = []
    left = list(others)
    number = sum(map(len, longest)) + len(others)
    for n in range(shares):
        size = (number - len(found)) // (shares - n)
        begin = [one for group in longest[n::shares] for one in group]
        rest = max(0, size - len(begin))
        found += [*begin, *left[:rest]]
        del left[:rest]
    return found + left


def _together(items: Sequence[pytest.Item]) -> list[list[pytest.Item]]:
    """Each test by itself, but those of a file of tests/browser in one group: each process would make their warehouse anew."""
    groups: dict[str, list[pytest.Item]] = {}
    for item in items:
        name = item.nodeid.partition("::")[0] if item.nodeid.startswith("tests/browser/") else item.nodeid
        groups.setdefault(name, []).append(item)
    return list(groups.values())


def _uses_years(item: pytest.Item) -> bool:
    """Whether it uses the two years of tests/contract, which each process would take long to make: such tests stay together."""
    return item.nodeid.startswith("tests/contract/") and "years" in getattr(item, "fixturenames", ())


def _limit(item: pytest.Item) -> float:
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0]) if marker else 0.0
