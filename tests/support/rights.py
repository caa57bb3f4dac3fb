"""Every object of a warehouse with its owner, and what each role may do with it, from the live catalog."""

from __future__ import annotations

from pathlib import Path

from tests.support.databases import Database

TABLE = Path(__file__).parents[1] / "data/rights.tsv"
"""The rights as they should be, committed."""

HEAD = ("kind", "object", "owner", "postgres", "whadmin", "phood_ro", "PUBLIC")

# MAINTAIN exists from PostgreSQL 17 on; owners have it, nobody is given it.
_QUERY = """
WITH schemas AS (
    SELECT n.oid, n.nspname::text AS name FROM pg_namespace n
    WHERE n.nspname IN ('_wh', '_wh_data', '_wh_internal', '_wh_audit', 'cron', 'public', 'acme')
), objects (kind, object, owner, family, id) AS (
    SELECT 'database', 'the warehouse', datdba, 'database', oid FROM pg_database WHERE datname = current_database()
    UNION ALL
    SELECT 'schema', n.nspname::text, n.nspowner, 'schema', n.oid FROM pg_namespace n JOIN schemas s ON s.oid = n.oid
    UNION ALL
    SELECT CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
            WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' END,
        format('%I.%I', s.name, c.relname), c.relowner, CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END, c.oid
    FROM pg_class c JOIN schemas s ON s.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    UNION ALL
    SELECT CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END || CASE WHEN p.prosecdef THEN ' (definer)' ELSE '' END,
        format('%I.%I(%s)', s.name, p.proname, pg_get_function_identity_arguments(p.oid)), p.proowner, 'function', p.oid
    FROM pg_proc p JOIN schemas s ON s.oid = p.pronamespace
    UNION ALL
    SELECT 'foreign data wrapper', fdwname::text, fdwowner, 'foreign_data_wrapper', oid FROM pg_foreign_data_wrapper
    UNION ALL
    SELECT 'foreign server', CASE WHEN starts_with(srvname, 'wh_') THEN 'the source of acme' ELSE srvname::text END, srvowner, 'server', oid FROM pg_foreign_server
), rights AS (
    SELECT o.kind, o.object, pg_get_userbyid(o.owner)::text AS owner, r.role, r.n, string_agg(p.word, ',' ORDER BY p.n) FILTER (
            WHERE CASE o.family
                WHEN 'database' THEN has_database_privilege(r.role, o.id, p.word)
                WHEN 'schema' THEN has_schema_privilege(r.role, o.id, p.word)
                WHEN 'table' THEN has_table_privilege(r.role, o.id, p.word)
                WHEN 'sequence' THEN has_sequence_privilege(r.role, o.id, p.word)
                WHEN 'function' THEN has_function_privilege(r.role, o.id, p.word)
                WHEN 'server' THEN has_server_privilege(r.role, o.id, p.word)
                ELSE has_foreign_data_wrapper_privilege(r.role, o.id, p.word) END) AS may,
        string_agg(p.word, ',' ORDER BY p.n) AS everything
    FROM objects o
    CROSS JOIN (VALUES (1, 'postgres'), (2, 'whadmin'), (3, 'phood_ro'), (4, 'public')) r(n, role)
    JOIN LATERAL unnest(CASE o.family
        WHEN 'database' THEN '{CONNECT,CREATE,TEMPORARY}'
        WHEN 'schema' THEN '{USAGE,CREATE}'
        WHEN 'table' THEN '{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'
        WHEN 'sequence' THEN '{USAGE,SELECT,UPDATE}'
        WHEN 'function' THEN '{EXECUTE}'
        ELSE '{USAGE}' END::text[]) WITH ORDINALITY p(word, n) ON true
    GROUP BY o.kind, o.object, o.owner, r.role, r.n
    UNION ALL
    SELECT 'default privilege', format('%s of %s%s', CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'f' THEN 'functions'
            WHEN 'S' THEN 'sequences' WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' END,
            pg_get_userbyid(d.defaclrole), CASE d.defaclnamespace WHEN 0 THEN '' ELSE ' in schema ' || d.defaclnamespace::regnamespace END),
        pg_get_userbyid(d.defaclrole), r.role, r.n, (
            SELECT string_agg(x.privilege_type, ',' ORDER BY x.privilege_type) FROM aclexplode(d.defaclacl) x
            WHERE x.grantee = coalesce(to_regrole(r.role)::oid, 0)), NULL
    FROM pg_default_acl d CROSS JOIN (VALUES (1, 'postgres'), (2, 'whadmin'), (3, 'phood_ro'), (4, 'public')) r(n, role)
)
SELECT kind, object, owner, array_agg(CASE WHEN may = everything THEN 'all' ELSE coalesce(may, '-') END ORDER BY n)
FROM rights GROUP BY kind, object, owner ORDER BY kind, object, owner
"""


def rights(database: Database) -> list[str]:
    """A line for each object, in the columns of HEAD, with tabs between them."""
    return [
        "\t".join((kind, name, owner, *may))
        for kind, name, owner, may in database.rows(_QUERY)  # one literal, with no values in it
    ]


def committed() -> list[str]:
    """The lines of the committed table, without its head."""
    return TABLE.read_text(encoding="utf-8").splitlines()[1:]


def write(lines: list[str]) -> None:
    """Make the committed table say this."""
    TABLE.write_text("\n".join(["\t".join(HEAD), *lines, ""]), encoding="utf-8")
