"""Manual, "Re-creating a Single Materialized View": a wrong one dropped with the views over it, and all made again."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest

from tests.contract.roles import AS_EITHER, acting
from tests.support.databases import Source, Warehouse

DAY = date(2023, 8, 14)


@pytest.fixture
def wrong(acme: Warehouse, source: Source) -> Warehouse:
    """Two days are loaded and public; the second was put there by hand, with one row of three."""
    source.fill(DAY, 2)
    acme.load(DAY, date(2023, 8, 15))
    acme.run("DROP MATERIALIZED VIEW acme.foodlogstats_2023_08_15 CASCADE")
    acme.run(
        "CREATE MATERIALIZED VIEW acme.foodlogstats_2023_08_15 AS"
        " SELECT * FROM acme.foodlogstats_2023_08_14 WHERE false"
    )
    acme.run("SELECT _wh.update_tenant_view('acme', 'acme', 'foodlogstats')")
    acme.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    return acme


@pytest.fixture
def bare(wrong: Warehouse) -> Warehouse:
    """Both views and the wrong slice are dropped."""
    wrong.run("DROP VIEW acme.foodlogstats CASCADE")
    wrong.run("DROP MATERIALIZED VIEW acme.foodlogstats_2023_08_15")
    return wrong


@AS_EITHER
def test_the_views_that_name_a_slice_are_found(wrong: Warehouse, role: str) -> None:
    found = acting(wrong, role).rows(
        "SELECT schemaname::text, viewname::text, definition FROM pg_views"
        " WHERE definition LIKE '%foodlogstats_2023_08_15%'"
    )
    assert [row[:2] for row in found] == [("acme", "foodlogstats")]
    assert "foodlogstats_2023_08_14" in found[0][2]


@AS_EITHER
def test_the_dependent_views_are_dropped_by_cascade(wrong: Warehouse, role: str) -> None:
    """With the CASCADE that the manual's statement lacks: the public view reads the tenant's."""
    database = acting(wrong, role)
    with pytest.raises(psycopg.errors.DependentObjectsStillExist):
        database.run("DROP VIEW IF EXISTS acme.foodlogstats")
    database.run("DROP VIEW IF EXISTS acme.foodlogstats CASCADE")
    assert wrong.rows("SELECT schemaname FROM pg_views WHERE viewname = 'foodlogstats'") == []


@AS_EITHER
def test_the_wrong_slice_is_dropped(wrong: Warehouse, role: str) -> None:
    wrong.run("DROP VIEW acme.foodlogstats CASCADE")
    acting(wrong, role).run("DROP MATERIALIZED VIEW acme.foodlogstats_2023_08_15")
    assert wrong.value("SELECT _wh.does_mv_exist('acme', 'foodlogstats_2023_08_15')") is False


@AS_EITHER
def test_the_slice_is_made_again_with_its_rows_and_indexes(bare: Warehouse, role: str) -> None:
    result = acting(bare, role).value("SELECT _wh.update_foodlogstats('acme', 'acme', '2023-08-15'::date)")
    assert (result["success"], result["action"], result["rows"]) == (True, "created", 3)
    assert bare.reader.value("SELECT count(*) FROM acme.foodlogstats_2023_08_15") == 3
    assert bare.rows(
        "SELECT matviewowner::text, count(*) FROM pg_matviews m JOIN pg_indexes i ON tablename = matviewname"
        " WHERE matviewname = 'foodlogstats_2023_08_15' GROUP BY 1"
    ) == [("whadmin", 4)]


@AS_EITHER
def test_the_tenants_view_is_made_again_for_readers_too(bare: Warehouse, role: str) -> None:
    bare.run("SELECT _wh.update_foodlogstats('acme', 'acme', '2023-08-15'::date)")
    bare.run("DROP VIEW acme.foodlogstats")
    assert acting(bare, role).value("SELECT _wh.update_tenant_view('acme', 'acme', 'foodlogstats')") is True
    assert bare.reader.value("SELECT count(*) FROM acme.foodlogstats") == 6
    assert bare.rows("SELECT viewowner::text FROM pg_views WHERE schemaname = 'acme'") == [("whadmin",)]


@AS_EITHER
def test_after_a_cascade_the_template_functions_bring_both_views_back(bare: Warehouse, role: str) -> None:
    database = acting(bare, role)
    database.run("SELECT _wh.update_tenant_union_view_by_template('foodlogstats', 'acme', 'acme')")
    database.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    assert bare.reader.value("SELECT count(*) FROM acme.foodlogstats") == 3
    assert bare.reader.value("SELECT count(*) FROM public.foodlogstats") == 3
