"""What operators put on a relation outlives its replacement, or the replacement is refused and names it: thing by thing."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, LiteralString

import psycopg
import pytest

from tenantry.embedded import Server
from tests.support.databases import Maker, Source, Warehouse
from tests.support.samples.small_template import define, make_ticks

DAY = date(2024, 3, 10)

FUNCTIONS: LiteralString = """
CREATE FUNCTION public.noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION public.mine(value int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT value > 0'
"""


@dataclass(frozen=True)
class Thing:
    """Something that an operator puts on a relation {r}, as {a}, and how to see that it is there."""

    name: str
    put: str
    seen: str
    off: str = ""

    def put_on(self, warehouse: Warehouse, relation: str, analyst: str) -> None:
        self._run(warehouse, self.put, relation, analyst)

    def take_off(self, warehouse: Warehouse, relation: str, analyst: str) -> None:
        self._run(warehouse, self.off, relation, analyst)

    def _run(self, warehouse: Warehouse, statement: str, relation: str, analyst: str) -> None:
        warehouse.run(self._text(statement, relation, analyst))

    def is_on(self, warehouse: Warehouse, relation: str, analyst: str) -> Any:
        return warehouse.value(self._text(self.seen, relation, analyst))

    @staticmethod
    def _text(statement: str, relation: str, analyst: str) -> str:
        kind = "(SELECT relkind FROM pg_class WHERE oid = '{r}'::regclass)"
        return statement.replace("{kind}", kind).replace("{r}", relation).replace("{a}", analyst)


def attribute(condition: str) -> str:
    return f"SELECT count(*) FROM pg_attribute a WHERE attrelid = '{{r}}'::regclass AND attname = 'value' AND {condition}"


GRANTS = (
    Thing(
        "right SELECT of",
        "GRANT SELECT ON {r} TO {a} WITH GRANT OPTION",
        "SELECT has_table_privilege('{a}', '{r}', 'SELECT WITH GRANT OPTION')",
        "REVOKE ALL ON {r} FROM {a} CASCADE",
    ),
    Thing(
        "right UPDATE (value) of",
        "GRANT UPDATE (value) ON {r} TO {a}",
        "SELECT has_column_privilege('{a}', '{r}', 'value', 'UPDATE') AND NOT has_table_privilege('{a}', '{r}', 'UPDATE')",
        "REVOKE ALL (value) ON {r} FROM {a}",
    ),
)
COLUMN_COMMENT = Thing(
    "comment of column value", "COMMENT ON COLUMN {r}.value IS 'in euros'", attribute("col_description(attrelid, attnum) = 'in euros'"), "COMMENT ON COLUMN {r}.value IS NULL"
)  # fmt: skip
DEFAULT = Thing("a default", "ALTER TABLE {r} ALTER COLUMN value SET DEFAULT 7", attribute("atthasdef"))


def comment(kind: str) -> Thing:
    return Thing("comment", f"COMMENT ON {kind} {{r}} IS 'for finance'", "SELECT obj_description('{r}'::regclass) = 'for finance'", f"COMMENT ON {kind} {{r}} IS NULL")  # fmt: skip


BARRIER = Thing(
    "option security_barrier", "ALTER VIEW {r} SET (security_barrier)",
    "SELECT reloptions = '{security_barrier=true}' FROM pg_class WHERE oid = '{r}'::regclass", "ALTER VIEW {r} RESET (security_barrier)",
)  # fmt: skip
INSTEAD = Thing(
    "trigger noted", "CREATE TRIGGER noted INSTEAD OF UPDATE ON {r} FOR EACH ROW EXECUTE FUNCTION public.noted(); COMMENT ON TRIGGER noted ON {r} IS 'why'",
    "SELECT count(*) FROM pg_trigger WHERE tgrelid = '{r}'::regclass AND tgname = 'noted' AND obj_description(oid, 'pg_trigger') = 'why'",
    "DROP TRIGGER noted ON {r}",
)  # fmt: skip
RULE = Thing(
    "rule quiet", "CREATE RULE quiet AS ON DELETE TO {r} DO INSTEAD NOTHING",
    "SELECT count(*) FROM pg_rules WHERE rulename = 'quiet' AND format('%I.%I', schemaname, tablename)::regclass = '{r}'::regclass", "DROP RULE quiet ON {r}",
)  # fmt: skip
REPORT = Thing(
    "public.report reads {r}", "CREATE VIEW public.report AS SELECT * FROM {r}", "", "DROP VIEW public.report"
)
FUNCTION = Thing(
    "function public.total() needs {r}", "CREATE FUNCTION public.total() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM {r}; END", "",
    "DROP FUNCTION public.total()",
)  # fmt: skip
ROWS = Thing(
    "function public.each() needs {r}", "CREATE FUNCTION public.each() RETURNS SETOF {r} LANGUAGE plpgsql AS 'BEGIN END'", "",
    "DROP FUNCTION public.each()",
)  # fmt: skip
POLICY = Thing(
    "policy own_rows",
    "ALTER TABLE {r} ENABLE ROW LEVEL SECURITY; CREATE POLICY own_rows ON {r} AS RESTRICTIVE FOR SELECT TO {a}, phood_ro USING (public.mine(value));"
    "COMMENT ON POLICY own_rows ON {r} IS 'why'",
    "SELECT count(*) FROM pg_policies p JOIN pg_policy o ON o.polrelid = '{r}'::regclass AND o.polname = p.policyname"
    " WHERE policyname = 'own_rows' AND format('%I.%I', schemaname, tablename)::regclass = '{r}'::regclass AND permissive = 'RESTRICTIVE' AND cmd = 'SELECT'"
    " AND '{a}' = ANY (roles) AND qual LIKE '%mine(value)' AND obj_description(o.oid) = 'why'"
    " AND (SELECT relrowsecurity FROM pg_class WHERE oid = '{r}'::regclass)",
    "DROP POLICY own_rows ON {r}; ALTER TABLE {r} DISABLE ROW LEVEL SECURITY",
)
FORCED = Thing(
    "forced row security", "ALTER TABLE {r} FORCE ROW LEVEL SECURITY", "SELECT relforcerowsecurity FROM pg_class WHERE oid = '{r}'::regclass",
    "ALTER TABLE {r} NO FORCE ROW LEVEL SECURITY",
)  # fmt: skip
TRIGGER = Thing(
    "trigger noted", "CREATE TRIGGER noted BEFORE UPDATE ON {r} FOR EACH ROW WHEN (OLD.value > 1) EXECUTE FUNCTION public.noted('x');"
    "ALTER TABLE {r} ENABLE ALWAYS TRIGGER noted",
    "SELECT count(*) FROM pg_trigger WHERE tgrelid = '{r}'::regclass AND tgname = 'noted' AND tgenabled = 'A' AND tgqual IS NOT NULL",
    "DROP TRIGGER noted ON {r}",
)  # fmt: skip
CHECK = Thing(
    "constraint small", "ALTER TABLE {r} ADD CONSTRAINT small CHECK (value < 1000)",
    "SELECT count(*) FROM pg_constraint WHERE conrelid = '{r}'::regclass AND conname = 'small'", "ALTER TABLE {r} DROP CONSTRAINT small",
)  # fmt: skip
STATISTICS = Thing(
    "statistics pair", "CREATE STATISTICS acme.pair ON id, value FROM {r}",
    "SELECT count(*) FROM pg_statistic_ext WHERE stxrelid = '{r}'::regclass AND stxname = 'pair'", "DROP STATISTICS acme.pair",
)  # fmt: skip
INDEX = Thing(
    "index by_value", "CREATE INDEX by_value ON {r} (value DESC) WHERE value > 0",
    "SELECT count(*) FROM pg_indexes WHERE format('%I.%I', schemaname, tablename)::regclass = '{r}'::regclass AND indexname = 'by_value' AND indexdef LIKE '%(value DESC) WHERE%'",
    "DROP INDEX IF EXISTS _wh_data.by_value, acme.by_value, public.by_value",
)  # fmt: skip
TARGET = Thing("statistics target of column value", "ALTER TABLE {r} ALTER COLUMN value SET STATISTICS 500", attribute("attstattarget = 500"),
    "ALTER TABLE {r} ALTER COLUMN value SET STATISTICS -1")  # fmt: skip
OPTIONS = Thing("options of column value", "ALTER TABLE {r} ALTER COLUMN value SET (n_distinct = -0.5)", attribute("attoptions = '{n_distinct=-0.5}'"),
    "ALTER TABLE {r} ALTER COLUMN value RESET (n_distinct)")  # fmt: skip
NOT_NULL = Thing("NOT NULL of column value", "ALTER TABLE {r} ALTER COLUMN value SET NOT NULL", attribute("attnotnull"),
    "ALTER TABLE {r} ALTER COLUMN value DROP NOT NULL")  # fmt: skip
VACUUM = Thing(
    "option autovacuum_vacuum_threshold", "ALTER TABLE {r} SET (autovacuum_vacuum_threshold = 7, toast.autovacuum_enabled = off)",
    "SELECT '{autovacuum_vacuum_threshold=7}' <@ reloptions FROM pg_class WHERE oid = '{r}'::regclass",
    "ALTER TABLE {r} RESET (autovacuum_vacuum_threshold)",
)  # fmt: skip
IDENTITY = Thing("replica identity", "ALTER TABLE {r} REPLICA IDENTITY FULL", "SELECT relreplident = 'f' FROM pg_class WHERE oid = '{r}'::regclass",
    "ALTER TABLE {r} REPLICA IDENTITY DEFAULT")  # fmt: skip
CLUSTER = Thing("cluster mark", "ALTER TABLE {r} CLUSTER ON {id}",
    "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = indexrelid WHERE indrelid = '{r}'::regclass AND indisclustered AND indisunique")  # fmt: skip
PUBLICATION = Thing(
    "membership in publication feed", "CREATE PUBLICATION feed FOR TABLE {r}", "", "DROP PUBLICATION feed"
)

VIEW = (*GRANTS, COLUMN_COMMENT, DEFAULT, comment("VIEW"))
PARTITIONED = (*GRANTS, COLUMN_COMMENT, DEFAULT, comment("TABLE"))
TABLE = (*GRANTS, COLUMN_COMMENT, DEFAULT, POLICY, FORCED, TRIGGER, CHECK, STATISTICS, INDEX, TARGET, OPTIONS, NOT_NULL, VACUUM, IDENTITY)  # fmt: skip
SLICE = (*GRANTS, COLUMN_COMMENT, comment("MATERIALIZED VIEW"), STATISTICS, INDEX, TARGET, OPTIONS, VACUUM)


@dataclass(frozen=True)
class Replacement:
    """A relation that Tenantry replaces, and what may be put on it before."""

    name: str
    storage: str
    by: Callable[[Warehouse], None]
    relation: str
    kept: tuple[Thing, ...] = ()
    refused: tuple[Thing, ...] = ()


def new_column(warehouse: Warehouse) -> None:
    """PostgreSQL cannot put a column between others of a view: the view has to be dropped."""
    define(warehouse, columns="id int, extra int, at timestamptz, value int", query="SELECT id, 1, at, value::int FROM ticks WHERE at >= '{START_TIME}' AND at < '{END_TIME}'")  # fmt: skip
    warehouse.run("SELECT _wh.update_tenant_union_view_by_template('ticks', 'acme', 'acme')")
    warehouse.run("SELECT _wh.update_public_view_by_template('ticks')")


def move(storage: str) -> Callable[[Warehouse], None]:
    return lambda warehouse: warehouse.run("CALL _wh.set_storage('ticks', %s)", (storage,))


def fold(function: LiteralString) -> Callable[[Warehouse], None]:
    """Combine the days that are there, as if they were the year."""
    statement: LiteralString = (
        "SELECT _wh_internal."
        + function
        + "(f, t, 2024, false) FROM _wh.feeds f JOIN _wh.mv_templates t USING (template_name)"
    )
    return lambda warehouse: warehouse.run(statement)


def reload(warehouse: Warehouse) -> None:
    warehouse.run("SELECT _wh.recreate_mv_by_template('ticks', 'acme', 'acme', %s)", (DAY,))


ON_VIEW = (BARRIER, INSTEAD, RULE)
DEPENDENTS = (REPORT, FUNCTION, ROWS)
ON_TABLE = (POLICY, FORCED, TRIGGER, CHECK, STATISTICS, INDEX, TARGET, OPTIONS, NOT_NULL, PUBLICATION)

REPLACEMENTS = (
    Replacement("tenant view, other columns", "matview", new_column, "acme.ticks", (*VIEW, *ON_VIEW)),
    Replacement("public view, other columns", "matview", new_column, "public.ticks", (*VIEW, *ON_VIEW)),
    Replacement("the table of a tenant that is moved", "partition", move("matview"), '_wh_data."acme.ticks"', (), (*ON_TABLE, IDENTITY, *DEPENDENTS)),
    Replacement("the table of all tenants", "partition", move("matview"), '_wh_data."public.ticks"', (), (POLICY, TRIGGER, CHECK, INDEX)),
    Replacement("a slice made anew", "matview", reload, "acme.ticks_2024_03_10", SLICE, (REPORT, FUNCTION)),
    Replacement("a slice of a year that is combined", "matview", fold("matview_fold"), "acme.ticks_2024_03_10", (), (*SLICE, REPORT, FUNCTION)),
    Replacement("the table of a year that is combined", "partition", fold("partition_fold"), '_wh_data."acme.ticks_2024"', TABLE, (PUBLICATION, REPORT, FUNCTION)),
    Replacement("a slice that is moved", "matview", move("partition"), "acme.ticks_2024_03_10", (), (*GRANTS, VACUUM, REPORT)),
    Replacement("the table of a year that is moved", "partition", move("matview"), '_wh_data."acme.ticks_2024"', (VACUUM, TARGET, IDENTITY, POLICY, CHECK),
        (INDEX, STATISTICS, PUBLICATION, REPORT)),
)  # fmt: skip


@pytest.fixture(scope="module")
def analyst(server: Server) -> Iterator[str]:
    name = f"analyst_{secrets.token_hex(4)}"
    with psycopg.connect(server.conninfo(), autocommit=True) as session:
        session.execute(f"CREATE ROLE {name}".encode())
        yield name
        session.execute(f"DROP ROLE {name}".encode())


@pytest.fixture(scope="module")
def loaded(server: Server, templates: None) -> Iterator[dict[str, tuple[str, str]]]:
    """For each storage the names of a source and of a warehouse with three days of it, to clone."""
    maker = Maker(server)
    names = {}
    for storage in ("matview", "partition"):
        source = Source(server, maker.clone("tests_source", "source_things"), "postgres")
        warehouse = Warehouse(server, maker.clone("tests_warehouse", "warehouse_things"), "whadmin")
        make_ticks(source, DAY, 3)
        warehouse.connect_to(source)
        warehouse.make_schema()
        define(warehouse)
        warehouse.run("UPDATE _wh.mv_templates SET storage = %s, partition_by = 'year'", (storage,))
        warehouse.run(
            "SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', %s, %s)", (DAY, DAY + timedelta(days=2))
        )  # fmt: skip
        warehouse.run("SELECT _wh.update_public_view_by_template('ticks')")
        warehouse.admin.run(FUNCTIONS)
        warehouse.admin.run("GRANT CREATE ON SCHEMA public TO whadmin")
        names[storage] = (source.name, warehouse.name)
    yield names
    maker.drop_all()


def clone(template: str, server: Server, maker: Maker) -> Warehouse:
    name = maker.clone(template, "warehouse")
    warehouse = Warehouse(server, name, "whadmin")
    warehouse.admin.run(f"GRANT CREATE, TEMPORARY ON DATABASE {name} TO whadmin")
    return warehouse


@pytest.fixture(params=REPLACEMENTS, ids=lambda r: r.name.replace(" ", "_"))
def replacement(request: pytest.FixtureRequest) -> Replacement:
    found: Replacement = request.param
    return found


@pytest.fixture
def prepared(
    replacement: Replacement, loaded: dict[str, tuple[str, str]], server: Server, maker: Maker
) -> Warehouse:
    return clone(loaded[replacement.storage][1], server, maker)


def test_what_is_on_a_relation_outlives_its_replacement_or_is_named(
    replacement: Replacement, prepared: Warehouse, analyst: str
) -> None:
    relation = replacement.relation
    rows = prepared.rows("SELECT id, at, value FROM acme.ticks ORDER BY id")
    for thing in replacement.refused:
        thing.put_on(prepared, relation, analyst)
        with pytest.raises(psycopg.Error) as caught:
            replacement.by(prepared)
        told = f"{caught.value} {caught.value.diag.message_detail} {caught.value.diag.message_hint}"
        told = told.replace("view public.report depends on view", "public.report reads")
        assert thing.name.replace("{r}", relation) in told, told
        thing.take_off(prepared, relation, analyst)
    for thing in replacement.kept:
        thing.put_on(prepared, relation, analyst)
        assert thing.is_on(prepared, relation, analyst), f"the test does not see {thing.name}"
    oid = prepared.value("SELECT %s::regclass::oid", (relation,))
    replacement.by(prepared)
    assert prepared.value("SELECT to_regclass(%s)::oid", (relation,)) != oid or not replacement.kept
    lost = [thing.name for thing in replacement.kept if not thing.is_on(prepared, relation, analyst)]
    assert lost == []
    assert prepared.rows("SELECT id, at, value FROM acme.ticks ORDER BY id") == rows


@pytest.mark.parametrize("relation", ["acme.ticks", "public.ticks"])
@pytest.mark.parametrize("storage", ["matview", "partition"])
def test_what_is_on_a_view_of_a_tenant_or_of_all_stays_through_a_move(
    loaded: dict[str, tuple[str, str]],
    server: Server,
    maker: Maker,
    analyst: str,
    relation: str,
    storage: str,
) -> None:
    warehouse = clone(loaded[storage][1], server, maker)
    things = (*VIEW, *ON_VIEW)
    for thing in (*things, *DEPENDENTS):
        thing.put_on(warehouse, relation, analyst)
    oid = warehouse.value("SELECT %s::regclass::oid", (relation,))
    warehouse.run("CALL _wh.set_storage('ticks', %s)", ("partition" if storage == "matview" else "matview",))
    assert warehouse.value("SELECT %s::regclass::oid", (relation,)) == oid
    assert [thing.name for thing in things if not thing.is_on(warehouse, relation, analyst)] == []
    assert warehouse.value("SELECT count(*) FROM public.report") == 6
    assert warehouse.value("SELECT public.total()") == 6


@pytest.mark.parametrize("relation", ["acme.ticks", "public.ticks"])
def test_whom_a_policy_shows_some_rows_never_sees_the_others(
    loaded: dict[str, tuple[str, str]], server: Server, maker: Maker, analyst: str, relation: str
) -> None:
    """Through the view, too; and a move, whose tables would show every row, is refused."""
    warehouse = clone(loaded["partition"][1], server, maker)
    warehouse.make_schema("globex")
    table = f'_wh_data."{relation}"'
    warehouse.run(
        "UPDATE _wh.mv_templates SET storage = 'partition';"
        f"GRANT SELECT ON {relation}, {table} TO {analyst}; ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
        f"CREATE POLICY zeros ON {table} TO {analyst} USING (value = 0)"
    )
    warehouse.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'globex', %s)", (DAY,))
    warehouse.run("SELECT _wh.update_tenant_union_view_by_template('ticks', 'acme', 'acme')")
    warehouse.run("SELECT _wh.update_public_view_by_template('ticks')")
    warehouse.admin.run(f"GRANT USAGE ON SCHEMA acme TO {analyst}")

    def rows() -> int:
        with warehouse.admin.connect() as session:
            session.execute(f"SET ROLE {analyst}".encode())
            row = session.execute(f"SELECT count(*) FROM {relation}".encode()).fetchone()
        assert row is not None
        return int(row[0])

    before = rows()
    with pytest.raises(psycopg.Error, match="policy zeros on "):
        warehouse.run("CALL _wh.set_storage('ticks', 'matview', 'acme')")
    assert rows() == before == (3 if relation == "acme.ticks" else 4)
