"""Columns are matched by name, in both storages and both ways: nothing that the source does makes one stand for another."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from tenantry.core.model import Template
from tenantry.db.connect import session
from tenantry.flow.template import trial as template_trial
from tests.support.databases import Source, Warehouse
from tests.support.loading import Pull, by_loader, by_sql
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

DAY = date(2024, 3, 10)
NEXT = date(2024, 3, 11)
COLUMNS = "id integer, net integer, gross integer, at timestamptz"


@pytest.fixture(params=["matview", "partition"])
def sales(acme: Warehouse, source: Source, request: pytest.FixtureRequest) -> Warehouse:
    """A template over SELECT * of a source's table with two rows, on two days; nothing is loaded."""
    source.run(
        "CREATE TABLE sales (id integer, net integer, gross integer, at timestamptz);"
        " INSERT INTO sales VALUES (1, 100, 119, '2024-03-10 12:00+00'), (2, 200, 238, '2024-03-11 12:00+00');"
        " GRANT SELECT ON sales TO source_reader"
    )
    write(acme, "*", storage=request.param)
    return acme


@pytest.fixture(params=[by_loader, by_sql])
def pull(request: pytest.FixtureRequest) -> Pull:
    way: Pull = request.param
    return way


def write(
    warehouse: Warehouse, select: LiteralString, *, columns: str = COLUMNS, storage: str | None = None
) -> None:
    warehouse.run(
        sql.SQL(
            "INSERT INTO _wh.mv_templates AS t (template_name, query_template, column_definitions, indexes, time_column, storage)"
            " VALUES ('sales', {query}, %(columns)s, 'CREATE UNIQUE INDEX ON {{SCHEMA}}.{{VIEW_NAME}} (id)', 'at',"
            " coalesce(%(storage)s, 'matview')) ON CONFLICT (template_name) DO UPDATE SET query_template = excluded.query_template,"
            " column_definitions = excluded.column_definitions, storage = coalesce(%(storage)s, t.storage)"
        )
        .format(
            query=sql.Literal(
                f"SELECT {select} FROM sales WHERE at >= '{{START_TIME}}'::timestamptz AND at < '{{END_TIME}}'::timestamptz"
            )
        )
        .as_string(),
        {"columns": columns, "storage": storage},  # type: ignore[arg-type]
    )


def rows(warehouse: Warehouse) -> list[tuple[int, ...]]:
    return warehouse.reader.rows("SELECT id, net, gross FROM public.sales ORDER BY id")


def test_a_column_that_the_source_drops_and_adds_again_stays_itself(
    sales: Warehouse, source: Source, pull: Pull
) -> None:
    pull(sales, DAY, DAY, template="sales")
    source.run(
        "ALTER TABLE sales DROP net; ALTER TABLE sales ADD net integer; UPDATE sales SET net = id * 100"
    )
    if sales.value("SELECT storage FROM _wh.feeds") == "matview":
        # By hand, too: the view itself knows its columns by name.
        sales.run("REFRESH MATERIALIZED VIEW acme.sales_2024_03_10")
        assert rows(sales) == [(1, 100, 119)]
    pull(sales, DAY, NEXT, template="sales")
    assert rows(sales) == [(1, 100, 119), (2, 200, 238)]
    assert {row[0] for row in sales.rows("SELECT error FROM _wh.slices")} == {None}


def test_a_slice_that_was_made_by_places_is_made_anew_by_names(acme: Warehouse, source: Source) -> None:
    source.fill(DAY, 1)
    acme.load(DAY, DAY)
    definition = acme.value("SELECT pg_get_viewdef('acme.foodlogstats_2024_03_10'::regclass)")
    assert "SELECT id, store, station" in definition
    # As earlier versions made it: whatever the query gives, in its order.
    earlier = definition.replace(
        definition[definition.index("SELECT id, store") : definition.index("\nSELECT")], "", 1
    )
    earlier = earlier.replace("\n) AS q", "", 1)
    acme.run("DROP VIEW acme.foodlogstats; DROP MATERIALIZED VIEW acme.foodlogstats_2024_03_10")
    acme.run(f"CREATE MATERIALIZED VIEW acme.foodlogstats_2024_03_10 AS {earlier}")
    acme.run("CREATE UNIQUE INDEX ON acme.foodlogstats_2024_03_10 (id)")
    actions = [acme.load(DAY, DAY)["date_results"][0]["action"] for _ in range(2)]
    assert actions == ["replaced", "refreshed"]


