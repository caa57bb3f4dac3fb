"""Manual, "Connecting to the DataWarehouse for Reports": who connects, and what they ask."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest

from tests.contract.roles import EACH_STORAGE
from tests.support.databases import Database, Source, Warehouse
from tests.support.psql import psql

DAY = date(2024, 1, 14)

ROLES = pytest.mark.parametrize(
    "role", ["phood_ro", "whadmin", pytest.param("postgres", marks=pytest.mark.any_server)]
)


@pytest.fixture
def filled(acme: Warehouse, source: Source) -> Warehouse:
    """Two days of January 2024, the day before it began, and two rows of the last weeks."""
    source.fill(DAY, 2)
    source.fill(date(2023, 12, 31), 1)
    source.run(
        "INSERT INTO phood_foodlogsum (id, location_id, inventory_item_id, pan_id, quantity, logged_time)"
        " SELECT n, 1, 1, 1, 10 * n, now() - interval '3 days' FROM generate_series(1, 2) n"
    )
    today: date = acme.value("SELECT _wh.current_date_utc()")
    acme.load(DAY, date(2024, 1, 15))
    acme.load(date(2023, 12, 31), date(2023, 12, 31))
    acme.run(
        "SELECT _wh.update_mv_window_by_template('foodlogstats', 'acme', 'acme', %s::date - 4, %s)",
        (today, today),
    )
    return acme


@EACH_STORAGE
def test_the_reader_connects_with_psql_and_can_only_read(filled: Warehouse) -> None:
    done = psql(filled.reader, "-A", "-t", text="SELECT current_user, count(*) > 0 FROM acme.foodlogstats;\n")
    assert (done.stdout, done.stderr) == ("phood_ro|t\n", "")
    for statement in (
        "CREATE TABLE public.mine (one int)",
        "DROP VIEW acme.foodlogstats",
        "SELECT password FROM _wh.tenant_connections",
        "SELECT _wh.update_public_view_by_template('foodlogstats')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            filled.reader.run(statement)


@EACH_STORAGE
def test_whadmin_connects_with_psql_and_manages_the_warehouse(filled: Warehouse) -> None:
    done = psql(
        filled,
        "-A",
        "-t",
        text="SELECT current_user, _wh.update_public_view_by_template('foodlogstats');\n",
    )
    assert (done.stdout, done.stderr) == ("whadmin|t\n", "")


@ROLES
def test_one_tenants_data_is_queried_from_a_time_on(filled: Warehouse, role: str) -> None:
    rows = Database(filled.server, filled.name, role).rows(
        "SELECT * FROM acme.foodlogstats WHERE logged_time >= '2024-01-01'"
    )
    assert len(rows) == 8
    # The template's columns, and the UTC day.
    assert {len(row) for row in rows} == {21 + 1}


@ROLES
def test_one_day_is_queried_from_its_slice(filled: Warehouse, source: Source, role: str) -> None:
    rows = Database(filled.server, filled.name, role).rows("SELECT * FROM acme.foodlogstats_2024_01_15")
    assert {row[0] for row in rows} == {
        row[0]
        for row in source.rows(
            "SELECT id FROM phood_foodlogsum WHERE (logged_time AT TIME ZONE 'UTC')::date = '2024-01-15'"
        )
    }
    assert len(rows) == 3


@ROLES
def test_the_waste_of_thirty_days_is_summed_by_client(filled: Warehouse, role: str) -> None:
    """Each of the two rows weighs its quantity less the pan's 1.5."""
    assert Database(filled.server, filled.name, role).rows(
        "SELECT client, SUM(weight) as total_waste, COUNT(*) as incidents FROM acme.foodlogstats"
        " WHERE logged_time >= CURRENT_DATE - INTERVAL '30 days' GROUP BY client"
    ) == [("acme", 27, 2)]
