"""Manual, "Emergency Procedures": the connections saved, the warehouse made anew, all data loaded again.

As postgres: only a superuser may have the server write and read files."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import psycopg
import pytest

from tests.contract.roles import EACH_STORAGE
from tests.support.databases import SECRET, Database, Source, Warehouse
from tests.support.psql import run_scripts

DAY = date(2023, 12, 31)

SAVE = "COPY _wh.tenant_connections TO '{}' CSV HEADER"
RESTORE = "COPY _wh.tenant_connections FROM '{}' CSV HEADER"


@pytest.fixture
def file(server_parent: Path) -> Path:
    """Where the server may write, and read again."""
    server_parent.chmod(0o777)
    return server_parent / "connections.csv"


@pytest.fixture
def saved(acme: Warehouse, source: Source, file: Path) -> Warehouse:
    """A warehouse with one day, whose connections are in the file."""
    source.fill(DAY, 1)
    acme.load(DAY, DAY)
    acme.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    acme.run("""UPDATE _wh.tenant_connections SET options = '{"sslmode": "prefer"}'""")
    copy(acme.admin, SAVE, file)
    return acme


def copy(database: Database, statement: str, file: Path) -> None:
    """Run one of the two COPY statements on the file."""
    with database.connect() as session:
        session.execute(statement.format(file).encode())


def make_anew(warehouse: Warehouse) -> None:
    """Drop everything, make the tenant's schema again, then schema and functions with the scripts."""
    with warehouse.admin.connect() as session:
        session.execute("DROP SCHEMA acme, _wh, _wh_internal CASCADE")
    warehouse.make_schema()
    run_scripts(warehouse.admin, "create.sql")
    run_scripts(warehouse, "functions.sql", "template-foodlogstats.sql")


def test_the_connections_are_exported_without_their_secrets(
    saved: Warehouse, source: Source, file: Path
) -> None:
    with file.open(newline="") as lines:
        (row,) = csv.DictReader(lines)
    assert (row["tenant_name"], row["dbname"], row["username"]) == ("acme", source.name, "source_reader")
    assert row["password"] == ""
    assert SECRET not in file.read_text()


@EACH_STORAGE
def test_a_tenants_schema_is_dropped_and_made_again_and_loads(saved: Warehouse) -> None:
    saved.admin.run("DROP SCHEMA acme CASCADE")
    saved.make_schema()
    saved.admin.run("ALTER DEFAULT PRIVILEGES IN SCHEMA acme GRANT SELECT ON TABLES TO phood_ro")
    saved.load(DAY, DAY)
    saved.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    assert saved.reader.value("SELECT count(*) FROM acme.foodlogstats") == 3
    assert saved.reader.value("SELECT count(*) FROM public.foodlogstats") == 3


def test_schema_and_functions_are_restored_by_the_scripts(saved: Warehouse) -> None:
    make_anew(saved)
    assert saved.rows("SELECT template_name FROM _wh.mv_templates") == [("foodlogstats",)]
    assert saved.rows("SELECT * FROM _wh.tenant_connections") == []
    assert saved.value("SELECT _wh.does_mv_exist('acme', 'foodlogstats_2023_12_31')") is False


def test_the_connections_are_restored_as_they_were(saved: Warehouse, file: Path) -> None:
    everything = "SELECT * FROM _wh.tenant_connections"
    before = saved.rows(everything)
    make_anew(saved)
    copy(saved.admin, RESTORE, file)
    after = saved.rows(everything)
    assert [row[:-1] for row in after] == [row[:-1] for row in before]
    assert before[0][6] == {"sslmode": "prefer"}
    with pytest.raises(psycopg.errors.UniqueViolation):
        copy(saved.admin, RESTORE, file)


def test_in_the_same_database_all_data_is_rebuilt_at_once(saved: Warehouse, file: Path) -> None:
    """The secrets are in the foreign servers, which outlive the schema."""
    make_anew(saved)
    copy(saved.admin, RESTORE, file)
    assert saved.load(DAY, DAY)["processed_mvs"] == 1
    saved.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    assert saved.reader.value("SELECT count(*) FROM public.foodlogstats") == 3
    assert saved.rows("SELECT DISTINCT matviewowner::text FROM pg_matviews WHERE schemaname = 'acme'") == [
        ("whadmin",)
    ]


def test_in_a_new_database_all_data_is_rebuilt_once_the_secrets_are_given_again(
    saved: Warehouse, source: Source, file: Path
) -> None:
    server = saved.server_of()
    make_anew(saved)
    saved.run(f"DROP SERVER {server} CASCADE")  # as if it had never been here
    copy(saved.admin, RESTORE, file)
    with pytest.raises(psycopg.Error, match="password"):
        saved.load(DAY, DAY)
    saved.run(
        "UPDATE _wh.tenant_connections SET password = %s WHERE tenant_name = 'acme'", (source.password,)
    )
    assert saved.load(DAY, DAY)["processed_mvs"] == 1
    assert saved.reader.value("SELECT count(*) FROM acme.foodlogstats") == 3
