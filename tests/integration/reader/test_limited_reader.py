"""A reader of one tenant learns nothing of another but what docs/security.md says that PostgreSQL shows to every login."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import LiteralString, NamedTuple

import psycopg
import pytest
from psycopg import sql

from tenantry.db.connect import session
from tenantry.embedded import Server
from tenantry.flow.tenant import reader as readers
from tests.support.databases import Database, Maker, Source, Warehouse
from tests.support.program import succeed
from tests.support.psql import psql

DAY = date(2024, 3, 10)
DENIED = psycopg.errors.InsufficientPrivilege
ENDS = (
    DENIED,
    psycopg.errors.UndefinedTable,
    psycopg.errors.InvalidCursorName,
    # The embedded server was built without XML.
    psycopg.errors.FeatureNotSupported,
)
HOST = "127.0.0.77"
ROW = "pearl-in-a-row"
SAID = "pearl-in-a-statement"
LINE = "pearl_line"
"""The connection of the other tenant, by a name that is not the tenant's."""

HIDDEN = (HOST, ROW, SAID, LINE, "s3cret-of-the-source", "pearl")
"""Words of the other tenant's rows, of its source and of what is done for it."""

LEAKY: LiteralString = (
    "CREATE FUNCTION pg_temp.leak(anyelement) RETURNS boolean COST 0.0000001 LANGUAGE plpgsql"
    " AS $$BEGIN RAISE NOTICE 'leaked %', $1; RETURN true; END$$"
)
"""A function of the reader's own that tells all that it is given, and that the planner takes to cost nothing."""

SHOWN: dict[str, list[LiteralString]] = {
    "the names of all schemas, tables, views, columns, indexes, functions, types and roles, including those of other tenants and readers,"
    " and the names of the server's other databases": [
        "SELECT nspname FROM pg_namespace WHERE nspname = 'globex'",
        "SELECT relname FROM pg_class WHERE relnamespace = '_wh_data'::regnamespace",
        "SELECT attname FROM pg_attribute WHERE attrelid = {view}",
        "SELECT rolname FROM pg_roles WHERE rolname = 'phood_ro'",
        "SELECT datname FROM pg_database WHERE datname <> current_database()",
    ],
    "the settings, limits and memberships of roles, and who can read, write or call what": [
        "SELECT setconfig FROM pg_db_role_setting WHERE setrole = 'phood_ro'::regrole",
        "SELECT rolconnlimit, rolvaliduntil FROM pg_roles WHERE rolname = 'phood_ro'",
        "SELECT roleid FROM pg_auth_members WHERE member <> CURRENT_USER::regrole",
        "SELECT relacl FROM pg_class WHERE oid = {view}",
        "SELECT 1 FROM pg_class c WHERE has_table_privilege('phood_ro', c.oid, 'SELECT') AND relnamespace = 'globex'::regnamespace",
    ],
    "approximately how many rows each table has, how large it is, and how many of its rows were read and written, and when; from this"
    " follows how many rows a tenant has per day": [
        "SELECT reltuples FROM pg_class WHERE oid = {slice} AND reltuples = 3",
        "SELECT size FROM pg_total_relation_size({slice}) size WHERE size > 0",
        "SELECT n_tup_ins FROM pg_stat_user_tables WHERE schemaname = 'globex'",
        "SELECT heap_blks_read FROM pg_statio_user_tables WHERE schemaname = 'globex'",
    ],
    "the definitions of all views, materialized views, functions, indexes, partitions and constraints; those of daily materialized views"
    " contain the query that is sent to the source, those of partitions do not": [
        "SELECT 1 WHERE pg_get_viewdef({slice}) LIKE '%phood_foodlogsum%'",
        "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = '_wh'::regnamespace AND prokind = 'f' LIMIT 1",
        "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relpartbound IS NOT NULL AND relnamespace = '_wh_data'::regnamespace",
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'globex'",
    ],
    "the comments on all of these, among them the descriptions of templates and their columns": [
        "SELECT description FROM pg_description WHERE objoid = {view} AND description = 'said of globex'",
    ],
    "who is logged in, from which program (`application_name`), and which relations each transaction has locked, but neither the statement"
    " nor the address of another role's session": [
        ("SELECT pid FROM pg_stat_activity WHERE usename = 'whadmin' AND application_name = 'busy' AND query = '<insufficient privilege>'"
        " AND client_addr IS NULL"),
        "SELECT pid FROM pg_locks WHERE relation = {ticks}",
    ],
    "how many sources there are: each has a foreign server with an opaque name": [
        "SELECT srvname FROM pg_foreign_server WHERE srvname ~ '^wh_[0-9a-f]{{24}}$'",
        "SELECT srvname FROM pg_user_mappings WHERE umoptions IS NULL",
    ],
}  # fmt: skip
"""What PostgreSQL shows to every login: word for word the list in docs/security.md, with statements that show it."""

