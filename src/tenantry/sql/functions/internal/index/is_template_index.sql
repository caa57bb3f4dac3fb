CREATE OR REPLACE FUNCTION _wh_internal.is_template_index(index oid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Whether an index has a name that a template gives, or once gave, to the indexes of its relation, or the
    -- name under which it was put aside.
    SELECT c.relname = 'tenantry_old_' || c.oid OR EXISTS (
        SELECT FROM _wh.template_indexes t
        LEFT JOIN _wh.feeds f ON f.template_name = t.template_name AND n.nspname = '_wh_data'
        WHERE _wh_internal.fit_name(_wh_internal.fill_in(t.index_name, coalesce(f.schema_name, n.nspname),
            r.relname)) = c.relname)
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_class r ON r.oid = i.indrelid
    JOIN pg_namespace n ON n.oid = r.relnamespace
    WHERE i.indexrelid = index
$$;
