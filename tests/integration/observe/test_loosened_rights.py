"""Every right that somebody loosened is told of by doctor, with the statement that takes it back."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import pytest

from tenantry.embedded import Server
from tenantry.observe.checks.finding import Finding
from tests.support.databases import Maker, Source, Warehouse
from tests.support.program import run
from tests.support.samples.healthy import findings

DAY = date(2024, 3, 10)


class Loosened(NamedTuple):
    """What somebody did as the administrator, where {reader} is a reader of acme alone, and the object or role that doctor names."""

    by: str
    subject: str


LOOSENED = {
    "a foreign server for everybody": Loosened("GRANT USAGE ON FOREIGN SERVER {server} TO PUBLIC", "{server}"),
    "a foreign server for a reader": Loosened("GRANT USAGE ON FOREIGN SERVER {server} TO {reader}", "{server}"),
    "the wrapper for everybody": Loosened("GRANT USAGE ON FOREIGN DATA WRAPPER dblink_fdw TO PUBLIC", "dblink_fdw"),
    "dblink for everybody": Loosened("GRANT EXECUTE ON FUNCTION public.dblink(text, text) TO PUBLIC", "dblink(text,text)"),
    "dblink for a reader": Loosened("GRANT EXECUTE ON FUNCTION public.dblink_exec(text, text) TO {reader}", "dblink_exec(text,text)"),
    "_wh for a reader": Loosened("GRANT USAGE ON SCHEMA _wh TO {reader}", "_wh"),
    "a table of _wh for a reader": Loosened("GRANT SELECT ON _wh.slices TO {reader}", "_wh.slices"),
    "a column of _wh for a reader": Loosened("GRANT SELECT (host) ON _wh.tenant_connections TO {reader}", "_wh.tenant_connections"),
    "the log for everybody": Loosened("GRANT SELECT ON _wh.function_logs TO PUBLIC", "_wh.function_logs"),
    "the secrets of alerts for auditors": Loosened("GRANT SELECT ON _wh.alert_secrets TO tenantry_auditor", "_wh.alert_secrets"),
    "templates that a reader may write": Loosened("GRANT INSERT ON _wh.mv_templates TO {reader}", "_wh.mv_templates"),
    "a sequence for everybody": Loosened("GRANT USAGE ON _wh.function_logs_id_seq TO PUBLIC", "_wh.function_logs_id_seq"),
    "a function of ours for a reader": Loosened("GRANT EXECUTE ON FUNCTION _wh.does_mv_exist(text, text) TO {reader}", "_wh.does_mv_exist(text,text)"),
    "another tenant's table for a reader": Loosened("GRANT SELECT ON globex.foodlogstats TO {reader}", "globex.foodlogstats"),
    "another tenant's schema for a reader": Loosened("GRANT USAGE ON SCHEMA globex TO {reader}", "globex"),
    "a tenant's view for everybody": Loosened("GRANT SELECT ON acme.foodlogstats TO PUBLIC", "acme.foodlogstats"),
    "a public view of somebody's for a reader of one tenant": Loosened(
        "CREATE VIEW public.theirs AS SELECT 1 AS x; ALTER VIEW public.theirs OWNER TO whadmin; GRANT SELECT ON public.theirs TO {reader}", "public.theirs"
    ),
    "a tenant's view that a reader may write": Loosened("GRANT UPDATE ON acme.foodlogstats TO {reader}", "acme.foodlogstats"),
    "schemas that a reader may make": Loosened("GRANT CREATE ON DATABASE {database} TO {reader}", "{database}"),
    "the files of the server for whadmin": Loosened("GRANT pg_read_server_files TO whadmin", "whadmin"),
    "programs of the server for whadmin": Loosened("GRANT pg_execute_server_program TO whadmin", "whadmin"),
    "a superuser's rights for whadmin": Loosened("GRANT postgres TO whadmin", "whadmin"),
    "whadmin for a reader": Loosened("GRANT whadmin TO {reader}", "{reader}"),
    "all tenants for a reader of one": Loosened("GRANT phood_ro TO {reader}", "{reader}"),
    "all data for a reader": Loosened("GRANT pg_read_all_data TO {reader}", "{reader}"),
    "a reader as a superuser": Loosened("ALTER ROLE {reader} SUPERUSER", "{reader}"),
    "a reader who passes row security": Loosened("ALTER ROLE {reader} BYPASSRLS CREATEDB", "{reader}"),
    "a reader with a library": Loosened("ALTER ROLE {reader} SET local_preload_libraries = 'auto_explain'", "{reader}"),
    "whadmin with a path": Loosened("ALTER ROLE whadmin SET search_path = acme, public", "whadmin"),
    "tables to come for everybody": Loosened("ALTER DEFAULT PRIVILEGES FOR ROLE whadmin IN SCHEMA acme GRANT SELECT ON TABLES TO PUBLIC", "acme"),
    "tables of _wh to come for a reader": Loosened("ALTER DEFAULT PRIVILEGES FOR ROLE whadmin IN SCHEMA _wh GRANT SELECT ON TABLES TO {reader}", "_wh"),
    "functions to come for everybody": Loosened("ALTER DEFAULT PRIVILEGES FOR ROLE whadmin GRANT EXECUTE ON FUNCTIONS TO PUBLIC", "whadmin"),
    "a view in the place of a table": Loosened(
        "ALTER TABLE _wh.readers RENAME TO readers_kept; CREATE VIEW _wh.readers AS SELECT * FROM _wh.readers_kept", "_wh.readers"
    ),
    "templates that an author may lock": Loosened("GRANT DELETE ON _wh.mv_templates TO tenantry_template_author", "_wh.mv_templates"),
    "an author who may rename templates": Loosened("GRANT UPDATE (template_name) ON _wh.mv_templates TO tenantry_template_author", "_wh.mv_templates"),
    "addresses for authors": Loosened("GRANT SELECT (host) ON _wh.tenant_connections TO tenantry_template_author", "_wh.tenant_connections"),
    "a source's login for authors": Loosened("GRANT EXECUTE ON FUNCTION _wh_internal.source_conninfo(text) TO tenantry_template_author",
        "_wh_internal.source_conninfo(text)"),
    "whadmin for authors": Loosened("GRANT whadmin TO tenantry_template_author", "tenantry_template_author"),
    "a trigger on the record of slices": Loosened(
        "CREATE TRIGGER theirs BEFORE UPDATE ON _wh.slices EXECUTE FUNCTION suppress_redundant_updates_trigger()", "_wh.slices"
    ),
    "a rule on the log": Loosened("CREATE RULE theirs AS ON DELETE TO _wh.function_logs DO INSTEAD NOTHING", "_wh.function_logs"),
    "row security on the record of slices": Loosened("ALTER TABLE _wh.slices ENABLE ROW LEVEL SECURITY", "_wh.slices"),
    "a table of somebody else's": Loosened("ALTER TABLE _wh.rebuilds OWNER TO postgres", "_wh.rebuilds"),
    "a trail that whadmin may change": Loosened("GRANT UPDATE, DELETE ON _wh_audit.entries TO whadmin", "_wh_audit.entries"),
    "a restored trail that whadmin may write": Loosened("GRANT INSERT ON _wh_audit.restored TO whadmin", "_wh_audit.restored"),
    "a trail that is whadmin's": Loosened("ALTER SCHEMA _wh_audit OWNER TO whadmin; ALTER TABLE _wh_audit.entries OWNER TO whadmin", "_wh_audit.entries"),
    "a trail that whadmin cannot write": Loosened("REVOKE USAGE ON SCHEMA _wh_audit FROM whadmin", "_wh_audit.entries"),
    "a trail without results": Loosened("REVOKE INSERT (result) ON _wh_audit.entries FROM whadmin", "_wh_audit.entries"),
    "a foreign server of somebody else's": Loosened("ALTER SERVER {server} OWNER TO postgres", "{server}"),
}  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(server: Server, templates: None) -> Iterator[Warehouse]:
    """Two tenants with a day each, for all tests of this module: each ends with nothing to be found in it."""
    maker = Maker(server)
    warehouse = Warehouse(server, maker.clone("tests_warehouse", "warehouse_rights"), "whadmin")
    maker.run("GRANT CREATE ON DATABASE {} TO whadmin", warehouse.name)
    source = Source(server, maker.clone("tests_source", "source_rights"), "postgres")
    source.fill(DAY, 1)
    for tenant in ("acme", "globex"):
        warehouse.connect_to(source, tenant)
        warehouse.run("SELECT _wh_internal.create_tenant_schema(%s)", (tenant,))
        warehouse.load(DAY, DAY, tenant, tenant)
    warehouse.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    yield warehouse
    maker.drop_all()


@pytest.fixture
def reader(warehouse: Warehouse) -> Iterator[str]:
    """A reader of acme."""
    name = f"reader_{secrets.token_hex(4)}"
    with warehouse.admin.connect() as admin:
        admin.execute(f"CREATE ROLE {name} LOGIN; COMMENT ON ROLE {name} IS 'Tenantry: a reader'".encode())
        warehouse.run("SELECT _wh_internal.set_reader(%s, '{acme}')", (name,))
        try:
            yield name
        finally:
            # Rights of the last reader too, who is forgotten by the next call.
            warehouse.run("DELETE FROM _wh.readers WHERE reader_name = %s", (name,))
            admin.execute(f"DROP OWNED BY {name}; DROP ROLE {name}".encode())


def filled(text: str, warehouse: Warehouse, reader: str) -> str:
    server = warehouse.value("SELECT _wh_internal.server_name('acme')")
    return text.format(reader=reader, server=server, database=warehouse.name)


def mend(warehouse: Warehouse, finding: Finding) -> None:
    assert finding.command is not None
    statement, _, who = finding.command.partition(" --")
    database = warehouse.admin if who else warehouse
    with database.connect() as opened:
        opened.execute(statement.encode())


def test_a_warehouse_as_it_is_installed_has_no_right_too_many(warehouse: Warehouse, reader: str) -> None:
    assert findings(warehouse, "grants", "rights", "roles") == []


@pytest.mark.parametrize("case", LOOSENED)
def test_a_loosened_right_is_told_and_taken_back_by_the_statement_that_is_named(
    warehouse: Warehouse, reader: str, case: str
) -> None:
    by, subject = (filled(text, warehouse, reader) for text in LOOSENED[case])
    with warehouse.admin.connect() as admin:
        admin.execute(by.encode())
    found = findings(warehouse, "grants", "rights", "roles", "functions")
    named = [finding for finding in found if finding.subject == subject]
    # Before anything is asserted, as roles are the whole server's. What else is told follows from this.
    for finding in named:
        mend(warehouse, finding)
    assert named, found
    assert findings(warehouse, "grants", "rights", "roles", "functions") == []


@pytest.mark.any_server
def test_the_command_tells_what_was_loosened_on_a_line_with_the_statement_below_it(
    warehouse: Warehouse, reader: str
) -> None:
    warehouse.admin.run(f"GRANT SELECT ON _wh.slices TO {reader}")
    outcome = run(warehouse, "doctor", "--only", "grants")
    assert outcome.code == 1
    assert outcome.out.splitlines() == [
        f"error   _wh.slices: {reader} has SELECT on this table  [grants]",
        f"        REVOKE SELECT ON TABLE _wh.slices FROM {reader};",
    ]
    done = run(warehouse, "doctor", "--fix", "--only", "grants")
    assert done.code == 0
    assert findings(warehouse, "grants") == []
