"""How the last comparison of each feed ended is kept, whoever compared it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import LiteralString

import pytest

from tenantry.warehouse import Warehouse as Library
from tests.support.databases import Source, Warehouse
from tests.support.people import member
from tests.support.program import succeed

pytestmark = pytest.mark.any_server

FIRST = date(2024, 3, 8)

KEPT: LiteralString = "SELECT days, different_days, failed_days, fault FROM _wh.verifications"


@pytest.fixture
def changed(acme: Warehouse, source: Source) -> Warehouse:
    """Four days, of which the second and the fourth have changed at the source since they were loaded."""
    source.fill(FIRST, 4)
    acme.load(FIRST, FIRST + timedelta(days=3))
    source.run(
        "UPDATE phood_foodlogsum SET quantity = 99 WHERE logged_time::date IN ('2024-03-09', '2024-03-11')"
    )
    return acme


def test_days_that_differ_are_kept_until_they_are_compared_or_loaded_again(changed: Warehouse) -> None:
    library = Library(changed.conninfo)
    (feed,) = library.feeds("foodlogstats")
    library.verify([feed], FIRST, FIRST + timedelta(days=2))
    assert changed.rows(KEPT) == [(3, [date(2024, 3, 9)], 0, False)]
    with member(changed, "tenantry_operator") as operator:
        operator.rows("SELECT _wh.verify_days('foodlogstats', 'acme', '2024-03-10', '2024-03-11')")
    assert changed.rows(KEPT) == [(2, [date(2024, 3, 9), date(2024, 3, 11)], 0, False)]
    changed.load(date(2024, 3, 9), date(2024, 3, 9))
    library.verify([feed], FIRST, FIRST)
    assert changed.rows(KEPT) == [(1, [date(2024, 3, 11)], 0, False)], "the second one was loaded since"
    succeed(
        changed,
        "verify",
        "foodlogstats",
        "--all",
        "--from",
        FIRST,
        "--to",
        FIRST + timedelta(days=3),
        "--fix",
    )
    assert changed.rows(KEPT) == [(1, [], 0, False)]