NAMED_IN = {
    "pg_catalog.pg_class", "pg_catalog.pg_constraint", "pg_catalog.pg_namespace", "pg_catalog.pg_type", "pg_catalog.pg_proc",
    "pg_catalog.pg_tables", "pg_catalog.pg_views", "pg_catalog.pg_matviews", "pg_catalog.pg_indexes", "pg_catalog.pg_description",
    "pg_catalog.pg_rewrite", "pg_catalog.pg_statistic_ext",
    "pg_catalog.pg_stat_all_tables", "pg_catalog.pg_stat_user_tables", "pg_catalog.pg_stat_all_indexes",
    "pg_catalog.pg_stat_user_indexes", "pg_catalog.pg_statio_all_tables", "pg_catalog.pg_statio_user_tables",
    "pg_catalog.pg_statio_all_indexes", "pg_catalog.pg_statio_user_indexes", "pg_catalog.pg_stat_xact_all_tables",
    "pg_catalog.pg_stat_xact_user_tables", "pg_catalog.pg_stats", "information_schema.udt_privileges",
}  # fmt: skip
"""Where the other tenant's name may stand: what the list above speaks of."""

REFUSED: dict[str, list[LiteralString]] = {
    "its tables": [
        "SELECT * FROM globex.foodlogstats",
        "TABLE globex.foodlogstats_2024_03_10",
        "SELECT count(*) FROM globex.ticks",
        "SELECT FROM globex.ticks WHERE false",
        "SELECT ctid, tableoid FROM globex.ticks FOR SHARE",
    ],
    "the tables behind the public views": [
        'SELECT * FROM _wh_data."public.ticks"',
        "SELECT '_wh_data.\"public.ticks\"'::regclass",
        'TABLE _wh_data."globex.ticks"',
        'TABLE _wh_data."globex.ticks_2024"',
        "SELECT * FROM public.ticks FOR UPDATE",
        "SELECT * FROM public.foodlogstats FOR SHARE",
        "SET row_security = off; SELECT * FROM public.ticks",
        "BEGIN; LOCK TABLE public.ticks IN ACCESS EXCLUSIVE MODE",
        "SELECT table_to_xml(relid, true, false, '') FROM pg_partition_tree({root}) WHERE NOT isleaf",
        "SELECT ts_stat('SELECT to_tsvector(store) FROM _wh_data.\"public.ticks\"')",
    ],
    "the public views as its own": [
        "ALTER VIEW public.ticks RESET (security_invoker)",
        "CREATE OR REPLACE VIEW public.ticks AS SELECT 1 AS x",
        "CREATE OR REPLACE VIEW public.foodlogstats AS SELECT 1 AS x",
        "DROP VIEW public.ticks",
        "UPDATE public.ticks SET store = store WHERE pg_temp.leak(store)",
        "DELETE FROM public.ticks WHERE pg_temp.leak(store)",
        "INSERT INTO public.ticks (schema_name) VALUES ('globex')",
        'DROP POLICY tenantry_all ON _wh_data."public.ticks"',
        'ALTER TABLE _wh_data."public.ticks" DISABLE ROW LEVEL SECURITY',
        "GRANT SELECT ON _wh.limited TO CURRENT_USER",
    ],
    "EXPLAIN": [
        "EXPLAIN SELECT * FROM globex.foodlogstats",
        "EXPLAIN SELECT * FROM globex.foodlogstats WHERE pg_temp.leak(store)",
    ],
    "an error about a value": [
        "SELECT 1 / (id - id) FROM globex.foodlogstats",
        "SELECT store::integer FROM globex.foodlogstats",
    ],
    "statistics": [
        "SELECT * FROM pg_statistic",
        "SELECT * FROM pg_statistic_ext_data",
        "CREATE STATISTICS pg_temp.mine ON store, name FROM globex.foodlogstats_2024_03_10",
        "SELECT pg_stat_reset()",
    ],
    "toast tables": ["SELECT * FROM {toast}"],
    "COPY": [
        "COPY globex.foodlogstats_2024_03_10 TO STDOUT",
        "COPY (SELECT * FROM globex.foodlogstats) TO STDOUT",
        "COPY public.foodlogstats TO '/tmp/taken'",
        "COPY (SELECT 1) TO PROGRAM 'id'",
        "COPY acme.foodlogstats_2024_03_10 FROM PROGRAM 'id'",
        "CREATE TEMP TABLE passwd (line text); COPY passwd FROM '/etc/passwd'",
    ],
    "XML": [
        "SELECT table_to_xml('globex.foodlogstats', true, false, '')",
        "SELECT query_to_xml('SELECT * FROM globex.foodlogstats', true, false, '')",
        "SELECT schema_to_xml('globex', true, false, '')",
        "SELECT cursor_to_xml('busy', 1, true, false, '')",
        "SELECT ts_stat('SELECT to_tsvector(store) FROM globex.foodlogstats')",
    ],
    "files": [
        "SELECT pg_ls_dir('.')",
        "SELECT pg_ls_waldir()",
        "SELECT pg_ls_logdir()",
        "SELECT pg_ls_tmpdir()",
        "SELECT pg_read_file('PG_VERSION')",
        "SELECT pg_read_binary_file('global/pg_control')",
        "SELECT pg_stat_file('PG_VERSION')",
        "SELECT pg_current_logfile()",
        "SELECT * FROM pg_hba_file_rules",
        "SELECT * FROM pg_file_settings",
        "SHOW data_directory",
        "LOAD '/tmp/mine.so'",
    ],
    "large objects": [
        "SELECT lo_get(77)",
        "SELECT lo_open(77, 262144)",
        "SELECT * FROM pg_largeobject",
        "SELECT lo_export(77, '/tmp/taken')",
        "SELECT lo_import('/etc/passwd')",
    ],
    "dblink": [
        "SELECT * FROM public.dblink('{server}', 'SELECT 1') t(x integer)",
        "SELECT public.dblink_connect('host=127.0.0.1')",
        "SELECT public.dblink_get_connections()",
        "CREATE USER MAPPING FOR CURRENT_USER SERVER {server}",
        "ALTER SERVER {server} OPTIONS (ADD host 'elsewhere')",
        "ALTER USER MAPPING FOR PUBLIC SERVER {server} OPTIONS (SET host 'elsewhere')",
        "CREATE FOREIGN TABLE pg_temp.theirs (x integer) SERVER {server}",
        "CREATE SERVER mine FOREIGN DATA WRAPPER dblink_fdw",
        "CREATE EXTENSION file_fdw",
    ],
    "the login to a source": [
        "SELECT _wh_internal.source_login('{server}')",
        "SELECT _wh.get_tenant_connection_string('pearl_line')",
    ],
    "_wh": [
        "SELECT * FROM _wh.tenant_connections",
        "SELECT host FROM _wh.tenant_connections",
        "SELECT * FROM _wh.function_logs",
        "SELECT * FROM _wh.slices",
        "SELECT * FROM _wh.readers",
        "SELECT _wh.current_date_utc()",
        "SELECT last_value FROM _wh.function_logs_id_seq",
    ],
    "_wh_internal": ["SELECT _wh_internal.server_name('pearl_line')", "SELECT _wh_internal.visible('x')"],
    "_wh_audit": ["SELECT * FROM _wh_audit.entries", "INSERT INTO _wh_audit.entries (what, subject, result) VALUES ('', '', '')"],
    "jobs": [
        "SELECT * FROM cron.job",
        "SELECT * FROM cron.job_run_details",
        "SELECT cron.schedule('mine', '* * * * *', 'SELECT 1')",
    ],
    "advisory locks": [
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_try_advisory_lock(1)",
        "SELECT pg_try_advisory_xact_lock_shared(1, 2)",
    ],
    "locks on its tables": [
        "BEGIN; LOCK TABLE globex.foodlogstats IN ACCESS SHARE MODE",
        "BEGIN; LOCK TABLE globex.ticks IN ACCESS EXCLUSIVE MODE",
    ],
    "another role": [
        "SET ROLE whadmin",
        "SET ROLE phood_ro",
        "SET SESSION AUTHORIZATION postgres",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        "ALTER ROLE CURRENT_USER REPLICATION",
        "ALTER ROLE whadmin PASSWORD 'x'",
        "CREATE ROLE mine",
        "GRANT whadmin TO CURRENT_USER",
        "GRANT pg_monitor TO CURRENT_USER",
        "GRANT SELECT ON globex.foodlogstats TO CURRENT_USER",
        "REASSIGN OWNED BY whadmin TO CURRENT_USER",
        "ALTER DEFAULT PRIVILEGES FOR ROLE whadmin GRANT SELECT ON TABLES TO PUBLIC",
        "ALTER DATABASE {database} SET search_path = pg_temp",
    ],
    "what is put in the way of others": [
        "CREATE TABLE acme.pg_class (x integer)",
        "CREATE VIEW acme.mine AS SELECT 1",
        "CREATE FUNCTION public.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA mine",
        "CREATE TRIGGER mine BEFORE INSERT ON acme.ticks EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "CREATE RULE mine AS ON SELECT TO globex.ticks DO INSTEAD SELECT 1",
        "CREATE EVENT TRIGGER mine ON ddl_command_end EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "COMMENT ON VIEW acme.ticks IS 'mine'",
    ],
    "a table of its own that is like theirs": [
        "CREATE TEMP TABLE mine (LIKE globex.foodlogstats INCLUDING ALL)",
        "CREATE TEMP TABLE mine AS TABLE globex.foodlogstats",
        "CREATE TEMP TABLE mine () INHERITS (globex.ticks)",
        "CREATE TEMP VIEW mine AS SELECT * FROM globex.ticks; SELECT * FROM mine",
        "CREATE TEMP TABLE mine (store text); INSERT INTO mine SELECT store FROM globex.foodlogstats",
        ("CREATE TEMP TABLE mine (x integer);"
        " CREATE TRIGGER mine BEFORE INSERT ON mine FOR EACH ROW EXECUTE FUNCTION _wh_internal.protect_password()"),
    ],
    "code of its own": [
        "DO $$BEGIN PERFORM * FROM globex.foodlogstats; END$$",
        "CREATE FUNCTION pg_temp.mine() RETURNS SETOF text SECURITY DEFINER LANGUAGE sql AS 'SELECT store FROM globex.foodlogstats'",
        ("CREATE FUNCTION pg_temp.mine() RETURNS bigint SECURITY DEFINER LANGUAGE plpgsql"
        " AS 'BEGIN RETURN (SELECT count(*) FROM globex.foodlogstats); END'; SELECT pg_temp.mine()"),
        "ALTER FUNCTION _wh.current_date_utc() SECURITY INVOKER",
    ],
    "other sessions": [
        "SELECT * FROM {temporary}",
        "SELECT pg_terminate_backend({pid})",
        "SELECT pg_cancel_backend({pid})",
        "SELECT pg_log_backend_memory_contexts({pid})",
        "SET log_statement = 'all'",
        "SET session_replication_role = replica",
        "SELECT pg_create_logical_replication_slot('mine', 'pgoutput')",
        "SELECT * FROM pg_replication_origin_status",
    ],
    "what pages hold": ["SELECT currtid2('globex.foodlogstats_2024_03_10', '(0,1)')", "REFRESH MATERIALIZED VIEW globex.foodlogstats_2024_03_10"],
}  # fmt: skip
"""Ways that end at once, each statement with an error that tells nothing."""

