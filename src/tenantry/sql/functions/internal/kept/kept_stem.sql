CREATE OR REPLACE FUNCTION _wh_internal.kept_stem(feed _wh.feeds) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The start of the names in _wh_data of a feed's tables for years and months.
    SELECT _wh_internal.name_stem(_wh_internal.kept_base(feed.schema_name, feed.template_name))
$$;
