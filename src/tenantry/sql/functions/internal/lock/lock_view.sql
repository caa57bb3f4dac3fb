CREATE OR REPLACE FUNCTION _wh_internal.lock_view(schema_name text, template_name text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    -- One writer of a view at a time. Where both are needed the public view's lock comes first, then the
    -- tenant's.
    SELECT _wh_internal.await_lock(hashtextextended(jsonb_build_array('tenantry view', schema_name,
        template_name)::text, 0), false,
            format('view %s.%s, which another session writes', schema_name, template_name)),
        _wh_internal.hear_of_changes()
$$;
