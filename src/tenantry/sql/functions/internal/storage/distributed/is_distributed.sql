CREATE OR REPLACE FUNCTION _wh_internal.is_distributed(root oid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Whether a table is one that tenants share on a cluster.
    SELECT EXISTS (SELECT FROM _wh.storages s CROSS JOIN _wh.mv_templates t WHERE s.distributed
        AND _wh_internal.kept_relation(_wh_internal.shared_name(t.template_name, s.storage)) = root)
$$;