EMPTY: dict[str, list[LiteralString]] = {
    "statistics": [
        "SELECT * FROM pg_stats WHERE schemaname = 'globex'",
        "SELECT * FROM pg_stats_ext WHERE schemaname = 'globex'",
        "SELECT * FROM pg_stats_ext_exprs WHERE schemaname = 'globex'",
        "SELECT * FROM pg_stats WHERE pg_temp.leak(most_common_vals::text) AND schemaname = 'globex'",
        "SELECT * FROM pg_stats_ext WHERE pg_temp.leak(most_common_vals) AND schemaname = 'globex'",
    ],
    "a leaky function in a view": [
        "SELECT 1 FROM pg_user_mappings WHERE pg_temp.leak(umoptions) AND umoptions IS NOT NULL",
        "SELECT 1 FROM information_schema.user_mapping_options WHERE pg_temp.leak(option_value::text) AND option_value IS NOT NULL",
        "SELECT 1 FROM pg_user_mappings WHERE 1 / (length(umoptions::text) - length(umoptions::text)) = 1",
        "SELECT 1 FROM pg_stat_activity WHERE pg_temp.leak(query) AND query ~ 'pearl' AND pid <> pg_backend_pid()",
        "SELECT 1 FROM acme.foodlogstats WHERE pg_temp.leak(store) AND false",
        "SELECT 1 FROM acme.ticks WHERE pg_temp.leak(client) AND client <> 'acme'",
    ],
    "secrets of the catalogs": [
        "SELECT * FROM pg_user_mappings WHERE umoptions IS NOT NULL",
        "SELECT * FROM pg_foreign_server WHERE srvoptions <> '{{host=/call/_wh.refresh_mv}}' OR srvname = {line}",
        "SELECT * FROM pg_roles WHERE rolpassword <> '********'",
        "SELECT * FROM pg_prepared_xacts",
        "SELECT * FROM pg_stat_replication WHERE client_addr IS NOT NULL",
    ],
    "sequences": ["SELECT * FROM pg_sequences WHERE last_value IS NOT NULL"],
    "other sessions": [
        "SELECT * FROM pg_stat_activity WHERE query ~ 'pearl' AND pid <> pg_backend_pid()",
        "SELECT said FROM pg_stat_get_backend_idset() s, pg_stat_get_backend_activity(s) said WHERE said ~ 'pearl' AND said !~ '_idset'",
        "SELECT * FROM pg_cursors WHERE name = 'busy'",
        "SELECT * FROM pg_prepared_statements WHERE name = 'busy'",
        "SELECT * FROM pg_listening_channels()",
        "SELECT * FROM pg_stat_ssl WHERE client_dn IS NOT NULL",
        "SELECT * FROM pg_stat_progress_copy WHERE datname IS NULL AND relid IS NOT NULL",
    ],
    "the information schema": [
        ("SELECT * FROM information_schema.tables WHERE table_schema NOT IN ('acme', 'public', 'pg_catalog', 'information_schema')"
        " AND table_schema !~ '^pg_temp' AND (table_schema, table_name) NOT IN (('_wh', 'limited'), ('_wh_data', 'public.ticks'))"),
        "SELECT * FROM information_schema.columns WHERE table_schema = 'globex'",
        "SELECT * FROM information_schema.views WHERE view_definition IS NOT NULL AND table_schema <> 'pg_catalog'",
        "SELECT * FROM information_schema.routines WHERE routine_schema ~ '^_wh' AND routine_name <> 'freshness'",
        "SELECT * FROM information_schema.foreign_server_options",
        "SELECT * FROM information_schema.user_mapping_options WHERE option_value IS NOT NULL",
    ],
    "what it may call": [
        ("SELECT p.oid::regprocedure FROM pg_proc p WHERE pronamespace <> 'pg_catalog'::regnamespace"
        " AND pronamespace::regnamespace::text !~ '^pg_temp|^information_schema' AND has_schema_privilege(pronamespace, 'USAGE')"
        " AND has_function_privilege(p.oid, 'EXECUTE')"),
        ("SELECT p.oid::regprocedure FROM pg_proc p WHERE prosecdef AND has_function_privilege(p.oid, 'EXECUTE')"
        " AND has_schema_privilege(pronamespace, 'USAGE')"),
    ],
    "what it may read": [
        ("SELECT oid::regclass FROM pg_class WHERE relkind IN ('r', 'v', 'm', 'p', 'f', 'S', 't') AND has_schema_privilege(relnamespace, 'USAGE')"
        " AND has_table_privilege(oid, 'SELECT') AND relnamespace::regnamespace::text !~ '^(acme|public|pg_catalog|information_schema|pg_temp.*)$'"),
    ],
    "what it may write": [
        ("SELECT oid::regclass FROM pg_class WHERE relkind IN ('r', 'v', 'm', 'p', 'f') AND has_schema_privilege(relnamespace, 'USAGE')"
        " AND has_table_privilege(oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER, REFERENCES')"
        " AND relnamespace::regnamespace::text !~ '^pg_temp' AND oid <> 'pg_settings'::regclass"),
    ],
    "settings": ["SELECT * FROM pg_settings WHERE setting ~ 'pearl|127.0.0.77|s3cret'"],
}  # fmt: skip
"""Ways that bring nothing, no error either."""

