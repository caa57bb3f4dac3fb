"""Manual, "Re-creating an Entire Tenant Dataset": every slice of a tenant dropped and pulled again."""

from __future__ import annotations

from datetime import date
from typing import LiteralString

import psycopg
import pytest

from tests.contract.roles import AS_EITHER, AS_EITHER_ON_EACH_STORAGE, acting
from tests.support.databases import Source, Warehouse

DAY = date(2024, 2, 28)

DROP_ALL: LiteralString = """
DO $$
DECLARE
    mv_name TEXT;
BEGIN
    FOR mv_name IN
        SELECT matviewname FROM pg_matviews WHERE schemaname = 'acme'
    LOOP
        EXECUTE 'DROP MATERIALIZED VIEW acme.' || mv_name;
    END LOOP;
END $$;
"""

REBUILD: LiteralString = "SELECT _wh.update_mv_window('acme', 'acme', '2024-02-28'::date, '2024-03-01'::date)"


@pytest.fixture
def filled(acme: Warehouse, source: Source) -> Warehouse:
    """Three days around a leap day, in the tenant's view and the public one."""
    source.fill(DAY, 3)
    acme.load(DAY, date(2024, 3, 1))
    acme.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    return acme


@pytest.fixture
def bare(filled: Warehouse) -> Warehouse:
    """Views and slices are dropped."""
    filled.run("DROP VIEW IF EXISTS acme.foodlogstats CASCADE")
    filled.run(DROP_ALL)
    return filled


@AS_EITHER
def test_all_slices_of_the_tenant_are_listed(filled: Warehouse, role: str) -> None:
    assert acting(filled, role).rows(
        "SELECT matviewname::text FROM pg_matviews WHERE schemaname = 'acme' ORDER BY matviewname"
    ) == [(f"foodlogstats_2024_{day}",) for day in ("02_28", "02_29", "03_01")]


@AS_EITHER
def test_the_union_view_is_dropped_by_cascade(filled: Warehouse, role: str) -> None:
    """With the CASCADE that the manual's statement lacks: the public view reads the tenant's."""
    database = acting(filled, role)
    with pytest.raises(psycopg.errors.DependentObjectsStillExist):
        database.run("DROP VIEW IF EXISTS acme.foodlogstats")
    database.run("DROP VIEW IF EXISTS acme.foodlogstats CASCADE")
    assert filled.value("SELECT to_regclass('acme.foodlogstats')") is None


@AS_EITHER
def test_the_loop_drops_every_slice(filled: Warehouse, role: str) -> None:
    filled.run("DROP VIEW IF EXISTS acme.foodlogstats CASCADE")
    acting(filled, role).run(DROP_ALL)
    assert filled.rows("SELECT matviewname FROM pg_matviews WHERE schemaname = 'acme'") == []


@AS_EITHER
def test_all_data_is_rebuilt_by_a_window_without_a_function_name(
    bare: Warehouse, source: Source, role: str
) -> None:
    source.run("UPDATE phood_foodlogsum SET quantity = 40")
    result = acting(bare, role).value(REBUILD)
    assert (result["success"], result["created"], result["total_records"]) == (True, 3, 9)
    assert bare.reader.rows("SELECT DISTINCT quantity FROM acme.foodlogstats") == [(40,)]
    assert bare.rows("SELECT DISTINCT matviewowner::text FROM pg_matviews") == [("whadmin",)]
    assert bare.rows("SELECT count(*) FROM pg_indexes WHERE schemaname = 'acme'") == [(12,)]


@AS_EITHER_ON_EACH_STORAGE
def test_the_union_view_is_recreated_and_the_public_view_follows(bare: Warehouse, role: str) -> None:
    bare.run(REBUILD)
    bare.run("DROP VIEW acme.foodlogstats")
    database = acting(bare, role)
    assert database.value("SELECT _wh.update_tenant_view('acme', 'acme', 'foodlogstats')") is True
    assert bare.reader.value("SELECT count(*) FROM acme.foodlogstats") == 9
    database.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    assert bare.reader.value("SELECT count(*) FROM public.foodlogstats") == 9