def test_what_is_no_longer_as_declared_is_refused(sales: Warehouse, source: Source, pull: Pull) -> None:
    pull(sales, DAY, DAY, template="sales")
    changes: list[tuple[LiteralString, str]] = [
        ("ALTER TABLE sales RENAME gross TO brutto", '"brutto" is not among them'),
        ("ALTER TABLE sales RENAME net TO gross", '"gross" is in another position'),
        ("ALTER TABLE sales DROP brutto; ALTER TABLE sales ADD tax integer", '"at" is in another position'),
    ]
    for change, said in changes:
        source.run(change)
        with pytest.raises((AssertionError, psycopg.Error)) as refused:
            pull(sales, NEXT, NEXT, template="sales")
        assert said in str(refused.value)
        assert rows(sales) == [(1, 100, 119)]


def test_expressions_without_a_name_are_taken_by_their_places(
    sales: Warehouse, source: Source, pull: Pull
) -> None:
    write(sales, "id, net + 0, upper(gross::text)::int, at")
    pull(sales, DAY, NEXT, template="sales")
    pull(sales, DAY, DAY, template="sales")
    assert rows(sales) == [(1, 100, 119), (2, 200, 238)]


def test_names_in_another_order_and_with_odd_letters_find_their_columns(
    sales: Warehouse, source: Source, pull: Pull
) -> None:
    write(
        sales,
        'at, gross AS "Gr\\o\'s""s", net, id',
        columns='id integer, net integer, "Gr\\o\'s""s" integer, at timestamptz',
    )
    pull(sales, DAY, NEXT, template="sales")
    pull(sales, DAY, NEXT, template="sales")
    assert sales.reader.rows('SELECT id, net, "Gr\\o\'s""s" FROM public.sales ORDER BY id') == [
        (1, 100, 119),
        (2, 200, 238),
    ]


def test_a_test_of_a_template_prints_values_under_their_own_heads(sales: Warehouse, source: Source) -> None:
    source.run(
        "ALTER TABLE sales DROP net; ALTER TABLE sales ADD net bigint; UPDATE sales SET net = id * 100"
    )
    with session(sales.conninfo) as opened:
        trial = template_trial.run(
            opened,
            Template(
                "sales",
                "SELECT * FROM sales WHERE at >= '{START_TIME}'::timestamptz AND at < '{END_TIME}'::timestamptz",
                COLUMNS,
                time_column="at",
            ),
            "acme",
            DAY,
        )
    assert dict(zip(trial.columns, trial.sample[0], strict=True)) == {
        "id": "1",
        "net": "100",
        "gross": "119",
        "at": "2024-03-10 12:00:00+00",
    }
    assert [(other.column, other.source) for other in trial.other_types] == [("net", "bigint")]


def test_the_source_is_asked_for_columns_of_days_that_it_knows_best(sales: Warehouse, source: Source) -> None:
    """Where a source begins is asked by names, too, and its digests are the same in whatever order its columns are."""
    by_loader(sales, DAY, DAY, template="sales")
    asked: LiteralString = "SELECT * FROM _wh_internal.source_extent('sales', 'acme', 'acme')"
    digests: LiteralString = (
        "SELECT _wh_internal.source_digests(f, '2024-03-10', '2024-03-11') FROM _wh.feeds f"
    )
    with psycopg.connect(sales.conninfo, autocommit=True) as opened:
        opened.execute("SELECT _wh_internal.hold_source('acme')")
        before = opened.execute(digests).fetchone()
    source.run("ALTER TABLE sales DROP id; ALTER TABLE sales ADD id integer; UPDATE sales SET id = net / 100")
    assert sales.rows(asked) == [(DAY, NEXT)]
    with psycopg.connect(sales.conninfo, autocommit=True) as opened:
        opened.execute("SELECT _wh_internal.hold_source('acme')")
        assert opened.execute(digests).fetchone() == before


