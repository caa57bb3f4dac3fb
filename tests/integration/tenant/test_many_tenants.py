"""Adding and dropping a tenant takes the same work among many tenants as among few."""

from __future__ import annotations

from collections import Counter

import psycopg
import pytest

from tests.support.databases import Warehouse

pytestmark = pytest.mark.any_server

FEW, MANY = 3, 15

MAKE_TABLE = (
    "SELECT _wh_internal.partition_leaf(f, t, DATE '2024-01-01', false) FROM _wh.feeds f"
    " JOIN _wh.mv_templates t USING (template_name) WHERE f.schema_name = %s"
)


def add(session: psycopg.Connection, name: str) -> None:
    session.execute(
        "INSERT INTO _wh.tenant_connections (tenant_name, host, port, dbname, username)"
        " VALUES (%s, '127.0.0.1', 1, 'x', 'x')",
        (name,),
    )
    session.execute("SELECT _wh_internal.create_tenant_schema(%s)", (name,))
    session.execute("SELECT _wh_internal.open_feed('foodlogstats', %s, %s)", (name, name))
    session.execute(MAKE_TABLE, (name,))
    session.execute("SELECT _wh.update_public_view_by_template('foodlogstats')")


def calls(session: psycopg.Connection) -> Counter[str]:
    """How often each function has been called by sessions that have ended, and by this one."""
    session.execute("SELECT pg_stat_force_next_flush()")
    return Counter(
        dict(
            session.execute(
                "SELECT funcname::text, sum(calls)::int FROM pg_stat_user_functions GROUP BY 1"
            ).fetchall()
        )
    )


def test_adding_and_dropping_a_tenant_calls_as_many_functions_among_many_tenants_as_among_few(
    warehouse: Warehouse,
) -> None:
    with warehouse.admin.connect() as session:
        session.execute("SET track_functions = 'all'")
        session.execute("SET SESSION AUTHORIZATION whadmin")
        work = []
        present = 0
        for number in (FEW, MANY):
            while present < number:
                present += 1
                add(session, f"tenant_{present:02}")
            before = calls(session)
            add(session, "newcomer")
            session.execute("SELECT _wh_internal.drop_tenant('newcomer', true)")
            work.append(calls(session) - before)
            tables = session.execute(
                "SELECT count(*) FROM pg_inherits WHERE inhparent = '_wh_data.\"public.foodlogstats\"'::regclass"
            ).fetchone()
            assert tables == (number,)
    few, many = work
    assert few.total() > 100
    assert {name: (few[name], many[name]) for name in few | many if many[name] > few[name] + 1} == {}
