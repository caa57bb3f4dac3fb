CREATE OR REPLACE FUNCTION _wh_internal.show_table(feed _wh.feeds) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Make the tenant view show a feed's rows in the one table that holds them; true if it had to change.
-- A public view that reads the tenant view is blanked while the columns change.
DECLARE
    kept oid := _wh_internal.storage_table(feed);
    view_name text := _wh_internal.fit_name(feed.template_name);
    existing regclass := to_regclass(format('%I.%I', feed.schema_name, view_name));
    columns _wh.template_columns[] := _wh_internal.tenant_columns(feed);
    template _wh.mv_templates := (SELECT t FROM _wh.mv_templates t
        WHERE t.template_name = feed.template_name);
    body text;
BEGIN
    IF kept IS NULL THEN
        RETURN false;
    END IF;
    body := format('SELECT %s FROM %s', _wh_internal.select_list(kept, columns,
        _wh_internal.day_value(template, kept)), kept::regclass)
        || coalesce(' WHERE ' || nullif(_wh_internal.feed_rows(feed, 'true'), 'true'), '');
    IF _wh_internal.view_columns(feed.schema_name, view_name) <> _wh_internal.columns_shape(columns)
        AND existing = ANY (_wh_internal.view_reads(to_regclass(format('public.%I', view_name)))) THEN
        PERFORM _wh_internal.lock_view('public', feed.template_name);
        PERFORM _wh_internal.execute_patiently(format('%sSELECT _wh_internal.replace_view(%L, %L, %L), '
            '_wh_internal.storage_publish_public(_wh_internal.find_template(%L))',
            _wh_internal.blank_view('public', view_name), feed.schema_name, view_name, body,
            feed.template_name));
        RETURN true;
    END IF;
    RETURN _wh_internal.replace_view(feed.schema_name, view_name, body);
END
$$;
