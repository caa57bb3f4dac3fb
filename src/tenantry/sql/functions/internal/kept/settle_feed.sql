CREATE OR REPLACE FUNCTION _wh_internal.settle_feed(feed _wh.feeds) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Move a feed's tables from the tenant's schema to _wh_data, with the table of all tenants from public, and
-- put views in their place; false if there are none. Reports continue meanwhile.
BEGIN
    IF NOT EXISTS (SELECT FROM _wh_internal.unsettled(feed)) AND _wh_internal.relation_kind(
        format('public.%I', _wh_internal.fit_name(feed.template_name))) IS DISTINCT FROM 'p' THEN
        RETURN false;
    END IF;
    PERFORM _wh_internal.lock_view('public', feed.template_name);
    PERFORM _wh_internal.hold_template_tenants(ARRAY[feed.template_name]);
    PERFORM _wh_internal.lock_view(feed.schema_name, feed.template_name);
    PERFORM _wh_internal.execute_patiently(format('SELECT _wh_internal.settle_step(%L)', feed));
    PERFORM _wh_internal.write_log('settle_feed', 'INFO', 'tables moved to _wh_data', to_jsonb(feed));
    RETURN true;
END
$$;
