CREATE OR REPLACE FUNCTION _wh_internal.feed_template(feed _wh.feeds) RETURNS _wh.mv_templates
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The template of a feed as it is for its tenant. Raises an error if there is none.
    SELECT _wh_internal.for_tenant(_wh_internal.find_template(feed.template_name), feed.schema_name)
$$;
