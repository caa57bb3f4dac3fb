CREATE OR REPLACE FUNCTION _wh_internal.lock_view(schema_name text, template_name text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    -- One writer of a view at a time. Where both are needed the public view's lock comes first, then the tenant's.
    SELECT pg_advisory_xact_lock(hashtextextended(jsonb_build_array('tenantry view', schema_name, template_name)::text, 0)),
        _wh_internal.hear_of_changes()
$$;
