CREATE OR REPLACE FUNCTION _wh_internal.shared_publish_tenant(feed _wh.feeds) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- The tenant's view changes only with the columns.
DECLARE
    template _wh.mv_templates := _wh_internal.feed_template(feed);
    shape text := 'schema_name text, ' || _wh_internal.columns_shape(_wh_internal.tenant_columns(feed));
BEGIN
    PERFORM _wh_internal.fit_columns(template, _wh_internal.shared_table(template, feed.storage));
    IF _wh_internal.view_columns('public', _wh_internal.fit_name(feed.template_name)) <> shape THEN
        PERFORM _wh_internal.lock_view('public', feed.template_name),
            _wh_internal.storage_publish_public(template);
    END IF;
    RETURN _wh_internal.show_table(feed);
END
$$;