SHARED: dict[str, list[LiteralString]] = {
    "conditions that tell": [
        "SELECT * FROM {shared} WHERE pg_temp.leak({word})",
        "SELECT * FROM {shared} WHERE schema_name <> 'acme' AND pg_temp.leak({word})",
        "SELECT * FROM {shared} WHERE schema_name = 'globex' AND pg_temp.leak({word})",
        "SELECT count(*) FROM {shared} ORDER BY max(pg_temp.leak({word})::text)",
        "SELECT pg_temp.leak(s) FROM {shared} s",
        "SELECT count(*) FILTER (WHERE pg_temp.leak({word})) FROM {shared}",
        "SELECT 1 FROM {shared} a JOIN {shared} b ON pg_temp.leak(a.{word}) AND a.day = b.day LIMIT 100",
    ],
    "errors about values": [
        "SELECT 1 / (id - id) FROM {shared} WHERE schema_name <> 'acme'",
        "SELECT {word}::integer FROM {shared} WHERE schema_name <> 'acme'",
        "SELECT * FROM {shared} WHERE {word}::integer = 1 AND schema_name <> 'acme'",
        "SELECT {word}::date FROM {shared} ORDER BY schema_name DESC LIMIT 1",
    ],
    "settings of the planner": [
        "SET enable_partition_pruning = off; SET constraint_exclusion = off; SELECT * FROM {shared} WHERE pg_temp.leak({word})",
        "SET plan_cache_mode = force_generic_plan; PREPARE mine AS SELECT * FROM {shared} WHERE pg_temp.leak({word}); EXECUTE mine",
        ("SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;"
        " SELECT count(*), max({word}) FROM {shared}"),
        "SET jit = off; SET enable_seqscan = off; SET row_security = on; SELECT * FROM {shared} WHERE pg_temp.leak({word})",
    ],
    "cursors and statements": [
        "BEGIN; DECLARE mine SCROLL CURSOR FOR SELECT * FROM {shared}; FETCH ALL FROM mine",
        "BEGIN; DECLARE mine CURSOR WITH HOLD FOR SELECT {word} FROM {shared}; COMMIT; FETCH ALL FROM mine",
        "PREPARE other AS SELECT {word} FROM {shared}; EXECUTE other",
        "SELECT query_to_xml('SELECT * FROM public.ticks', true, false, '')",
        "SELECT table_to_xml('public.foodlogstats', true, false, '')",
        "SELECT ts_stat('SELECT to_tsvector(store) FROM public.ticks')",
    ],
    "objects of its own": [
        "CREATE TEMP VIEW mine AS SELECT * FROM {shared}; SELECT * FROM mine WHERE pg_temp.leak({word})",
        "CREATE TEMP VIEW mine WITH (security_invoker) AS SELECT * FROM {shared}; TABLE mine",
        "CREATE TEMP TABLE mine AS SELECT * FROM {shared}; TABLE mine",
        ("CREATE FUNCTION pg_temp.mine() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER AS 'SELECT schema_name FROM public.ticks';"
        " SELECT pg_temp.mine()"),
        "DO $$DECLARE r record; BEGIN FOR r IN SELECT * FROM public.foodlogstats LOOP RAISE NOTICE '%', r; END LOOP; END$$",
    ],
    "shapes of queries": [
        "SELECT schema_name, count(*), string_agg({word}, ',') FROM {shared} GROUP BY 1",
        "SELECT schema_name, day, count(*) FROM {shared} GROUP BY GROUPING SETS (1, 2, ())",
        "SELECT to_jsonb(s) FROM {shared} s",
        "SELECT s FROM {shared} s",
        "SELECT DISTINCT schema_name FROM {shared}",
        "SELECT (SELECT max(b.{word}) FROM {shared} b WHERE b.day = a.day) FROM {shared} a",
        "SELECT {word} FROM {shared} EXCEPT ALL SELECT {word} FROM acme.ticks WHERE false",
        "SELECT {word}, row_number() OVER (ORDER BY {word} DESC) FROM {shared}",
        "SELECT * FROM {shared} TABLESAMPLE SYSTEM (100)",
        "SELECT ctid, tableoid FROM {shared}",
    ],
}  # fmt: skip
"""Ways through the public views of both storages: they bring the reader's own rows, or an error that tells nothing."""


