CREATE OR REPLACE FUNCTION _wh.update_tenant_view(tenant_connection_name text, target_schema text,
    base_view_name text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Legacy: works for base names without a template, too; the view then has the columns of the newest slice.
DECLARE
    feed _wh.feeds := _wh_internal.open_feed(base_view_name, tenant_connection_name, target_schema,
        without_template => true, by_manual => true);
BEGIN
    IF _wh_internal.feed_columns(feed) IS NULL THEN
        RAISE EXCEPTION 'schema "%" has no slices of "%"', target_schema, base_view_name
            USING ERRCODE = 'undefined_object',
            HINT = 'Load some first: SELECT _wh.update_mv_core(connection, schema, date, base name, create '
                'function)';
    END IF;
    PERFORM _wh_internal.storage_publish_tenant(feed);
    PERFORM _wh_internal.write_log('update_tenant_view', 'INFO', 'tenant view updated', to_jsonb(feed));
    RETURN true;
END
$$;
COMMENT ON FUNCTION _wh.update_tenant_view IS 'Legacy: bring the union view of a tenant''s slices up to '
    'date, with or without a template';
