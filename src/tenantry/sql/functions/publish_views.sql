CREATE OR REPLACE FUNCTION _wh.publish_views(template_name text, tenant text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- For operators: bring the views that reports read up to date for an existing feed, or restore them.
DECLARE
    feed _wh.feeds := _wh_internal.registered_feed(template_name, tenant);
BEGIN
    PERFORM _wh_internal.audit('publish_views', format('%s.%s', feed.schema_name, feed.template_name),
        'begun');
    PERFORM _wh.update_tenant_union_view_by_template(feed.template_name, feed.tenant_name, feed.schema_name);
    RETURN _wh.update_public_view_by_template(feed.template_name);
END
$$;
COMMENT ON FUNCTION _wh.publish_views IS 'For operators: bring a tenant''s view and the public view up to '
    'date';
