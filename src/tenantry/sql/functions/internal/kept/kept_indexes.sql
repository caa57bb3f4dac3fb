CREATE OR REPLACE FUNCTION _wh_internal.kept_indexes(feed _wh.feeds, template _wh.mv_templates, name text,
    relation_name text DEFAULT NULL) RETURNS text
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    -- The statements that create a template's indexes on a feed's table in _wh_data (render_indexes).
    SELECT _wh_internal.render_indexes(template, feed.schema_name, name, relation_name, '_wh_data')
$$;
