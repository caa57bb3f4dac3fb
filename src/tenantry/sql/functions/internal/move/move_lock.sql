CREATE OR REPLACE FUNCTION _wh_internal.move_lock(feed _wh.feeds) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT hashtextextended(jsonb_build_array('tenantry move', feed.schema_name, feed.template_name)::text, 0)
$$;
