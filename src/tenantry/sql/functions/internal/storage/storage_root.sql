CREATE OR REPLACE FUNCTION _wh_internal.storage_root(template _wh.mv_templates, storage text) RETURNS oid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The table of all tenants in a storage that has one; NULL if there is none (yet).
    SELECT _wh_internal.kept_relation(CASE WHEN s.shared THEN _wh_internal.shared_name(template.template_name,
        s.storage) ELSE _wh_internal.partition_root(template) END)
    FROM _wh.storages s WHERE s.storage = storage_root.storage AND s.united
$$;
