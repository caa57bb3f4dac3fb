"""Adopting a warehouse by hand with odd names, and with everything that people can build on its tables and views."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from psycopg import sql

from tenantry.embedded import Server
from tests.integration.adopt.test_adopt import TRUTH, adopt
from tests.support.program import run
from tests.support.samples.by_hand import ByHand, make_by_hand, psql_file

pytestmark = pytest.mark.any_server

SCHEMAS = ("UPPER", "two words", "semi;colon; DROP SCHEMA acme", 'q"uote', "it's", "ünï 日本", "x" * 63)
TEMPLATE = """Öde "Q'; --"""
NAMES = """SELECT schema_name, count(*), md5(string_agg(concat_ws('|', "Order ID", "it's ""odd\"\"", at), '' ORDER BY "Order ID"))
    FROM public.{} GROUP BY 1 ORDER BY 1"""
COLUMNS = '"Order ID" integer, "it\'s ""odd""" text, at timestamptz'

BUILT = """
SELECT c.oid::regclass::text, c.relkind::text, pg_get_userbyid(c.relowner)::text, c.relacl::text, c.reloptions::text,
    (SELECT string_agg(a.attname || a.attacl::text, ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid),
    (SELECT string_agg(d.description, ',' ORDER BY d.objsubid) FROM pg_description d WHERE d.objoid = c.oid),
    (SELECT string_agg(pg_get_triggerdef(t.oid), ',') FROM pg_trigger t WHERE t.tgrelid = c.oid),
    (SELECT string_agg(r.rulename, ',' ORDER BY 1) FROM pg_rewrite r WHERE r.ev_class = c.oid),
    (SELECT string_agg(pg_get_expr(f.adbin, f.adrelid), ',') FROM pg_attrdef f WHERE f.adrelid = c.oid)
FROM pg_class c WHERE c.relnamespace = 'workspace'::regnamespace OR c.relname IN ('heavy', 'guarded', 'pretends') ORDER BY 1
"""
"""What people built, as the catalog shows it."""


@pytest.fixture
def by_hand(make_server: Callable[..., Server]) -> ByHand:
    """With tenants and a template of odd names beside the usual ones."""
    server = make_server()
    server.start()
    made = make_by_hand(server, folded_days=2, open_days=7)
    assert psql_file(made, "hostile.sql") == ""
    with made.connect() as session:
        session.execute(
            "INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions, indexes) VALUES (%s, %s, %s, %s)",
            (
                TEMPLATE,
                "SELECT id, store || '''\\''', logged_time FROM phood_foodlogsum WHERE logged_time::date = '{TARGET_DATE}'",
                COLUMNS,
                'CREATE INDEX ON "{SCHEMA}"."{VIEW_NAME}" ("Order ID")',
            ),
        )
        branches = []
        for schema in SCHEMAS:
            connection = f"{schema[:40]} conn"
            session.execute(
                "INSERT INTO _wh.tenant_connections (tenant_name, host, port, dbname, username, password)"
                " VALUES (%s, '127.0.0.1', %s, 'source_acme_conn', %s, 'reads-the-source')",
                (connection, server.port, "source_reader"),
            )
            branches.append(_make_tenant(session, schema, server.port))
        session.execute(
            sql.SQL("CREATE VIEW public.{} AS {}").format(
                sql.Identifier(TEMPLATE), sql.SQL(" UNION ALL ").join(branches)
            )
        )
    return made


