CREATE OR REPLACE FUNCTION _wh_internal.lacks_barrier(view regclass) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Whether a tenant's view picks its rows from a table of all tenants, and lets a reader's own conditions
    -- see the others' rows first: an error or a function of the reader's would tell them. On a cluster,
    -- row security on the nodes keeps the others' rows from the reader.
    SELECT EXISTS (SELECT FROM pg_class c WHERE c.oid = view
            AND c.relnamespace <> 'public'::regnamespace
            AND NOT coalesce(c.reloptions, '{}') @> ARRAY['security_barrier=true'])
        AND EXISTS (SELECT FROM _wh.storages s CROSS JOIN _wh.mv_templates t
            WHERE s.shared AND NOT s.distributed AND _wh_internal.kept_relation(
            _wh_internal.shared_name(t.template_name, s.storage)) = ANY (_wh_internal.view_reads(view)))
$$;