class Limited(NamedTuple):
    """The warehouse, what the reader of acme sees, and words to fill statements with."""

    warehouse: Warehouse
    reader: Database
    words: dict[str, sql.Composable]


def fill(warehouse: Warehouse, server: Server, maker: Maker) -> None:
    """A day of acme and of globex, in materialized views and in partitions."""
    warehouse.run(
        "INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions, time_column, storage) VALUES"
        " ('ticks', $$SELECT n, name || repeat('x', 3000), '{SCHEMA}', '{START_TIME}'::timestamptz FROM phood_location, generate_series(1, 20) n$$,"
        " 'id integer, store text, client text, at timestamptz', 'at', 'partition')"
    )
    for tenant, line, word in (("acme", "acme", "Store"), ("globex", LINE, ROW)):
        source = Source(server, maker.clone("tests_source", "source"), "postgres")
        source.fill(DAY, 1)
        source.run("UPDATE phood_location SET name = %s", (word,))
        warehouse.connect_to(source, line)
        warehouse.run("SELECT _wh_internal.create_tenant_schema(%s)", (tenant,))
        warehouse.load(DAY, DAY, tenant, line)
        warehouse.run("SELECT _wh.update_mv_by_template('ticks', %s, %s, %s)", (line, tenant, DAY))
    warehouse.run(
        "UPDATE _wh.tenant_connections SET host = %s WHERE tenant_name = %s", (f"{HOST},127.0.0.1", LINE)
    )
    for statement in (
        "SELECT _wh.update_public_view_by_template('foodlogstats'), _wh.update_public_view_by_template('ticks')",
        "COMMENT ON VIEW globex.foodlogstats IS 'said of globex'",
        "CREATE STATISTICS globex.pairs ON store, name FROM globex.foodlogstats_2024_03_10",
        "SELECT lo_from_bytea(77, 'pearl-in-a-large-object')",
        "SELECT cron.schedule('globex_pearl', '0 0 1 1 *', 'SELECT 1')",
        "INSERT INTO _wh.function_logs (function_name, message) VALUES ('globex', 'pearl-in-the-log')",
        "INSERT INTO _wh_audit.entries (what, subject, result) VALUES ('pearl', 'globex', '')",
        "ANALYZE",
    ):  # fmt: skip
        warehouse.run(statement)