def _make_tenant(session: psycopg.Connection, schema: str, port: int | None) -> sql.Composable:
    name = sql.Identifier(schema)
    session.execute(sql.SQL("CREATE SCHEMA {}").format(name))
    relations = []
    for day in ("2025_01_01", "2025_01_02"):
        relation = sql.Identifier(schema, f"{TEMPLATE}_{day}")
        query = f"SELECT id, store || '''\\''', logged_time FROM phood_foodlogsum WHERE logged_time::date = '{day.replace('_', '-')}'"
        session.execute(
            sql.SQL("CREATE MATERIALIZED VIEW {} AS SELECT * FROM dblink({}, {}) AS t({})").format(
                relation,
                sql.Literal(
                    f"host=127.0.0.1 port={port} dbname=source_acme_conn user=source_reader password=reads-the-source"
                ),
                sql.Literal(query),
                sql.SQL(COLUMNS),
            )
        )
        session.execute(sql.SQL('CREATE UNIQUE INDEX ON {} ("Order ID")').format(relation))
        relations.append(relation)
    # A day whose definition only looks like a call of dblink.
    relations.append(sql.Identifier(schema, f"{TEMPLATE}_2025_01_04"))
    session.execute(
        sql.SQL(
            "CREATE MATERIALIZED VIEW {} AS SELECT 9 AS {}, {}::text AS {}, TIMESTAMPTZ '2025-01-04 01:00Z' AS at"
        ).format(
            relations[-1],
            sql.Identifier("Order ID"),
            sql.Literal("dblink('password=y'::text, 1)"),
            sql.Identifier("""it's "odd\""""),
        )
    )
    year = sql.Identifier(schema, f"{TEMPLATE}_2024")
    session.execute(sql.SQL("CREATE TABLE {} ({})").format(year, sql.SQL(COLUMNS)))
    session.execute(sql.SQL("INSERT INTO {} VALUES (1, 'x', '2024-05-05 12:00Z')").format(year))
    union = sql.SQL(" UNION ALL ").join(sql.SQL("SELECT * FROM {}").format(one) for one in [year, *relations])
    view = sql.Identifier(schema, TEMPLATE)
    session.execute(sql.SQL("CREATE VIEW {} AS {}").format(view, union))
    return sql.SQL("SELECT {}::text AS schema_name, * FROM {}").format(sql.Literal(schema), view)


def test_odd_names_and_all_that_was_built_are_adopted_taken_back_and_kept(by_hand: ByHand) -> None:
    def odd_rows() -> list[tuple[object, ...]]:
        with by_hand.connect() as session:
            return session.execute(sql.SQL(NAMES).format(sql.Identifier(TEMPLATE))).fetchall()

    truth, odd, built, before = (
        by_hand.rows(TRUTH),
        odd_rows(),
        by_hand.rows(BUILT),
        by_hand.schema_dump(),
    )
    pairs = {schema: f"{schema[:40]} conn" for schema in SCHEMAS} | {"acme": "acme_conn"}
    chosen = [word for pair in pairs.items() for word in ("--connection", "=".join(pair))]
    by_hand.drop_sources()
    shown = adopt(by_hand, "--dry-run", *chosen)
    assert shown.code == 0, shown.err
    adopted = adopt(by_hand, "--yes", *chosen)
    assert adopted.code == 0, adopted.err
    assert by_hand.rows(BUILT) == built
    assert (by_hand.rows(TRUTH), odd_rows()) == (truth, odd)
    # A copy of rows that somebody made on top would have to be made again: that is for its owner to decide.
    by_hand.run(
        "CREATE MATERIALIZED VIEW workspace.monthly AS SELECT count(*) AS entries FROM acme.foodlogstats"
    )
    refused = adopt(by_hand, "--undo", "--yes")
    assert (refused.code, refused.errors) == (
        1,
        ["what has to be made again is read by workspace.monthly of postgres"],
    )
    by_hand.run("DROP MATERIALIZED VIEW workspace.monthly")
    undone = adopt(by_hand, "--undo", "--yes")
    assert undone.code == 0, undone.err
    assert by_hand.schema_dump() == before
    again = adopt(by_hand, "--yes", *chosen)
    assert again.code == 0, again.err
    # What cannot be led to other relations is named, and nothing of it is dropped.
    by_hand.run("CREATE MATERIALIZED VIEW workspace.copied AS SELECT id FROM acme.foodlogstats_2025_01_05")
    by_hand.run("CREATE VIEW workspace.log AS SELECT message FROM _wh_manual.function_logs")
    for kind, name, words in (
        (
            "MATERIALIZED VIEW",
            "workspace.copied",
            "views still hold a password: acme.foodlogstats_2025_01_05",
        ),
        ("VIEW", "workspace.log", "these views still use what was set aside: workspace.log"),
    ):
        refused = adopt(by_hand, "--finish", "--yes")
        assert refused.code == 1
        assert words in refused.err
        by_hand.run(f"DROP {kind} {name}")
    done = adopt(by_hand, "--finish", "--yes")
    assert done.code == 0, done.err
    assert by_hand.rows(BUILT) == built
    assert (by_hand.rows(TRUTH), odd_rows()) == (truth, odd)
    found = run(None, "doctor", "--only", "secrets", "--json", env={"TENANTRY_DSN": by_hand.owner_conninfo})
    assert found.json["findings"] == []
