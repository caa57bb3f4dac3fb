CREATE OR REPLACE FUNCTION _wh_internal.kept_name(feed _wh.feeds) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The name in _wh_data of the table that holds all of a feed's rows, in a storage that has one.
    SELECT _wh_internal.fit_name(_wh_internal.kept_base(feed.schema_name, feed.template_name))
$$;
