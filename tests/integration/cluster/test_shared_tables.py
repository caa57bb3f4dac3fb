"""Tenants share tables: on one server, and on a cluster (the real one, or a stand-in that refuses what Citus refuses)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from tenantry.core.days import today_utc
from tests.support.citus.cluster import PASSWORDS, Coordinator
from tests.support.databases import Source, Warehouse
from tests.support.loading import Pull, by_loader, by_sql
from tests.support.program import run, succeed
from tests.support.samples.healthy import findings, troubles
from tests.support.samples.small_template import COLUMNS, define, make_ticks

DAYS = 4
NAMES = ("acme", "brook")
CHECKS = ("views", "slices", "records", "leftovers", "templates", "grants")

both_ways = pytest.mark.parametrize("pull", [by_loader, by_sql])


def first() -> date:
    return today_utc() - timedelta(days=DAYS - 1)


@pytest.fixture(params=["shared", "distributed"])
def storage(request: pytest.FixtureRequest) -> str:
    """Both storages in which tenants share tables."""
    return str(request.param)


@pytest.fixture
def shop(request: pytest.FixtureRequest, storage: str, source: Source) -> Warehouse:
    """Tenants acme and brook of one source, whose rows have the same keys, and a template in this storage; nothing is loaded."""
    warehouse: Warehouse = request.getfixturevalue("on_cluster" if storage == "distributed" else "warehouse")
    make_ticks(source, first(), DAYS)
    define(warehouse)
    warehouse.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'ticks'", (storage,))
    for name in NAMES:
        warehouse.connect_to(source, name)
        warehouse.run("SELECT _wh_internal.create_tenant_schema(%s)", (name,))
    return warehouse


@pytest.fixture
def loaded(shop: Warehouse) -> Warehouse:
    """The same with all days."""
    for name in NAMES:
        by_loader(shop, first(), today_utc(), template="ticks", name=name)
    return shop


def rows(warehouse: Warehouse, column: LiteralString = "id") -> list[tuple[str, int]]:
    """How many rows of each tenant the public view shows to a reader."""
    return warehouse.reader.rows(
        f"SELECT schema_name, count({column}) FROM public.ticks GROUP BY 1 ORDER BY 1"
    )


ALL = [(name, 2 * DAYS) for name in NAMES]

OWNER_LOGS_IN = {"TENANTRY_WHADMIN_PASSWORD": PASSWORDS["whadmin"]}


@both_ways
def test_tenants_with_the_same_keys_are_loaded_and_refreshed_each_on_its_own(
    shop: Warehouse, source: Source, pull: Pull
) -> None:
    for name in NAMES:
        pull(shop, first(), today_utc(), template="ticks", name=name)
    assert rows(shop) == ALL
    source.run("DELETE FROM ticks WHERE id %% 10 = 1 AND at < %s", (first() + timedelta(days=1),))
    source.run("UPDATE ticks SET value = 7")
    pull(shop, first(), today_utc(), template="ticks", name="acme")
    assert rows(shop) == [("acme", 2 * DAYS - 1), ("brook", 2 * DAYS)]
    assert shop.rows("SELECT DISTINCT value FROM acme.ticks") == [(7,)]
    assert shop.value("SELECT count(*) FROM brook.ticks WHERE value = 7") == 0


@both_ways
def test_a_row_that_moves_to_another_day_leaves_the_former_one_and_no_other_tenant(
    loaded: Warehouse, source: Source, pull: Pull
) -> None:
    source.run(
        "UPDATE ticks SET at = at + interval '1 day' WHERE at < %s AND id %% 10 = 0",
        (first() + timedelta(days=1),),
    )
    pull(loaded, first() + timedelta(days=1), first() + timedelta(days=1), template="ticks", name="acme")
    assert loaded.rows("SELECT count(*) FROM acme.ticks GROUP BY day ORDER BY day") == [
        (1,),
        (3,),
        (2,),
        (2,),
    ]
    assert loaded.rows("SELECT count(*) FROM brook.ticks GROUP BY day ORDER BY day") == [(2,)] * DAYS


def test_an_unchanged_day_is_not_written(loaded: Warehouse, storage: str) -> None:
    # The rows of a distributed table are on other nodes: their places are those of shards.
    place: LiteralString = "ctid::text" if storage == "shared" else "''"
    stored: LiteralString = f"SELECT schema_name, id, value, {place} FROM public.ticks"
    if storage == "shared":
        stored = stored.replace("public.ticks", '_wh_data."public.tenantry_shared_ticks"')
    before = sorted(loaded.rows(stored))
    by_loader(loaded, first(), today_utc(), template="ticks", name="acme")
    assert sorted(loaded.rows(stored)) == before


def test_the_commands_tell_the_truth_of_a_tenant_among_others(loaded: Warehouse, storage: str) -> None:
    feeds = succeed(loaded, "status", "--json").json["feeds"]
    assert [(feed["days"], feed["rows"], feed["missing"]) for feed in feeds] == [(DAYS, 2 * DAYS, 0)] * 2
    sizes = [feed["size_bytes"] for feed in feeds]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.1)
    assert sizes[0] > 0
    succeed(loaded, "verify", "ticks", "--all")
    with loaded.connect() as session:
        # Citus changes no rows through a view.
        stored = sql.Identifier("_wh_data", f"public.tenantry_{storage}_ticks")
        session.execute(
            sql.SQL("DELETE FROM {} WHERE schema_name = 'acme' AND at < %s").format(stored),
            (datetime.combine(first() + timedelta(days=1), time(), UTC),),
        )
    assert run(loaded, "verify", "ticks", "--all").code == 1
    succeed(loaded, "verify", "ticks", "--all", "--fix")
    assert rows(loaded) == ALL
    assert troubles(findings(loaded, *CHECKS)) == []


def test_a_reader_of_some_tenants_sees_those_and_no_other(loaded: Warehouse) -> None:
    try:
        succeed(
            loaded.admin,
            "reader",
            "add",
            "reader_of_acme",
            "--tenant",
            "acme",
            env=OWNER_LOGS_IN,
        )
        with psycopg.connect(loaded.admin.conninfo, autocommit=True) as session:
            if isinstance(loaded.server, Coordinator):
                session.execute("SET citus.enable_ddl_propagation = on")
            session.execute(f"ALTER ROLE reader_of_acme PASSWORD '{PASSWORDS['phood_ro']}'")
        conninfo = loaded.server.conninfo(user="reader_of_acme", dbname=loaded.name)
        if not isinstance(loaded.server, Coordinator):
            conninfo = psycopg.conninfo.make_conninfo(conninfo, password=PASSWORDS["phood_ro"])
        with psycopg.connect(conninfo, autocommit=True) as reader:
            assert reader.execute("SELECT schema_name, count(*) FROM public.ticks GROUP BY 1").fetchall() == [
                ("acme", 2 * DAYS)
            ]
            assert reader.execute("SELECT count(*) FROM acme.ticks").fetchone() == (2 * DAYS,)
            for relation in (
                "brook.ticks",
                '_wh_data."public.tenantry_distributed_ticks"',
                '_wh_data."public.tenantry_shared_ticks"',
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    reader.execute(f"SELECT FROM {relation}")
        for node in loaded.server.nodes()[1:] if isinstance(loaded.server, Coordinator) else ():
            # Row security is all that keeps a reader who logs in at a worker from the other tenants' rows.
            there = psycopg.conninfo.conninfo_to_dict(node)
            address = psycopg.conninfo.make_conninfo(conninfo, host=there["host"], port=there["port"])
            with psycopg.connect(address, autocommit=True) as reader:
                assert reader.execute(
                    'SELECT DISTINCT schema_name FROM _wh_data."public.tenantry_distributed_ticks"'
                ).fetchall() == [("acme",)]
        assert rows(loaded) == ALL
        assert troubles(findings(loaded, *CHECKS)) == []
    finally:
        succeed(loaded.admin, "reader", "drop", "reader_of_acme", "--yes", env=OWNER_LOGS_IN)
    assert rows(loaded) == ALL
    assert loaded.reader.value("SELECT count(*) FROM acme.ticks") == 2 * DAYS


def test_a_template_gets_a_column_another_type_and_another_index(loaded: Warehouse) -> None:
    query = "SELECT id, at, value::int, 2 * value::int FROM ticks WHERE at >= '{START_TIME}' AND at < '{END_TIME}'"
    index = "CREATE UNIQUE INDEX {VIEW_NAME}_id ON {SCHEMA}.{VIEW_NAME} (id); CREATE INDEX {VIEW_NAME}_v ON {SCHEMA}.{VIEW_NAME} (value)"
    define(loaded, columns=f"{COLUMNS}, twice int", query=query, indexes=index)
    succeed(loaded, "backfill", "ticks", "--all", "--outdated")
    assert rows(loaded, "twice") == ALL
    define(
        loaded,
        columns=f"{COLUMNS.replace('value int', 'value bigint')}, twice int",
        query=query,
        indexes=index,
    )
    succeed(loaded, "backfill", "ticks", "--all", "--outdated")
    assert loaded.rows("SELECT DISTINCT pg_typeof(value)::text FROM public.ticks") == [("bigint",)]
    assert (
        loaded.value(
            "SELECT count(*) FROM pg_indexes WHERE schemaname = '_wh_data' AND indexdef LIKE '%%(schema_name, value)'"
        )
        >= 1
    )
    assert troubles(findings(loaded, *CHECKS)) == []


def test_tenants_move_there_and_back_one_by_one_and_all_at_once(loaded: Warehouse, storage: str) -> None:
    for other in ("partition", "matview"):
        succeed(loaded, "template", "set-storage", "ticks", other, "--tenant", "acme")
        assert rows(loaded) == ALL
        succeed(loaded, "template", "set-storage", "ticks", other)
        assert rows(loaded) == ALL
        succeed(loaded, "template", "set-storage", "ticks", storage, "--tenant", "brook")
        assert rows(loaded) == ALL
        succeed(loaded, "template", "set-storage", "ticks", storage)
        assert rows(loaded) == ALL
        for name in NAMES:
            succeed(loaded, "template", "drop-old", "ticks", "--tenant", name)
    assert succeed(loaded, "status", "--json").json["feeds"][0]["days"] == DAYS
    succeed(loaded, "verify", "ticks", "--all")
    assert troubles(findings(loaded, *CHECKS)) == []


def test_a_tenant_is_dropped_with_its_rows_alone_and_the_template_with_all(loaded: Warehouse) -> None:
    succeed(loaded, "tenant", "drop", "brook", "--yes")
    assert rows(loaded) == ALL[:1]
    succeed(loaded, "template", "drop", "ticks", "--with-data", "--yes")
    assert loaded.value("SELECT count(*) FROM pg_class WHERE relnamespace = '_wh_data'::regnamespace") == 0


def test_a_closed_year_is_folded_where_it_is(shop: Warehouse, source: Source) -> None:
    source.run("DELETE FROM ticks")
    source.run(
        "INSERT INTO ticks SELECT d * 10, '2023-01-01T00:00Z'::timestamptz + d * interval '1 day', 1 FROM generate_series(0, 364) d"
    )
    for name in NAMES:
        by_loader(shop, date(2023, 1, 1), date(2023, 12, 31), template="ticks", name=name)
    succeed(shop, "year", "fold", "ticks", 2023, "--tenant", "acme")
    assert shop.value("SELECT count(*) FROM acme.ticks_2023") == 365
    assert shop.value("SELECT to_regclass('brook.ticks_2023') IS NULL")
    assert [feed["years"] for feed in succeed(shop, "status", "--json").json["feeds"]] == [[2023], []]
    source.run("UPDATE ticks SET value = 9 WHERE id = 0")
    by_loader(shop, date(2023, 1, 1), date(2023, 1, 1), template="ticks", name="acme")
    assert shop.value("SELECT value FROM acme.ticks_2023 WHERE id = 0") == 9
