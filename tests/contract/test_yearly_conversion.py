"""Manual, "Converting Daily MVs to Yearly Tables": a closed year folded into one table, and what is to be seen after it."""

from __future__ import annotations

import psycopg
import pytest

from tests.contract.roles import AS_EITHER, EACH_STORAGE_OF_YEARS, acting
from tests.contract.years import DAILY_COUNT, FOLD, ROWS, Years


def test_a_complete_leap_year_has_366_daily_views(years: Years) -> None:
    assert years.value("daily before") == 366


@EACH_STORAGE_OF_YEARS
@pytest.mark.parametrize("year, days", [(2020, 366), (2021, 365)])
def test_a_year_is_combined_and_the_result_tells_views_and_records(
    years: Years, year: int, days: int
) -> None:
    """2020 as whadmin, 2021 as postgres."""
    result = years.value(f"fold {year}")
    assert (result["success"], result["processed_mvs"], result["total_records"]) == (True, days, ROWS[year])
    assert (result["template"], result["schema"], result["year"]) == ("foodlogstats", "harbour", year)
    assert result["yearly_table"] == f"foodlogstats_{year}"
    assert result["duration_seconds"] > 0


@AS_EITHER
@EACH_STORAGE_OF_YEARS
def test_the_yearly_table_holds_every_record(years: Years, role: str) -> None:
    assert acting(years.warehouse, role).value("SELECT COUNT(*) FROM harbour.foodlogstats_2020") == 367
    assert years.warehouse.rows(
        "SELECT id, logged_time, quantity FROM harbour.foodlogstats_2020 ORDER BY id"
    ) == years.source.rows(
        "SELECT id, logged_time, quantity FROM phood_foodlogsum WHERE logged_time < '2021-01-01 00:00Z' ORDER BY id"
    )


def test_the_yearly_table_has_the_templates_columns_and_indexes_and_belongs_to_whadmin(years: Years) -> None:
    columns = "SELECT attname::text, atttypid::regtype::text FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum"
    expected = years.warehouse.rows(columns, ("harbour.foodlogstats",))
    assert years.warehouse.rows(columns, ("harbour.foodlogstats_2020",)) == expected
    assert years.warehouse.rows(
        "SELECT tablename::text, tableowner::text, indexdef LIKE 'CREATE UNIQUE INDEX %% USING btree (id)'"
        " FROM pg_tables JOIN pg_indexes USING (schemaname, tablename) WHERE schemaname = %s ORDER BY 1",
        ("_wh_data",),
    ) == [("harbour.foodlogstats_2020", "whadmin", True), ("harbour.foodlogstats_2021", "whadmin", True)]


@AS_EITHER
@EACH_STORAGE_OF_YEARS
def test_the_tenants_union_view_includes_the_yearly_table(years: Years, role: str) -> None:
    assert (
        acting(years.warehouse, role).value(
            "SELECT COUNT(*) FROM harbour.foodlogstats WHERE EXTRACT(YEAR FROM logged_time AT TIME ZONE 'UTC') = 2020"
        )
        == 367
    )


@AS_EITHER
@EACH_STORAGE_OF_YEARS
def test_the_public_view_is_updated_and_readers_see_both_years_in_it(years: Years, role: str) -> None:
    assert (
        acting(years.warehouse, role).value("SELECT _wh.update_public_view_by_template('foodlogstats')")
        is True
    )
    assert years.warehouse.reader.value("SELECT count(*) FROM public.foodlogstats") == 732


@AS_EITHER
def test_no_daily_view_of_the_year_remains(years: Years, role: str) -> None:
    assert acting(years.warehouse, role).value(DAILY_COUNT) == 0


@AS_EITHER
@EACH_STORAGE_OF_YEARS
def test_a_year_whose_table_exists_is_not_combined_again(years: Years, role: str) -> None:
    with pytest.raises(psycopg.errors.DuplicateTable, match=r"harbour\.foodlogstats_2020 already exists"):
        acting(years.warehouse, role).run(FOLD.format(2020))


def test_a_template_that_does_not_exist_is_refused(years: Years) -> None:
    with pytest.raises(psycopg.Error, match='template "stock" does not exist'):
        years.warehouse.run(
            "SELECT _wh.create_combined_table_from_template_by_year('stock', 'harbour', 2020)"
        )


def test_a_conversion_that_fails_leaves_views_and_reports_as_they_were(years: Years) -> None:
    assert "nowhere" in years.value("failure")
    assert years.value("daily after failure") == 366
    assert years.value("table after failure") is None
    assert years.answers["totals after failure"] == years.answers["totals 2021"]


def test_a_conversion_saves_at_least_a_third_of_the_storage(years: Years) -> None:
    assert years.value("storage after") < years.value("storage before") * 2 / 3
