CREATE OR REPLACE FUNCTION _wh_internal.shared_fit(feed _wh.feeds, template _wh.mv_templates, kind text,
    relname text, slice_date date) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT _wh_internal.hold_unfit(feed, kind, relname, slice_date) THEN
        RETURN;
    ELSIF kind = 'columns' THEN
        PERFORM _wh_internal.storage_publish_tenant(feed);
        PERFORM _wh.update_public_view_by_template(feed.template_name);
    ELSE
        PERFORM _wh_internal.lock_view('public', feed.template_name),
            _wh_internal.shared_fit_indexes(template, feed.storage);
    END IF;
END
$$;
