CREATE OR REPLACE FUNCTION _wh_internal.year_lock(feed _wh.feeds, target_year integer) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT hashtextextended(jsonb_build_array('tenantry year', feed.schema_name, feed.template_name,
        target_year)::text, 0)
$$;
