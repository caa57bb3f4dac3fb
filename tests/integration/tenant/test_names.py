"""Names that nobody should choose: every one is quoted, and none is taken for another."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from tenantry import Newcomer
from tenantry import Warehouse as Opened
from tenantry.core.model import Connection
from tenantry.db import connect
from tenantry.db.install import install
from tests.support.databases import Source, Warehouse
from tests.support.program import run, succeed
from tests.support.samples.small_template import QUERY, define, make_ticks

pytestmark = pytest.mark.any_server

FIRST = date(2024, 3, 8)
LAST = date(2024, 3, 9)

HOSTILE = [
    "Acme",
    "two words",
    "semi;colon--",
    "quote'in'it",
    'double"quote',
    "back\\slash",
    "100%s",
    "{SCHEMA}",
    "{VIEW_NAME}",
    "{TARGET_DATE}",
    "$1",
    "$q$",
    "a.b",
    "select",
    "Größe_日本語",
    " ",
    "x" * 63,
    "ü" * 31,
]

TOO_LONG = ["x" * 64, "x" * 200, "é" * 40, "a" + "é" * 31 + "b"]


@pytest.fixture
def ticks(source: Source) -> Source:
    """A source with two rows on each of two days."""
    make_ticks(source, FIRST, 2)
    return source


def pull(warehouse: Warehouse, template: str, connection: str, schema: str) -> None:
    warehouse.run(
        "SELECT _wh.update_mv_window_by_template(%s, %s, %s, %s, %s)",
        (template, connection, schema, FIRST, LAST),
    )
    warehouse.run("SELECT _wh.update_public_view_by_template(%s)", (template,))


def count(warehouse: Warehouse, *relation: str) -> int:
    """Rows of a relation, as phood_ro sees them."""
    with warehouse.reader.connect() as session:
        row = session.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*relation))).fetchone()
    assert row is not None
    rows: int = row[0]
    return rows


@pytest.mark.parametrize("name", HOSTILE)
def test_a_schema_a_connection_and_a_template_may_have_any_name(
    warehouse: Warehouse, ticks: Source, name: str
) -> None:
    define(
        warehouse,
        name,
        query=QUERY.replace("SELECT id, at, CASE", "SELECT id, at, '{SCHEMA}', CASE"),
        columns="id int, at timestamptz, client text, value int",
    )
    warehouse.connect_to(ticks, name)
    warehouse.make_schema(name)
    pull(warehouse, name, name, name)
    pull(warehouse, name, name, name)
    ((schema,),) = warehouse.rows("SELECT schema_name FROM _wh.tenants")
    ((view,),) = warehouse.rows(
        "SELECT viewname FROM pg_views WHERE schemaname = 'public' AND viewname <> 'tenantry_freshness'"
    )
    assert (schema, view) == (name, name)
    assert (count(warehouse, schema, view), count(warehouse, "public", view)) == (4, 4)
    with warehouse.connect() as session:
        found = session.execute(
            sql.SQL("SELECT DISTINCT schema_name, client FROM public.{}").format(sql.Identifier(view))
        ).fetchall()
    assert found == [(schema, schema)]

    slice_ = warehouse.value("SELECT _wh.create_mv_name(%s, %s)", (name, FIRST))
    assert len(slice_.encode()) <= 62, "PostgreSQL puts an underscore before the name of its array type"
    assert slice_.endswith("_2024_03_08")
    assert count(warehouse, schema, slice_) == 2
    assert warehouse.value("SELECT count(*) FROM pg_indexes WHERE schemaname = %s", (schema,)) == 2
    assert warehouse.value("SELECT _wh.refresh_mv(%s, %s)", (schema, slice_)) is True
    warehouse.run("DELETE FROM _wh.tenant_connections WHERE tenant_name = %s", (name,))
    assert warehouse.value("SELECT count(*) FROM pg_foreign_server") == 0


def test_a_tenant_whose_name_has_to_be_quoted_is_added_like_others(
    warehouse: Warehouse, ticks: Source
) -> None:
    name = "Acme <& Co/1>"
    define(warehouse)
    address = Connection(name, "127.0.0.1", ticks.server.port or 0, ticks.name, ticks.reader, {})
    newcomer = Newcomer(name, address, ticks.password, ["ticks"], FIRST, fold=False, last=LAST)
    added = Opened(warehouse.conninfo).add_tenant(newcomer, schedule=False)
    assert added.load.complete
    assert count(warehouse, name, "ticks") == 4


@pytest.mark.parametrize("name", ['double"quote', "ü" * 31, "x" * 63])
def test_a_year_is_folded_under_any_name(warehouse: Warehouse, ticks: Source, name: str) -> None:
    """A template and a schema of that name; the days of the year that the source lacks are empty slices."""
    define(warehouse, name)
    warehouse.connect_to(ticks)
    warehouse.make_schema(name)
    ticks.run("UPDATE ticks SET at = at - interval '1 year'")
    pull(warehouse, name, "acme", name)
    warehouse.run(
        "SELECT _wh.update_mv_window_by_template(%s, 'acme', %s, '2023-01-01', '2023-12-31')", (name, name)
    )
    result = warehouse.value(
        "SELECT _wh.create_combined_table_from_template_by_year(%s, %s, 2023)", (name, name)
    )
    assert (result["processed_mvs"], result["total_records"]) == (365, 4)
    assert count(warehouse, name, result["yearly_table"]) == 4
    assert warehouse.value("SELECT _wh.check_views_by_template_for_year(%s, %s, 2023)", (name, name))[
        "converted"
    ]


def test_the_program_shows_hostile_names_as_they_are(warehouse: Warehouse, ticks: Source) -> None:
    define(warehouse)
    for name in ("[red]acme", "100%s", "two words"):
        warehouse.connect_to(ticks, name)
        warehouse.make_schema(name)
        pull(warehouse, "ticks", name, name)
    listed = succeed(warehouse, "tenant", "list", "--json").json["tenants"]
    assert [tenant["tenant"] for tenant in listed] == ["100%s", "[red]acme", "two words"]
    done = succeed(
        warehouse, "backfill", "ticks", "--tenant", "two words", "--from", "2024-03-08", "--to", "2024-03-10"
    )
    assert "two words  ticks" in done.out


@pytest.mark.parametrize("name", TOO_LONG)
def test_a_name_that_postgresql_would_cut_is_refused_everywhere(
    warehouse: Warehouse, ticks: Source, name: str, tmp_path: Path
) -> None:
    define(warehouse)
    warehouse.connect_to(ticks)
    secret = tmp_path / "secret"
    secret.write_text("secret")
    secret.chmod(0o600)
    values = (name, ticks.server.port or 0, ticks.name, ticks.reader)
    attempts: list[tuple[str, LiteralString, tuple[object, ...]]] = [
        ("connection", "INSERT INTO _wh.tenant_connections (tenant_name, host, port, dbname, username) VALUES (%s, '', %s, %s, %s)", values),
        ("template", "UPDATE _wh.mv_templates SET template_name = %s WHERE template_name = 'ticks'", (name,)),
        ("tenant", "INSERT INTO _wh.tenants (schema_name, tenant_name) VALUES (%s, 'acme')", (name,)),
        ("tenant", "SELECT _wh_internal.create_tenant_schema(%s)", (name,)),
        ("tenant", "SELECT _wh.update_mv_by_template('ticks', 'acme', %s, '2024-03-08')", (name,)),
        ("reader", "INSERT INTO _wh.readers (reader_name) VALUES (%s)", (name,)),
    ]  # fmt: skip
    for kind, statement, parameters in attempts:
        with pytest.raises(psycopg.errors.NameTooLong, match=f'^{kind} name "{name[:30]}.* longer than 63'):
            warehouse.run(statement, parameters)
    for command in (
        ("tenant", "add", name, "--source", f"host=127.0.0.1 dbname=x user=u port={ticks.server.port}"),
        ("reader", "add", name, "--all", "--password-file", secret),
    ):
        refused = run(warehouse.admin, *command)
        assert (refused.code, "longer than 63 bytes" in refused.err) == (2, True), refused.err
    assert warehouse.value("SELECT count(*) FROM pg_roles WHERE rolname = left(%s, 20)::name", (name,)) == 0


def test_two_long_names_that_begin_alike_are_told_apart(warehouse: Warehouse, ticks: Source) -> None:
    warehouse.connect_to(ticks, "c" * 62 + "1")
    warehouse.make_schema()
    names = ["t" * 60 + end for end in ("1", "2", "33", "44")]
    for name in names:
        define(warehouse, name)
        pull(warehouse, name, "c" * 62 + "1", "acme")
    assert warehouse.value("SELECT count(*) FROM pg_matviews WHERE schemaname = 'acme'") == 8
    assert (
        warehouse.value(
            "SELECT count(*) FROM pg_views WHERE schemaname = 'public' AND viewname <> 'tenantry_freshness'"
        )
        == 4
    )
    warehouse.run(
        "INSERT INTO _wh.tenant_connections (tenant_name, host, dbname, username) VALUES (%s, 'h', 'd', 'u')",
        ("c" * 62 + "2",),
    )
    assert warehouse.value("SELECT count(*) FROM pg_foreign_server") == 2


def test_a_connection_that_comes_back_has_its_server_and_no_other_has(
    warehouse: Warehouse, ticks: Source
) -> None:
    define(warehouse)
    warehouse.connect_to(ticks)
    warehouse.make_schema()
    pull(warehouse, "ticks", "acme", "acme")
    ((former,),) = warehouse.rows("SELECT srvname FROM pg_foreign_server")
    assert "acme" not in former
    warehouse.run("DELETE FROM _wh.tenant_connections")
    for name in (former, former.removeprefix("wh_"), "acme"):
        warehouse.connect_to(ticks, name)
    assert warehouse.value("SELECT _wh_internal.server_name('acme')") == former
    assert warehouse.value("SELECT count(*) FROM pg_foreign_server") == 3
    assert warehouse.value("SELECT _wh.refresh_mv('acme', 'ticks_2024_03_08')") is True


def test_a_server_of_somebody_elses_is_left_alone(acme: Warehouse) -> None:
    name = acme.value("SELECT _wh_internal.server_name('acme')")
    acme.run("DELETE FROM _wh.tenant_connections")
    with acme.admin.connect() as session:
        session.execute(
            sql.SQL("CREATE SERVER {} FOREIGN DATA WRAPPER dblink_fdw").format(sql.Identifier(name))
        )
    acme.run(
        "INSERT INTO _wh.tenant_connections (tenant_name, host, dbname, username, password) VALUES ('acme', 'h', 'd', 'u', 'p')"
    )
    assert acme.value("SELECT _wh_internal.server_name('acme')") != name
    assert acme.admin.value("SELECT srvoptions FROM pg_foreign_server WHERE srvname = %s", (name,)) is None
    acme.run("DELETE FROM _wh.tenant_connections")
    assert acme.rows("SELECT srvname FROM pg_foreign_server") == [(name,)]


def test_servers_keep_their_names_at_an_upgrade_and_none_is_shared(warehouse: Warehouse) -> None:
    """As tables of older versions were: names over 63 bytes, and two of them with one server."""
    long = "c" * 70
    cut = ("wh_" + long)[:54] + "_" + hashlib.md5(("wh_" + long).encode()).hexdigest()[:8]
    warehouse.run("ALTER TABLE _wh.tenant_connections DISABLE TRIGGER USER")
    warehouse.run("DROP TABLE _wh.source_servers")
    warehouse.run("DELETE FROM _wh.migrations WHERE name = 'source_servers'")
    for name in ("acme", long, cut.removeprefix("wh_")):
        warehouse.run(
            "INSERT INTO _wh.tenant_connections (tenant_name, host, dbname, username) VALUES (%s, 'h', 'd', 'u')",
            (name,),
        )
    with warehouse.connect() as session:
        for server in ("wh_acme", cut):
            session.execute(
                sql.SQL("CREATE SERVER {} FOREIGN DATA WRAPPER dblink_fdw").format(sql.Identifier(server))
            )
    warehouse.run("ALTER TABLE _wh.tenant_connections ENABLE TRIGGER USER")
    with connect.session(warehouse.admin.conninfo, role=None) as admin:
        install(admin, {})
    found = dict(warehouse.rows("SELECT tenant_name, server_name FROM _wh.source_servers"))
    assert found["acme"] == "wh_acme"
    assert found[cut.removeprefix("wh_")] == cut
    assert found[long] not in (cut, None)
    assert warehouse.value("SELECT count(*) FROM pg_foreign_server") == 3


def test_names_that_begin_with_another_name_do_not_mix(warehouse: Warehouse, ticks: Source) -> None:
    warehouse.connect_to(ticks)
    for schema in ("acme", "acme_2"):
        warehouse.make_schema(schema)
    for template in ("food", "food_stats", "food_2024", "foo%"):
        define(warehouse, template)
    pull(warehouse, "food", "acme", "acme")
    pull(warehouse, "food_stats", "acme", "acme")
    pull(warehouse, "food_stats", "acme", "acme_2")
    pull(warehouse, "food_2024", "acme", "acme")
    pull(warehouse, "foo%", "acme", "acme")
    for template in ("food", "food_stats", "food_2024", "foo%"):
        result = warehouse.value("SELECT _wh.check_views_by_template_for_year(%s, 'acme', 2024)", (template,))
        assert (result["found_days"], result["converted"]) == (2, False), template
        assert count(warehouse, "acme", template) == 4, template
    assert warehouse.rows("SELECT schema_name, count(*) FROM public.food_stats GROUP BY 1 ORDER BY 1") == [
        ("acme", 4),
        ("acme_2", 4),
    ]
    warehouse.admin.run("DROP SCHEMA acme_2 CASCADE")
    warehouse.run("SELECT _wh.update_public_view_by_template('food_stats')")
    assert warehouse.rows("SELECT DISTINCT schema_name FROM public.food_stats") == [("acme",)]


def test_relations_that_look_like_slices_are_left_out(warehouse: Warehouse, ticks: Source) -> None:
    define(warehouse)
    warehouse.connect_to(ticks)
    warehouse.make_schema()
    pull(warehouse, "ticks", "acme", "acme")
    for name in (
        "ticks_2024_02_30",
        "ticks_2024_13_01",
        "ticks_0000_01_01",
        "ticks_2024_03_08_old",
        "ticks_backup",
    ):
        with warehouse.connect() as session:
            session.execute(
                sql.SQL("CREATE MATERIALIZED VIEW acme.{} AS SELECT * FROM acme.ticks_2024_03_08").format(
                    sql.Identifier(name)
                )
            )
    warehouse.run("CREATE TABLE acme.ticks_20240 (id int)")
    pull(warehouse, "ticks", "acme", "acme")
    assert count(warehouse, "public", "ticks") == 4


@pytest.mark.parametrize("name", ["public", "_wh", "_wh_internal", "information_schema", "pg_catalog"])
def test_a_schema_of_the_system_cannot_be_a_tenants(warehouse: Warehouse, ticks: Source, name: str) -> None:
    define(warehouse)
    warehouse.connect_to(ticks)
    with pytest.raises(psycopg.errors.InvalidSchemaName, match=f'schema "{name}" cannot be a tenant'):
        pull(warehouse, "ticks", "acme", name)


def test_index_names_that_would_be_too_long_or_equal_are_told_apart(
    warehouse: Warehouse, ticks: Source
) -> None:
    define(
        warehouse,
        indexes="CREATE UNIQUE INDEX idx_{SCHEMA}_{VIEW_NAME}_by_id ON {SCHEMA}.{VIEW_NAME} (id);"
        " CREATE INDEX idx_{SCHEMA}_{VIEW_NAME}_by_at ON {SCHEMA}.{VIEW_NAME} (at);"
        ' CREATE INDEX "Quoted {VIEW_NAME}" ON "{SCHEMA}"."{VIEW_NAME}" (value);',
    )
    warehouse.connect_to(ticks)
    warehouse.make_schema("s" * 60)
    pull(warehouse, "ticks", "acme", "s" * 60)
    assert warehouse.value("SELECT count(*) FROM pg_indexes WHERE schemaname = %s", ("s" * 60,)) == 6
