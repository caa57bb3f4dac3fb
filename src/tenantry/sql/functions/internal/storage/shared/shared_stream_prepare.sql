CREATE OR REPLACE FUNCTION _wh_internal.shared_stream_prepare(feed _wh.feeds, template _wh.mv_templates,
    first_day date, bulk boolean) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    -- The indexes stay during a bulk load: other tenants' reports need them.
    SELECT _wh_internal.fit_columns(template, _wh_internal.shared_enter(feed, template));
    SELECT _wh_internal.shared_leaf(feed, template, first_day);
$$;
