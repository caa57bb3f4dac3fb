"""What reports do not ask for is neither read nor locked: the plans of partition storage."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from tenantry.db.install import install
from tenantry.embedded import Server
from tests.support.databases import Source, Warehouse
from tests.support.samples.full_year import QUERY

ONE_DAY: LiteralString = "at >= '2023-05-05 00:00:00+00' AND at < '2023-05-06 00:00:00+00'"


def tables(plan: Any) -> set[str]:
    """The tables that a plan reads."""
    found = {plan["Relation Name"]} if "Relation Name" in plan else set()
    return found.union(*(tables(child) for child in plan.get("Plans", [])))


def explained(warehouse: Warehouse, query: LiteralString) -> tuple[set[str], int]:
    """The tables that a report would read, and the relations it would lock (indexes, too) besides the catalog's."""
    with warehouse.reader.connect() as session, session.transaction():
        row = session.execute("EXPLAIN (FORMAT JSON, VERBOSE) " + query).fetchone()
        locks = session.execute(
            "SELECT count(DISTINCT l.relation) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation"
            " WHERE l.pid = pg_backend_pid() AND c.relnamespace <> 'pg_catalog'::regnamespace"
        ).fetchone()
    assert row is not None
    assert locks is not None
    return tables(row[0][0]["Plan"]), locks[0]


def define_pulses(warehouse: Warehouse, source: Source) -> None:
    warehouse.run(
        "INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions, indexes, time_column, storage)"
        " VALUES ('pulses', %s, 'id int, at timestamptz', 'CREATE UNIQUE INDEX {VIEW_NAME}_id ON {SCHEMA}.{VIEW_NAME} (id);"
        " CREATE INDEX {VIEW_NAME}_at ON {SCHEMA}.{VIEW_NAME} (at)', 'at', 'partition')",
        (QUERY,),
    )
    warehouse.connect_to(source)


def make_years(warehouse: Warehouse, names: list[str], first: int, last: int) -> None:
    """The tables of some tenants for these years, as a load makes them."""
    with warehouse.connect() as session:
        for name in names:
            session.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
            session.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO phood_ro").format(sql.Identifier(name)))
            session.execute(
                "SELECT _wh_internal.partition_prepare(_wh_internal.open_feed('pulses', 'acme', %s), %s, %s)",
                (name, date(first, 1, 1), date(last, 12, 31)),
            )


def test_a_day_of_one_tenant_with_four_years_reads_one_table(warehouse: Warehouse, source: Source) -> None:
    define_pulses(warehouse, source)
    make_years(warehouse, ["acme", "globex"], 2021, 2024)
    one_day: LiteralString = "SELECT count(*) FROM {} WHERE " + ONE_DAY
    # Locked are the view, the tenant's table, that of the year and its two indexes.
    assert explained(warehouse, one_day.replace("{}", "acme.pulses")) == ({"acme.pulses_2023"}, 6)
    both = explained(warehouse, one_day.replace("{}", "public.pulses"))
    assert both[0] == {"acme.pulses_2023", "globex.pulses_2023"}
    of_acme = explained(warehouse, one_day.replace("{}", "public.pulses") + " AND schema_name = 'acme'")
    assert of_acme == ({"acme.pulses_2023"}, 6)


def test_one_tenant_by_its_name_reads_its_own_tables(warehouse: Warehouse, source: Source) -> None:
    define_pulses(warehouse, source)
    make_years(warehouse, ["acme", "globex"], 2021, 2024)
    read, locks = explained(warehouse, "SELECT count(*) FROM public.pulses WHERE schema_name = 'globex'")
    assert read == {f"globex.pulses_{year}" for year in range(2021, 2025)}
    assert locks == 3 + 4 * 3


@pytest.mark.parametrize("kind", ["date", "timestamp", "timestamptz"])
def test_a_day_is_found_whatever_type_the_time_column_has(
    warehouse: Warehouse, source: Source, kind: str
) -> None:
    define_pulses(warehouse, source)
    warehouse.run(
        "UPDATE _wh.mv_templates SET column_definitions = 'id int, at ' || %s, partition_by = 'month' WHERE template_name = 'pulses'",
        (kind,),
    )
    make_years(warehouse, ["acme"], 2023, 2024)
    read, _ = explained(warehouse, "SELECT count(*) FROM public.pulses WHERE at = '2023-05-05'")
    assert read == {"acme.pulses_2023_05"}


@pytest.mark.any_server
def test_the_last_30_days_of_200_tenants_are_read_at_the_default_size_of_the_lock_table(
    make_server: Callable[..., Server], source: Source
) -> None:
    server = make_server(max_locks_per_transaction="64", max_connections="100")
    server.start()
    passwords = {"whadmin": "whadmin-password", "phood_ro": "reader-password"}
    with psycopg.connect(server.conninfo(), autocommit=True) as session:
        install(session, passwords)
    for role, password in passwords.items():
        server.save_password(role, password)
    warehouse = Warehouse(server, "postgres", "whadmin")
    define_pulses(warehouse, source)
    today: date = warehouse.value("SELECT _wh.current_date_utc()")
    names = [f"tenant_{n:03}" for n in range(200)]
    make_years(warehouse, names, today.year - 3, today.year)

    with warehouse.reader.connect() as session, session.transaction():
        counted = session.execute(
            "SELECT count(*) FROM public.pulses WHERE at >= current_date - interval '30 days'"
        ).fetchone()
        assert counted == (0,)
        plan = session.execute(
            "EXPLAIN (FORMAT JSON, VERBOSE) SELECT count(*) FROM public.pulses WHERE at >= current_date - interval '40 days'"
        ).fetchone()
        locks = session.execute("SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid()").fetchone()
    assert plan is not None
    assert locks is not None
    assert tables(plan[0][0]["Plan"]) <= {
        f"{name}.pulses_{year}" for name in names for year in (today.year - 1, today.year)
    }
    # All of the tables of four years, each with its indexes, and few more.
    assert locks[0] <= 200 * (1 + 4 * 3) + 20

    read, locked = explained(warehouse, "SELECT count(*) FROM public.pulses WHERE schema_name = 'tenant_117'")
    assert read == {f"tenant_117.pulses_{year}" for year in range(today.year - 3, today.year + 1)}
    assert locked == 3 + 4 * 3
    read, locked = explained(
        warehouse, "SELECT count(*) FROM public.pulses WHERE at >= now() - interval '1 day'"
    )
    assert locked <= 200 * (1 + 4 * 3) + 2
