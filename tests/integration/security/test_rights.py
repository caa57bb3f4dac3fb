"""Who may do what. The committed table tests/data/rights.tsv names every object and the rights of each role on it."""

from __future__ import annotations

import os
from datetime import date
from typing import LiteralString

import psycopg
import pytest

from tenantry.db.install import install
from tests.support.databases import Source, Warehouse
from tests.support.rights import committed, rights, write

DAY = date(2024, 3, 10)
REWRITE = "TENANTRY_WRITE_RIGHTS=1 .venv/bin/python -m pytest tests/integration/security/test_rights.py -k committed_table"

OURS: LiteralString = "('_wh', '_wh_internal', 'cron')"

COMMITTING = {
    "_wh.adopt_copies",
    "_wh.adopt_tenants",
    "_wh.refresh_window",
    "_wh.set_storage",
    "_wh.drop_old_storage",
    "_wh.fit_storage",
    "_wh.fold_in_steps",
}
"""Procedures that commit; PostgreSQL allows them neither a search_path of their own nor SECURITY DEFINER."""

OTHER_PATHS = {("_wh_internal.call_user_function", "search_path=public, pg_temp")}
"""Functions that operators wrote name dblink without a schema; PUBLIC may create nothing in the schema public."""


@pytest.fixture
def loaded(acme: Warehouse, source: Source) -> Warehouse:
    """One slice of acme, its tenant view, a yearly table, and the public view."""
    source.fill(DAY, 1)
    acme.load(DAY, DAY)
    # A yearly table is made like this one: whadmin creates it in the tenant's schema.
    acme.run(
        'CREATE TABLE _wh_data."acme.foodlogstats_2023" AS TABLE acme.foodlogstats_2024_03_10 WITH NO DATA'
    )
    acme.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    return acme


def test_the_rights_on_every_object_are_those_of_the_committed_table(loaded: Warehouse) -> None:
    """After a change that is meant, write the table anew and read its diff; the failing message says how."""
    found = rights(loaded)
    if os.environ.get("TENANTRY_WRITE_RIGHTS"):
        write(found)
    expected = committed()
    assert found == expected, f"if this is meant, run: {REWRITE}\n" + "\n".join(
        [f"- {line}" for line in expected if line not in found]
        + [f"+ {line}" for line in found if line not in expected]
    )


def test_readers_read_tenant_and_public_data_and_nothing_of_the_warehouse_itself(loaded: Warehouse) -> None:
    reader = loaded.reader
    server = loaded.server_of()
    assert reader.value("SELECT count(*) FROM public.foodlogstats") == 3
    assert reader.value("SELECT count(*) FROM acme.foodlogstats_2024_03_10") == 3
    for statement in (
        "SELECT * FROM _wh.tenant_connections",
        "SELECT * FROM _wh.function_logs",
        "SELECT * FROM cron.job",
        "SELECT _wh.current_date_utc()",
        "SELECT _wh.get_tenant_connection_string('acme')",
        f"SELECT public.dblink_connect('{server}')",
        f"SELECT * FROM public.dblink('{server}', 'SELECT 1') AS t(x integer)",
        "CREATE TABLE public.mine (x integer)",
        "CREATE TABLE acme.mine (x integer)",
        'DELETE FROM _wh_data."acme.foodlogstats_2023"',
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.run(statement)


def test_phood_ro_and_public_may_touch_no_object_of_ours(loaded: Warehouse) -> None:
    for line in rights(loaded):
        kind, name, _, _, _, reader, public = line.split("\t")
        if "_wh_internal.freshness" in name:
            continue  # every reader may ask how fresh its own tenants are
        if name.startswith(("_wh.", "_wh_internal.", "cron.", "public.dblink")) or name in (
            "_wh",
            "_wh_internal",
            "cron",
            "dblink_fdw",
            "the source of acme",
        ):
            assert (reader, public) == ("-", "-"), f"{kind} {name}"


def test_every_function_pins_its_search_path(warehouse: Warehouse) -> None:
    rows = warehouse.rows(
        "SELECT p.pronamespace::regnamespace || '.' || p.proname,"
        " (SELECT c FROM unnest(p.proconfig) c WHERE c LIKE 'search_path=%') FROM pg_proc p"
        f" WHERE p.pronamespace::regnamespace::text IN {OURS}"
    )
    odd = {(name, path) for name, path in rows if path != "search_path=pg_catalog, pg_temp"}
    assert odd == OTHER_PATHS | {(name, None) for name in COMMITTING}


def test_procedures_that_commit_set_the_search_path_first_thing(warehouse: Warehouse) -> None:
    rows = warehouse.rows(
        "SELECT p.pronamespace::regnamespace || '.' || p.proname, p.prosecdef, p.prosrc FROM pg_proc p"
        f" WHERE p.pronamespace::regnamespace::text IN {OURS} AND p.prosrc ~ '\\mCOMMIT;'"
    )
    assert {name for name, _, _ in rows} == COMMITTING
    for name, definer, source in rows:
        assert definer is False
        body = source[source.index("BEGIN") :]
        first = body.removeprefix("BEGIN").split(";")[0].replace("LOOP", "").strip()
        assert (
            first
            == "PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), _wh_internal.pin()"
        ), name


def test_functions_with_their_owners_rights_belong_to_whadmin_who_is_no_superuser(
    warehouse: Warehouse,
) -> None:
    assert warehouse.rows(
        "SELECT DISTINCT pg_get_userbyid(p.proowner) FROM pg_proc p WHERE p.prosecdef"
        f" AND p.pronamespace::regnamespace::text IN {OURS}"
    ) == [("whadmin",)]
    assert warehouse.rows(
        "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication, rolcanlogin FROM pg_roles"
        " WHERE rolname IN ('whadmin', 'phood_ro') ORDER BY 1"
    ) == [
        ("phood_ro", False, False, False, False, False, True),
        ("whadmin", False, False, False, False, False, True),
    ]


def test_no_function_of_wh_is_overloaded_so_that_each_can_be_dropped_by_its_name(
    warehouse: Warehouse,
) -> None:
    assert (
        warehouse.rows(
            "SELECT p.proname FROM pg_proc p WHERE p.pronamespace = '_wh'::regnamespace GROUP BY 1 HAVING count(*) > 1"
        )
        == []
    )


def test_a_function_that_an_administrator_put_into_wh_stays_his(warehouse: Warehouse) -> None:
    warehouse.admin.run("CREATE FUNCTION _wh.theirs() RETURNS integer LANGUAGE sql AS 'SELECT 1'")
    warehouse.admin.run("REVOKE ALL ON FUNCTION _wh.theirs() FROM PUBLIC")
    with warehouse.admin.connect() as session:
        install(session, {})
    assert warehouse.admin.value("SELECT _wh.theirs()") == 1
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        warehouse.run("SELECT _wh.theirs()")