@pytest.fixture(scope="module")
def limited(server: Server, templates: None) -> Iterator[Limited]:
    """A reader of acme alone, while whadmin is busy with globex in an open transaction."""
    maker = Maker(server)
    warehouse = Warehouse(server, maker.clone("tests_warehouse", "warehouse"), "whadmin")
    name = f"reader_{secrets.token_hex(4)}"
    with warehouse.admin.connect() as opened:
        opened.execute(
            sql.SQL("GRANT CREATE, TEMPORARY ON DATABASE {} TO whadmin").format(
                sql.Identifier(warehouse.name)
            )
        )
    fill(warehouse, server, maker)
    # Statistics of the catalog name tenants as the catalog does. Otherwise it depends on autovacuum whether there are any.
    warehouse.admin.run("ANALYZE")
    with session(warehouse.admin.conninfo, role=None) as opened:
        readers.put(opened, name, ["acme"], "reader-password")
    server.save_password(name, "reader-password")
    with psycopg.connect(warehouse.conninfo, application_name="busy") as busy:
        busy.execute("CREATE TEMP TABLE staging AS TABLE globex.ticks")
        busy.execute(f"PREPARE busy AS SELECT '{SAID}'".encode())
        busy.execute("DECLARE busy CURSOR FOR TABLE globex.foodlogstats")
        busy.execute(f"LISTEN {LINE}".encode())
        ((temporary, toast, *oids),) = busy.execute(
            "SELECT pg_my_temp_schema()::regnamespace::text, c.reltoastrelid::regclass::text, 'globex.foodlogstats'::regclass::oid,"
            " 'globex.foodlogstats_2024_03_10'::regclass::oid, 'globex.ticks'::regclass::oid, '_wh_data.\"public.ticks\"'::regclass::oid FROM pg_class c"
            " WHERE c.relnamespace = 'globex'::regnamespace AND c.reltoastrelid <> 0 LIMIT 1"
        ).fetchall()
        busy.execute(f"SELECT '{SAID}'".encode())
        yield Limited(warehouse, Database(server, warehouse.name, name), {
            "line": sql.Literal(LINE),
            "server": sql.Identifier(warehouse.server_of(LINE)),
            "database": sql.Identifier(warehouse.name),
            "temporary": sql.Identifier(temporary, "staging"),
            "toast": sql.Identifier(*toast.split(".")),
            **{word: sql.Literal(oid) for word, oid in zip(("view", "slice", "ticks", "root"), oids, strict=True)},
            "pid": sql.Literal(busy.info.backend_pid),
        })  # fmt: skip
    with session(warehouse.admin.conninfo, role=None) as opened:
        readers.drop(opened, name)
    maker.drop_all()


