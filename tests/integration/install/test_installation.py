"""Installing: the same again and again, by several at once, and with functions that PostgreSQL finds nothing wrong with."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from tenantry.core.errors import TenantryError
from tenantry.db.install import install
from tenantry.db.migrations import known
from tenantry.embedded import Server
from tests.support.citus.cluster import stand_in
from tests.support.databases import Database, Maker, Warehouse, plpgsql_checked
from tests.support.rights import rights

DAMAGE = (
    "DROP SCHEMA _wh_internal CASCADE",
    "DROP FUNCTION _wh.refresh_mv, _wh.does_mv_exist CASCADE",
    "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA _wh TO PUBLIC",
    "REVOKE USAGE ON SCHEMA public FROM phood_ro",
)

_UNION = "_wh.update_tenant_union_view_by_template(text,text,text)"

ACCEPTED = {
    # Returned by a dynamic query, into which plpgsql_check does not see.
    *(
        (function, f'warning extra:00000:OUT variable "{name}" is maybe unmodified')
        for function, names in {
            "_wh_internal.move_days(_wh.feeds,_wh.mv_templates,date,date)": ("day", "row_count", "differs"),
            "_wh_internal.row_differences(_wh.feeds,date,regclass,integer)": (
                "kind",
                "key",
                "columns",
                "at_source",
                "in_warehouse",
                "total",
            ),
            "_wh_internal.storage_relations(_wh.feeds,boolean)": (
                "relid",
                "relname",
                "first_day",
                "last_day",
                "daily",
                "folded",
                "trusted",
                "leftover",
            ),
            "_wh_internal.storage_sources(_wh.feeds,date,date)": ("relid", "first_day", "last_day", "alone"),
            "_wh_internal.storage_unfit(_wh.feeds,_wh.mv_templates)": ("kind", "relname", "slice_date"),
            "_wh_internal.stored_digests(_wh.feeds,date,date)": ("day", "digest"),
        }.items()
        for name in names
    ),
    (
        "_wh_internal.ask_ranges(text,text,text,text,text,text[])",
        "warning:00000:EXECUTE:cannot determinate a result of dynamic SQL",
    ),
    # A storage's routine has the parameters that storage_fold passes; these fold in one step.
    *(
        (
            f"_wh_internal.{storage}_fold(_wh.feeds,_wh.mv_templates,integer,boolean)",
            'warning extra:00000:unused parameter "by_steps"',
        )
        for storage in ("partition", "shared")
    ),
    # Every caller of the manual gives a connection.
    (_UNION, 'warning extra:00000:unused parameter "tenant_connection_name"'),
}
"""What plpgsql_check says and is meant so."""

_ABOUT_CLUSTERS: LiteralString = "p.proname = ANY ('{node_facts,node_load,shard_moves}')"
"""Functions with queries of what only a cluster has."""


@pytest.fixture
def empty(server: Server, maker: Maker) -> Database:
    """A database that was never installed, as the administrator."""
    return Database(server, maker.clone("template0", "empty"), "postgres")


def put(database: Database) -> list[str]:
    with database.connect() as session:
        return install(session, {})


def catalog(database: Database) -> list[Any]:
    """Every object of ours with its definition, and everybody's rights on it."""
    return [
        rights(database),
        database.rows(
            "SELECT oid::regprocedure::text, pg_get_functiondef(oid), obj_description(oid, 'pg_proc') FROM pg_proc"
            " WHERE pronamespace::regnamespace::text IN ('_wh', '_wh_internal', 'cron') ORDER BY 1"
        ),
        database.rows(
            "SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attnotnull,"
            " pg_get_expr(adbin, adrelid), col_description(attrelid, attnum)"
            " FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum JOIN pg_class c ON c.oid = attrelid"
            " WHERE relnamespace::regnamespace::text IN ('_wh', '_wh_internal', 'cron') AND attnum > 0 ORDER BY 1, 2"
        ),
        database.rows(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace::regnamespace::text IN ('_wh', '_wh_internal', 'cron') ORDER BY 1, 2"
        ),
        database.rows(
            "SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2"
        ),
        database.rows(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index ORDER BY 1"
        ),
        database.rows("SELECT setrole::regrole::text, setconfig FROM pg_db_role_setting ORDER BY 1, 2"),
        database.rows("SELECT to_jsonb(t) - '{created_at,updated_at}'::text[] FROM _wh.mv_templates t"),
        database.rows("SELECT version, name, sha256 FROM _wh.migrations"),
    ]


def test_a_second_installation_changes_nothing(empty: Database) -> None:
    assert put(empty) == [f"migration {m.name} applied" for m in known()]
    first = catalog(empty)
    assert put(empty) == []
    assert catalog(empty) == first


def test_an_installation_mends_functions_triggers_and_rights(
    warehouse: Warehouse,
) -> None:
    whole = catalog(warehouse.admin)
    for statement in DAMAGE:
        warehouse.admin.run(statement)
    assert catalog(warehouse.admin) != whole
    assert put(warehouse.admin) == []
    assert catalog(warehouse.admin) == whole


def test_several_installations_at_once_make_one_warehouse(empty: Database) -> None:
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda _: put(empty), range(4)))
    assert sorted(map(len, done)) == [0, 0, 0, len(known())]
    first = catalog(empty)
    assert put(empty) == []
    assert catalog(empty) == first


def test_a_migration_that_is_not_the_one_the_warehouse_had_is_refused(warehouse: Warehouse) -> None:
    warehouse.run("UPDATE _wh.migrations SET sha256 = 'other'")
    with pytest.raises(TenantryError, match=r"migration 1 \(initial\) differs"):
        put(warehouse.admin)


def test_an_installation_that_fails_lets_go_of_the_session(empty: Database) -> None:
    empty.run("CREATE SCHEMA _wh")
    with empty.connect() as session:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            install(session, {})
        row = session.execute(
            "SELECT current_user::text, (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())"
        ).fetchone()
    assert row == ("postgres", 0)


@pytest.mark.system
def test_plpgsql_check_finds_nothing_in_any_function(
    warehouse: Warehouse, server_bindir: Path | None
) -> None:
    if server_bindir is None:
        pytest.skip("plpgsql_check is not among the embedded server's extensions")
    # Those that adopt a warehouse read what is only there meanwhile: tests/integration/adopt.
    assert (
        plpgsql_checked(warehouse.admin, f"NOT p.proname ~ '^adopt_' AND NOT {_ABOUT_CLUSTERS}") == ACCEPTED
    )
    stand_in(warehouse)
    assert plpgsql_checked(warehouse.admin, _ABOUT_CLUSTERS) == set()
