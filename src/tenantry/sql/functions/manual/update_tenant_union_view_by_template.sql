CREATE OR REPLACE FUNCTION _wh.update_tenant_union_view_by_template(
    template_name text, tenant_connection_name text, target_schema text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- The view does not need the connection. The parameter exists because every call in the manual gives one.
DECLARE
    feed _wh.feeds := _wh_internal.find_feed(template_name, target_schema);
    started timestamptz := clock_timestamp();
    changed boolean;
BEGIN
    feed := _wh_internal.hold_feed(feed);
    changed := _wh_internal.storage_publish_tenant(feed);
    PERFORM _wh_internal.adopt_days(feed);
    PERFORM _wh_internal.write_log('update_tenant_union_view_by_template', 'INFO', 'tenant view updated',
        to_jsonb(feed) || jsonb_build_object('changed', changed, 'seconds',
        _wh_internal.seconds_since(started)));
    RETURN true;
END
$$;
COMMENT ON FUNCTION _wh.update_tenant_union_view_by_template IS 'Bring the union view of a tenant''s slices '
    'up to date';