def test_a_column_retyped_while_a_load_waits_for_its_day_is_copied_as_what_it_is(
    sales: Warehouse, source: Source, pull: Pull
) -> None:
    pull(sales, DAY, DAY, template="sales")
    with psycopg.connect(sales.conninfo) as holder, ThreadPoolExecutor(1) as pool:
        holder.execute("SELECT _wh_internal.lock_slice(f, %s) FROM _wh.feeds f", (DAY,))
        waiting = pool.submit(pull, sales, DAY, DAY, template="sales")
        wait_until(
            lambda: sales.value(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database ="
                " (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        )
        source.run("ALTER TABLE sales ALTER net TYPE float8, ALTER gross TYPE bigint")
        source.run("UPDATE sales SET net = net + 1")
        holder.rollback()
        waiting.result(120)
    assert rows(sales) == [(1, 101, 119)]


def test_a_type_stays_as_it_was_described_until_the_copy_ends(sales: Warehouse, source: Source) -> None:
    """A template that waits in its query, after the columns were described: whoever alters the table waits for it."""
    if sales.value("SELECT storage FROM _wh.mv_templates WHERE template_name = 'sales'") == "matview":
        pytest.skip("nothing is streamed")
    source.run(
        "CREATE FUNCTION waits(integer) RETURNS integer LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_advisory_lock(4711); PERFORM pg_advisory_unlock(4711); RETURN $1; END $$"
    )
    write(sales, "id, waits(net) AS net, gross, at")
    altered = threading.Event()

    def alter() -> None:
        source.run("ALTER TABLE sales ALTER gross TYPE float8")
        altered.set()

    with source.connect() as gate, ThreadPoolExecutor(2) as pool:
        gate.execute("SELECT pg_advisory_lock(4711)")
        load = pool.submit(by_loader, sales, DAY, DAY, template="sales")
        locked: LiteralString = (
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = %s AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        wait_until(lambda: source.value(locked, ("advisory",)))
        retype = pool.submit(alter)
        wait_until(lambda: source.value(locked, ("relation",)))
        assert not altered.is_set()
        gate.execute("SELECT pg_advisory_unlock(4711)")
        load.result(120)
        retype.result(120)
    assert rows(sales) == [(1, 100, 119)]


def test_a_star_is_one_only_in_the_list_of_the_query_itself(warehouse: Warehouse) -> None:
    stars = [
        "SELECT * FROM t",
        "select t.*\nfrom t",
        'SELECT id, "a t".* FROM "a t"',
        "WITH x AS (SELECT 1) SELECT x.* FROM x",
        "SELECT DISTINCT * FROM t UNION ALL SELECT 1",
        "SELECT ALL /* all */ s.t.*, 1 FROM s.t -- so",
        "SELECT DISTINCT ON (id) * FROM t",
    ]
    none = [
        "SELECT count(*) FROM t",
        "SELECT a * b, 2 * 3 FROM t",
        "SELECT id FROM (SELECT * FROM t) x",
        "SELECT '*', \"*\" FROM t -- , * from",
        "SELECT id FROM t WHERE EXISTS (SELECT * FROM u)",
        "SELECT (a + b) * c FROM t",
    ]
    asked: LiteralString = "SELECT _wh_internal.selects_all(%s)"
    assert [query for query in stars if not warehouse.value(asked, (query,))] == []
    assert [query for query in none if warehouse.value(asked, (query,))] == []
