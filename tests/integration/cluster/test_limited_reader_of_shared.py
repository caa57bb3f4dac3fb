"""What a reader of one tenant can find out about the other tenants of a table that they share."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from datetime import date
from typing import LiteralString

import psycopg
import pytest

from tenantry.db.connect import session
from tenantry.flow.tenant import reader as readers
from tests.support.databases import Database, Source, Warehouse
from tests.support.loading import by_loader
from tests.support.program import succeed
from tests.support.samples.small_template import define

pytestmark = pytest.mark.any_server

PEARL = 987654321
"""A value that only the other tenant has."""

LEAKY: LiteralString = (
    "CREATE FUNCTION pg_temp.leak(anyelement) RETURNS boolean COST 0.0000001 LANGUAGE plpgsql"
    " AS $$BEGIN RAISE NOTICE 'leaked %', $1; RETURN true; END$$"
)

WAYS: tuple[LiteralString, ...] = (
    "SELECT * FROM acme.ticks WHERE pg_temp.leak(value)",
    "SELECT * FROM acme.ticks_2023 WHERE pg_temp.leak(value)",
    "SELECT * FROM public.ticks WHERE pg_temp.leak(value)",
    "SELECT 1 / (value - 987654321) FROM acme.ticks",
    "SELECT 1 FROM acme.ticks WHERE 1 / (value - 987654321) = 5",
    "SELECT 1 FROM acme.ticks_2023 WHERE 1 / (value - 987654321) = 5",
    "SELECT 1 FROM public.ticks WHERE 1 / (value - 987654321) = 5",
    "SELECT 1 FROM acme.ticks WHERE (value || 'x')::int = 5",
    "SELECT * FROM pg_stats WHERE schemaname = '_wh_data'",
    "SELECT * FROM pg_stats WHERE tablename ~ 'ticks'",
    "COPY (SELECT * FROM public.ticks) TO STDOUT",
    'COPY _wh_data."public.tenantry_shared_ticks" TO STDOUT',
    "EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM acme.ticks WHERE pg_temp.leak(value)",
)


@pytest.fixture
def limited(warehouse: Warehouse, source: Source) -> Iterator[Database]:
    """What a reader of acme sees of a table that acme, which has a folded year, shares with brook."""
    define(warehouse)
    warehouse.run("UPDATE _wh.mv_templates SET storage = 'shared' WHERE template_name = 'ticks'")
    source.run(
        "CREATE TABLE ticks AS SELECT d * 10 AS id, '2023-01-01T00:00Z'::timestamptz + d * interval '1 day' AS at, '1' AS value"
        " FROM generate_series(0, 364) d; GRANT SELECT ON ticks TO source_reader"
    )
    for name, last, value in (("acme", date(2023, 12, 31), 1), ("brook", date(2023, 1, 20), PEARL)):
        source.run("UPDATE ticks SET value = %s", (str(value),))
        warehouse.connect_to(source, name)
        warehouse.run("SELECT _wh_internal.create_tenant_schema(%s)", (name,))
        by_loader(warehouse, date(2023, 1, 1), last, template="ticks", name=name)
    succeed(warehouse, "year", "fold", "ticks", 2023, "--tenant", "acme")
    warehouse.run("ANALYZE")
    reader = f"reader_{secrets.token_hex(4)}"
    with session(warehouse.admin.conninfo, role=None) as opened:
        readers.put(opened, reader, ["acme"], "reader-password")
        warehouse.server.save_password(reader, "reader-password")
        yield Database(warehouse.server, warehouse.name, reader)
        readers.drop(opened, reader)


def test_nothing_tells_a_reader_of_one_tenant_a_value_of_another(limited: Database) -> None:
    assert {way: found for way in WAYS if (found := told(limited, way))} == {}


def test_the_views_of_a_tenant_that_moves_to_tables_of_its_own_are_as_fast_as_before(
    limited: Database, warehouse: Warehouse
) -> None:
    """Without a barrier, for which conditions that could tell something would wait."""
    barred: LiteralString = (
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'acme'::regnamespace AND 'security_barrier=true' = ANY (reloptions)"
        " ORDER BY 1"
    )
    assert warehouse.rows(barred) == [("ticks",), ("ticks_2023",)]
    succeed(warehouse, "template", "set-storage", "ticks", "partition", "--tenant", "acme")
    assert warehouse.rows(barred) == []
    succeed(warehouse, "template", "set-storage", "ticks", "shared", "--tenant", "acme")
    assert warehouse.rows(barred) == [("ticks",), ("ticks_2023",)]
    assert told(limited, WAYS[0]) == ""


def told(reader: Database, way: LiteralString) -> str:
    """What a statement tells that it must not."""
    heard: list[str] = []
    with reader.connect() as session:
        session.add_notice_handler(lambda said: heard.append(str(said.message_primary)))
        session.execute(LEAKY)
        try:
            if way.startswith("COPY"):
                with session.cursor().copy(way) as rows:
                    heard += [bytes(row).decode() for row in rows]
            else:
                heard += [str(row) for row in session.execute(way).fetchall()]
        except psycopg.Error as error:
            heard.append(f"{error} {error.diag.message_detail}")
    found = "\n".join(heard)
    return found if re.search(f"{PEARL}|brook|division by zero", found) else ""
