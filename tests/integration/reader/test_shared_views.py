"""A dashboard over public.<template> serves readers of all tenants and readers of some, who see those alone."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import date

import psycopg
import pytest

from tenantry.db.connect import session
from tenantry.flow.tenant import reader as readers
from tests.support.databases import Database, Source, Warehouse
from tests.support.samples.healthy import findings
from tests.support.samples.small_template import define, make_ticks

DAY = date(2024, 3, 10)
ROWS = "SELECT schema_name, count(*) FROM public.ticks GROUP BY 1 ORDER BY 1"
SIMPLE = "SELECT count(*) FROM public.ticks WHERE value >= 0"

POLICIES = "SELECT polname FROM pg_policy WHERE polrelid::regclass::text ~ '^_wh_data'"

Make = Callable[..., Database]


@pytest.fixture
def named(acme: Warehouse) -> Iterator[Make]:
    """Makes a reader of these tenants, or changes it; returns the warehouse as it sees it."""
    made = set()

    def make(*tenants: str, name: str | None = None) -> Database:
        name = name or f"reader_{secrets.token_hex(4)}"
        made.add(name)
        with session(acme.admin.conninfo, role=None) as opened:
            readers.put(opened, name, tenants, "reader-password")
        acme.server.save_password(name, "reader-password")
        return Database(acme.server, acme.name, name)

    yield make
    with session(acme.admin.conninfo, role=None) as opened:
        for name in made:
            readers.drop(opened, name)


@pytest.fixture(params=["partition", "matview"])
def three(acme: Warehouse, source: Source, request: pytest.FixtureRequest) -> Warehouse:
    """Tenants acme, bolt and cork with a day of two rows each."""
    make_ticks(source, DAY, 2)
    define(acme)
    acme.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'ticks'", (request.param,))
    for tenant in ("acme", "bolt", "cork"):
        if tenant != "acme":
            acme.connect_to(source, tenant)
        acme.run("SELECT _wh_internal.create_tenant_schema(%s)", (tenant,))
        acme.run("SELECT _wh.update_mv_by_template('ticks', %s, %s, %s)", (tenant, tenant, DAY))
    acme.run("GRANT USAGE ON SCHEMA acme TO phood_ro")
    acme.run("SELECT _wh.update_public_view_by_template('ticks')")
    return acme


def plan(database: Database) -> str:
    return "\n".join(row[0] for row in database.rows(f"EXPLAIN (COSTS OFF) {SIMPLE}"))


def test_each_reader_sees_its_tenants_and_readers_of_all_see_all(three: Warehouse, named: Make) -> None:
    before, everything = plan(three.reader), three.rows(ROWS)
    one, two, none = named("acme"), named("bolt", "cork"), named()
    assert [row[0] for row in everything] == ["acme", "bolt", "cork"]
    assert one.rows(ROWS) == everything[:1]
    assert two.rows(ROWS) == everything[1:]
    assert none.rows(ROWS) == []
    assert three.reader.rows(ROWS) == three.admin.rows(ROWS) == three.rows(ROWS) == everything
    if "One-Time Filter" not in plan(three.reader):
        # One table holds all tenants: its row security is not seen in the plans of others.
        assert plan(three.reader) == before
        assert "bolt" not in plan(one)

    # Other tenants of a reader, and those of a new template.
    named("cork", name=one.user)
    assert one.rows(ROWS) == everything[2:]
    define(three, "tocks")
    three.run("UPDATE _wh.mv_templates SET storage = t.storage FROM _wh.mv_templates t"
              " WHERE mv_templates.template_name = 'tocks' AND t.template_name = 'ticks'")  # fmt: skip
    for tenant in ("acme", "cork"):
        three.run("SELECT _wh.update_mv_by_template('tocks', %s, %s, %s)", (tenant, tenant, DAY))
    three.run("SELECT _wh.update_public_view_by_template('tocks')")
    assert one.rows("SELECT DISTINCT schema_name FROM public.tocks") == [("cork",)]


def test_a_reader_sees_the_same_whatever_becomes_of_its_tenants(three: Warehouse, named: Make) -> None:
    reader = named("acme", "bolt")
    assert reader.rows(ROWS) == [("acme", 2), ("bolt", 2)]
    other = "matview" if three.value("SELECT storage FROM _wh.feeds LIMIT 1") == "partition" else "partition"
    for tenant in ("bolt", "cork", "acme"):
        # One after the other: in between, the tenants are in different storages.
        three.run("CALL _wh.set_storage('ticks', %s, %s)", (other, tenant))
        assert reader.rows(ROWS) == [("acme", 2), ("bolt", 2)], tenant
        assert three.reader.rows(ROWS) == [("acme", 2), ("bolt", 2), ("cork", 2)]
    three.run("SELECT _wh.disable_tenant('bolt', 'rests')")
    assert reader.rows(ROWS) == [("acme", 2), ("bolt", 2)]
    three.run(
        "UPDATE _wh.mv_templates SET column_definitions = column_definitions || ', note text',"
        " query_template = replace(query_template, E'END\\nFROM', E'END, ''x''::text\\nFROM') WHERE template_name = 'ticks'"
    )
    three.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)", (DAY,))
    three.run("SELECT _wh.update_public_view_by_template('ticks')")
    assert reader.rows("SELECT DISTINCT schema_name, note FROM public.ticks ORDER BY 1") == [
        ("acme", "x"),
        ("bolt", None),
    ]

    # A new tenant with the name of a dropped one is another one.
    three.run("SELECT _wh_internal.drop_tenant('bolt')")
    assert reader.rows(ROWS) == [("acme", 2)]
    three.run("SELECT _wh_internal.create_tenant_schema('bolt')")
    three.run("SELECT _wh.update_mv_by_template('ticks', 'bolt', 'bolt', %s)", (DAY,))
    three.run("SELECT _wh.update_public_view_by_template('ticks')")
    assert three.reader.rows(ROWS) == [("acme", 2), ("bolt", 2), ("cork", 2)]
    assert reader.rows(ROWS) == [("acme", 2)]


def test_views_and_roles_of_others_go_on_as_before(three: Warehouse, named: Make) -> None:
    """A role with a right on the public view alone, and views over it of a reader and of whadmin."""
    role = f"analyst_{secrets.token_hex(4)}"
    three.server.save_password(role, "analyst-password")
    three.admin.run(f"CREATE ROLE {role} LOGIN PASSWORD 'analyst-password'; CREATE SCHEMA mine")
    three.admin.run(f"GRANT CREATE, USAGE ON SCHEMA mine TO phood_ro; GRANT USAGE ON SCHEMA mine TO {role}")
    analyst = Database(three.server, three.name, role)
    try:
        three.run("GRANT SELECT ON public.ticks TO " + role)
        three.reader.run(f"CREATE VIEW mine.of_reader AS {ROWS}; GRANT SELECT ON mine.of_reader TO {role}")
        three.run(f"CREATE VIEW public.of_owner AS {ROWS}; GRANT SELECT ON public.of_owner TO {role}")
        everything = three.rows(ROWS)
        limited = named("bolt")
        for query in (ROWS, "TABLE mine.of_reader", "TABLE public.of_owner"):
            assert analyst.rows(query) == everything, query
        assert three.reader.rows("TABLE mine.of_reader") == everything
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            limited.rows("TABLE public.of_owner")
        # Without limited readers nothing of it is left.
        named_alone = limited.user
        with session(three.admin.conninfo, role=None) as opened:
            readers.drop(opened, named_alone)
            readers.put(opened, named_alone, None, "reader-password")
        assert three.rows(POLICIES) == []
        assert three.value("SELECT reloptions FROM pg_class WHERE oid = 'public.ticks'::regclass") is None
        assert "One-Time Filter" not in plan(three.reader)
        assert analyst.rows(ROWS) == limited.rows(ROWS) == everything
    finally:
        three.admin.run(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_row_security_of_an_operator_stays_theirs(three: Warehouse, named: Make) -> None:
    if three.value("SELECT storage FROM _wh.feeds LIMIT 1") != "partition":
        pytest.skip("materialized views have no row security")
    three.run(
        'ALTER TABLE _wh_data."public.ticks" ENABLE ROW LEVEL SECURITY;'
        'CREATE POLICY theirs ON _wh_data."public.ticks" TO phood_ro USING (value = 0);'
        'GRANT SELECT ON _wh_data."public.ticks" TO phood_ro'
    )
    reader = named("acme")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.rows(ROWS)
    assert three.rows(POLICIES) == [("theirs",)]
    assert three.reader.rows(ROWS) == [("acme", 1), ("bolt", 1), ("cork", 1)]


@pytest.mark.parametrize(
    "statement",
    [
        'DROP POLICY {policy} ON _wh_data."public.ticks"',
        'ALTER TABLE _wh_data."public.ticks" DISABLE ROW LEVEL SECURITY',
    ],
    ids=["policy", "row security"],
)
def test_doctor_finds_row_security_that_somebody_took_away_and_its_command_brings_it_back(
    three: Warehouse, named: Make, statement: str
) -> None:
    one = named("acme")
    before = one.rows(ROWS)
    policies = [row[0] for row in three.rows(POLICIES) if row[0] != "tenantry_all"]
    if not policies:
        return  # materialized views have none
    assert [f for f in findings(three, "grants") if "row security" in f.reason] == []
    three.run(statement.format(policy=policies[0]))
    assert len(one.rows(ROWS)) == 3
    (found,) = [f for f in findings(three, "grants") if "row security" in f.reason]
    three.run(found.command)  # type: ignore[arg-type]
    assert one.rows(ROWS) == before