def tried(limited: Limited, statement: LiteralString) -> tuple[Sequence[object], str, psycopg.Error | None]:
    """The rows of a statement of the reader's, all that it heard, and the error in which it ended."""
    heard: list[str] = []
    rows: Sequence[object] = []
    failed = None
    with limited.reader.connect() as opened:
        opened.add_notice_handler(lambda told: heard.append(f"{told.message_primary} {told.message_detail}"))
        opened.execute(LEAKY)
        try:
            cursor = opened.execute(sql.SQL(statement).format(**limited.words))
            while cursor.nextset():
                pass
            rows = cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            failed = error
            heard += [
                str(error),
                str(error.diag.message_detail),
                str(error.diag.context),
                str(error.diag.message_hint),
            ]
    return rows, "\n".join([*heard, *map(str, rows)]), failed


def leaks(text: str, statement: str) -> list[str]:
    """Hidden words that are told, and do not stand in the statement itself."""
    return [word for word in HIDDEN if word in text and word not in statement]


@pytest.mark.parametrize("way", REFUSED)
def test_a_reader_of_one_tenant_is_refused(limited: Limited, way: str) -> None:
    for statement in REFUSED[way]:
        rows, text, error = tried(limited, statement)
        assert error is not None, (statement, rows)
        assert isinstance(error, ENDS), (statement, error)
        assert leaks(text, statement) == [], statement


@pytest.mark.parametrize(
    "view", [("ticks", "store"), ("foodlogstats", "store")], ids=["partition", "matview"]
)
@pytest.mark.parametrize("way", SHARED)
def test_a_reader_of_one_tenant_finds_its_own_rows_in_the_public_views(
    limited: Limited, way: str, view: tuple[str, str]
) -> None:
    words = limited.words | {"shared": sql.Identifier("public", view[0]), "word": sql.Identifier(view[1])}
    for statement in SHARED[way]:
        rows, text, error = tried(limited._replace(words=words), statement)
        assert error is None or not isinstance(error, psycopg.errors.InternalError), (statement, error)
        assert leaks(text, statement) == [], statement
        assert "globex" not in text or "globex" in statement, (statement, text)
        if "DISTINCT schema_name" in statement:
            assert rows == [("acme",)]


def test_a_plan_tells_a_reader_of_one_tenant_nothing_of_rows(limited: Limited) -> None:
    for view in ("ticks", "foodlogstats"):
        for options in ("ANALYZE, VERBOSE", "VERBOSE, SETTINGS"):
            query = f"EXPLAIN ({options}) SELECT * FROM public.{view} WHERE pg_temp.leak(store)"
            _, text, error = tried(limited, query)
            assert error is None
            assert leaks(text, query) == []
            # In partition storage, the plan does not even name the tables of others.
            assert "globex" not in text or view == "foodlogstats"


@pytest.mark.parametrize("way", EMPTY)
def test_a_reader_of_one_tenant_finds_nothing(limited: Limited, way: str) -> None:
    for statement in EMPTY[way]:
        rows, text, error = tried(limited, statement)
        assert (rows, error) == ([], None), statement
        assert leaks(text, statement) == [], statement


def test_no_catalog_and_no_view_that_everybody_reads_holds_a_row_a_secret_or_a_word_of_another_tenants_source(
    limited: Limited,
) -> None:
    named = set()
    with limited.reader.connect() as opened:
        relations = opened.execute(
            "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'v', 'm', 'p') AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')"
        ).fetchall()
        for name in relations:
            statement = sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(*name))
            try:
                text = "\n".join(str(row) for row in opened.execute(statement))
            except DENIED:
                continue
            assert leaks(text, "") == [], name
            if "globex" in text:
                named.add(".".join(name))
    assert len(relations) > 150
    assert named <= NAMED_IN


