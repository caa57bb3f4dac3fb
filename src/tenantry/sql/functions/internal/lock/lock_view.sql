CREATE OR REPLACE FUNCTION _wh_internal.lock_view(schema_name text, template_name text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    -- One writer of a view at a time. A caller that needs both locks takes the public view's first, then the
    -- tenant view's.
    SELECT _wh_internal.await_lock(hashtextextended(jsonb_build_array('tenantry view', schema_name,
        template_name)::text, 0), false,
            format('view %s.%s, which another session is writing', schema_name, template_name)),
        _wh_internal.hear_of_changes()
$$;
