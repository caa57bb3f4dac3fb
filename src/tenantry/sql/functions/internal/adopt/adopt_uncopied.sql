CREATE OR REPLACE FUNCTION _wh_internal.adopt_uncopied(at_most integer) RETURNS oid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    -- Materialized views in tenants' schemas whose definition holds a password and that have no copy of their
    -- present filling; at most so many. One whose definition is not the manual's stays as it is.
    SELECT coalesce(array_agg(u.oid), '{}') FROM (
        SELECT c.oid FROM pg_class c
        JOIN _wh.tenants t ON c.relnamespace = to_regnamespace(quote_ident(t.schema_name))
        WHERE c.relkind = 'm' AND c.relowner = 'whadmin'::regrole
            AND _wh_internal.shows_password(pg_get_viewdef(c.oid))
            AND _wh_internal.adopt_query(pg_get_viewdef(c.oid)) IS NOT NULL
            -- A view can be led to another relation, but not what else reads this one.
            AND NOT EXISTS (SELECT FROM pg_depend d LEFT JOIN pg_rewrite r
                ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
                LEFT JOIN pg_class v ON v.oid = r.ev_class
                WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.deptype = 'n'
                AND v.oid IS DISTINCT FROM c.oid AND v.relkind IS DISTINCT FROM 'v')
            AND NOT EXISTS (SELECT FROM _wh_adopt.copies p
                WHERE p.relid = c.oid AND p.filenode = pg_relation_filenode(c.oid))
        ORDER BY t.schema_name, c.relname LIMIT at_most
    ) u
$$;
