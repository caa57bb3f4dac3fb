CREATE OR REPLACE FUNCTION _wh_internal.tenant_columns(feed _wh.feeds) RETURNS _wh.template_columns[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The columns of a feed's views: shown_columns, or without a template those of its newest slice.
    SELECT coalesce(_wh_internal.shown_columns(feed.template_name), _wh_internal.feed_columns(feed))
$$;
