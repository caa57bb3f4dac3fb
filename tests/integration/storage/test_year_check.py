"""Whether a year is complete, and which years may be folded."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg
import pytest

from tests.support.databases import Source, Warehouse
from tests.support.samples.small_template import define, make_ticks

pytestmark = pytest.mark.any_server


@pytest.fixture
def ticking(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse with the template `ticks`, whose source has rows on 6 May 2023; nothing is loaded."""
    make_ticks(source, date(2023, 5, 6), 1)
    define(acme)
    return acme


def check(warehouse: Warehouse, year: int) -> dict[str, Any]:
    result: dict[str, Any] = warehouse.value(
        "SELECT _wh.check_views_by_template_for_year('ticks', 'acme', %s)", (year,)
    )
    return result


def fold(warehouse: Warehouse, year: int | None) -> None:
    warehouse.run("SELECT _wh.create_combined_table_from_template_by_year('ticks', 'acme', %s)", (year,))


def pull_day(warehouse: Warehouse, day: date) -> None:
    warehouse.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)", (day,))


def test_the_steps_that_the_check_proposes_lead_from_one_slice_to_the_yearly_table(
    ticking: Warehouse,
) -> None:
    pull_day(ticking, date(2023, 5, 6))
    statuses = []
    for _ in range(3):
        result = check(ticking, 2023)
        statuses.append((result["status"], result["success"], result["found_days"], result["missing_count"]))
        if result["next"]:
            ticking.run(result["next"])
    assert statuses == [
        ("incomplete", False, 1, 364),
        ("complete", True, 365, 0),
        ("converted", True, 365, 0),
    ]


def test_a_leap_year_has_366_days(ticking: Warehouse) -> None:
    pull_day(ticking, date(2024, 12, 31))
    result = check(ticking, 2024)
    assert (result["expected_days"], result["found_days"]) == (366, 1)
    assert result["missing_ranges"] == [{"from": "2024-01-01", "to": "2024-12-30", "days": 365}]


def test_the_present_year_is_complete_to_date_and_cannot_be_folded(ticking: Warehouse, today: date) -> None:
    ticking.run(
        "SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', %s, %s)",
        (date(today.year, 1, 1), today),
    )
    result = check(ticking, today.year)
    assert (result["success"], result["status"]) == (True, "complete to date")
    assert result["expected_days"] == result["found_days"] == today.timetuple().tm_yday
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=f"year {today.year} is not over"):
        fold(ticking, today.year)


@pytest.mark.parametrize("year", [None, 9999])
def test_a_year_that_is_not_over_is_refused(ticking: Warehouse, year: int | None) -> None:
    pull_day(ticking, date(2023, 5, 6))
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="is not over"):
        fold(ticking, year)


@pytest.mark.parametrize("year", [None, 0, 9999])
def test_a_year_that_has_not_begun_cannot_be_checked(ticking: Warehouse, year: int | None) -> None:
    pull_day(ticking, date(2023, 5, 6))
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="cannot be checked"):
        ticking.run("SELECT _wh.check_views_by_template_for_year('ticks', 'acme', %s)", (year,))


def test_a_schema_without_slices_of_the_template_is_refused(ticking: Warehouse) -> None:
    with pytest.raises(
        psycopg.errors.UndefinedObject, match='schema "acme" has no slices of template "ticks"'
    ):
        check(ticking, 2023)
