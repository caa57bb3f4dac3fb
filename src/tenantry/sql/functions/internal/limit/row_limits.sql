CREATE OR REPLACE FUNCTION _wh_internal.row_limits(root regclass, limited boolean) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The statements that give a table of all tenants the row security that lets each limited reader see its
    -- tenants alone, or that take it away; NULL if nothing has to change. Everybody may read the table,
    -- because nobody can name it: a role comes to it by a view that it may read. The tenants are constants,
    -- so the planner leaves out the tables of all others. On other nodes of a cluster, roles can name the
    -- table, and Citus makes every policy a permissive one. So there, readers of all tenants see all rows,
    -- and whoever is not a reader sees none.
    WITH wanted AS (
        SELECT 'tenantry_all' AS name, true AS open, 'true' AS qual,
            CASE WHEN d.distributed THEN to_regrole('phood_ro')::oid ELSE 0 END AS role,
            CASE WHEN d.distributed THEN 'phood_ro' ELSE 'PUBLIC' END AS grantee
        FROM _wh_internal.is_distributed(root) d (distributed) WHERE limited
        UNION ALL
        SELECT _wh_internal.fit_name('tenantry_of_' || r.reader), d.distributed,
            format('(schema_name = ANY (%L::text[]))', ARRAY(SELECT t FROM unnest(r.tenants) t ORDER BY t)),
            to_regrole(quote_ident(r.reader))::oid, quote_ident(r.reader)
        FROM _wh_internal.is_distributed(root) d (distributed)
        CROSS JOIN _wh_internal.limited_readers() r WHERE limited
    ), present AS (
        SELECT p.polname::text AS name, p.polroles[1] AS role, p.polpermissive AS open,
            pg_get_expr(p.polqual, p.polrelid) AS qual
        FROM pg_policy p WHERE p.polrelid = root AND p.polname LIKE E'tenantry\\_%'
    )
    SELECT nullif(array_agg(s.statement ORDER BY s.n, s.name), '{}') FROM (
        SELECT 1 AS n, p.name, format('DROP POLICY %I ON %s', p.name, root) AS statement FROM present p
        WHERE (p.name, p.role, p.open, p.qual) NOT IN (SELECT w.name, w.role, w.open, w.qual FROM wanted w)
        UNION ALL
        SELECT 2, w.name, format('CREATE POLICY %I ON %s AS %s FOR SELECT TO %s USING (%s)', w.name, root,
            CASE WHEN w.open THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END, w.grantee, w.qual) FROM wanted w
        WHERE (w.name, w.role, w.open, w.qual) NOT IN (SELECT p.name, p.role, p.open, p.qual FROM present p)
        UNION ALL
        SELECT 3, '', format('ALTER TABLE %s %s ROW LEVEL SECURITY', root, CASE WHEN limited THEN 'ENABLE'
            ELSE 'DISABLE' END) FROM pg_class c
        WHERE c.oid = root AND limited <> c.relrowsecurity AND (limited OR EXISTS (SELECT FROM present))
        UNION ALL
        SELECT 4, '', format(CASE WHEN limited THEN 'GRANT SELECT ON %s TO PUBLIC'
            ELSE 'REVOKE SELECT ON %s FROM PUBLIC' END, root)
        WHERE limited <> has_table_privilege('public', root, 'SELECT')
            AND (limited OR EXISTS (SELECT FROM present))
    ) s
$$;
