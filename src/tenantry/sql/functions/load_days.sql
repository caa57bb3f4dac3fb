CREATE OR REPLACE FUNCTION _wh.load_days(template_name text, tenant text, first_day date, last_day date, only_changed boolean DEFAULT false) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- For operators: load days of a feed that is there, from the source that it has. They name no connection and no function.
DECLARE
    feed _wh.feeds := _wh_internal.registered_feed(template_name, tenant);
BEGIN
    PERFORM _wh_internal.audit('load_days', format('%s.%s %s %s', feed.schema_name, feed.template_name, first_day, last_day), 'begun');
    RETURN _wh.update_mv_window_by_template(feed.template_name, feed.tenant_name, feed.schema_name, first_day, last_day, only_changed => only_changed);
END
$$;
COMMENT ON FUNCTION _wh.load_days(text, text, date, date, boolean) IS 'Load days of a tenant: for operators, who name no connection';