def test_no_definition_that_postgresql_gives_to_everybody_holds_a_row_or_a_secret(limited: Limited) -> None:
    with limited.reader.connect() as opened:
        for statement in (
            "SELECT pg_get_viewdef(oid) FROM pg_class WHERE relkind IN ('v', 'm')",
            "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE prokind IN ('f', 'p')",
            "SELECT pg_get_triggerdef(oid) FROM pg_trigger",
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint",
            "SELECT pg_get_indexdef(indexrelid) FROM pg_index",
            "SELECT pg_get_statisticsobjdef(oid) FROM pg_statistic_ext",
            "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef",
            "SELECT pg_get_ruledef(oid) FROM pg_rewrite",
            "SELECT obj_description(oid, 'pg_class'), shobj_description(oid, 'pg_database') FROM pg_class",
        ):
            text = "\n".join(str(row) for row in opened.execute(statement))
            assert text
            assert leaks(text, "") == [], statement


def test_a_reader_hears_nothing_of_what_the_warehouse_does_for_others(
    limited: Limited, server: Server
) -> None:
    with limited.reader.connect() as opened:
        for channel in ("tenantry", "globex", LINE, "foodlogstats"):
            opened.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        limited.warehouse.load(DAY, DAY, "globex", LINE)
        assert list(opened.notifies(timeout=0.2)) == []


def test_psqls_own_commands_bring_nothing_of_another_tenant(limited: Limited, tmp_path: Path) -> None:
    for command in (
        "\\copy globex.foodlogstats to '{}'",
        "\\copy _wh_data.\"public.ticks\" to '{}'",
    ):
        taken = tmp_path / "taken"
        done = psql(limited.reader, text=command.format(taken) + "\n")
        assert "permission denied" in done.stderr
        assert not taken.exists() or not taken.read_text()
    for view in ("foodlogstats", "ticks"):
        done = psql(limited.reader, text=f"\\copy (SELECT * FROM public.{view}) to stdout\n")
        assert "acme" in done.stdout
        assert leaks(done.stdout + done.stderr, "") == []
    for command in (
        "\\deu+",
        "\\des+",
        "\\dew+",
        "\\du+",
        "\\drds",
        "\\dp globex.*",
        "\\dl+",
        "\\sf _wh.load_days",
        "\\dconfig+ *",
    ):
        done = psql(limited.reader, text=f"{command}\n")
        assert leaks(done.stdout + done.stderr, "") == [], command


def test_what_hides_in_the_readers_own_temporary_schema_deceives_nobody(limited: Limited) -> None:
    """Whoever acts for the warehouse looks into pg_catalog first, and never into another session's temporary schema."""
    with limited.reader.connect() as opened:
        opened.execute("CREATE TEMP TABLE foodlogstats (id integer)")
        opened.execute("CREATE TEMP TABLE pg_class (oid oid)")
        opened.execute(LEAKY.replace("leak(", "current_setting(").encode())
        limited.warehouse.load(DAY, DAY, "globex", LINE)
        outcome = succeed(limited.warehouse, "status", "--json")
    assert outcome.json["feeds"]


def section() -> list[str]:
    """The items of the list in docs/security.md."""
    text = (Path(__file__).parents[3] / "docs" / "security.md").read_text(encoding="utf-8")
    (found,) = re.findall(
        r"^## What PostgreSQL shows to every login\n(.*?)^## ", text, re.MULTILINE | re.DOTALL
    )
    items = re.findall(r"^- (.*?)(?=^- |^$)", found.split("It can see no row")[0], re.MULTILINE | re.DOTALL)
    return [" ".join(item.split()).rstrip(";.") for item in items]


def test_the_document_lists_what_postgresql_shows_and_nothing_else() -> None:
    assert section() == list(SHOWN)


@pytest.mark.parametrize("what", SHOWN, ids=range(len(SHOWN)))
def test_postgresql_shows_what_the_document_says(limited: Limited, what: str) -> None:
    for statement in SHOWN[what]:
        rows, text, error = tried(limited, statement)
        assert rows, (statement, error)
        assert leaks(text, statement) == [], statement


@pytest.mark.system
def test_a_reader_of_one_tenant_sees_no_job_of_pg_crons(served: Warehouse) -> None:
    name = f"reader_{secrets.token_hex(4)}"
    served.run("SELECT cron.schedule('globex_pearl', '0 0 1 1 *', 'SELECT 1')")
    with session(served.admin.conninfo, role=None) as opened:
        readers.put(opened, name, [], "reader-password")
        served.server.save_password(name, "reader-password")
        try:
            reader = Database(served.server, served.name, name)
            for statement in ("SELECT * FROM cron.job", "SELECT * FROM cron.job_run_details", "SELECT cron.schedule('x', '0 0 1 1 *', 'SELECT 1')"):  # fmt: skip
                with pytest.raises(DENIED):
                    reader.run(statement)
        finally:
            readers.drop(opened, name)
            served.run("SELECT cron.unschedule('globex_pearl')")
