CREATE OR REPLACE FUNCTION _wh_internal.adopt_publish(wanted_template text, wanted_schema text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Make a tenant's view by hand one of Tenantry's. If it only gets columns, the public view by hand goes on to
-- read it, and has its turn after all tenants.
DECLARE
    feed _wh.feeds := _wh_internal.find_feed(wanted_template, wanted_schema);
BEGIN
    feed := _wh_internal.hold_feed(feed);
    PERFORM _wh_internal.lock_view('public', wanted_template);
    IF _wh_internal.only_appends(wanted_schema, _wh_internal.fit_name(wanted_template),
        _wh_internal.tenant_columns(feed)) THEN
        PERFORM set_config('tenantry.uniting', wanted_template, true);
    END IF;
    PERFORM _wh_internal.storage_publish_tenant(feed);
    PERFORM set_config('tenantry.uniting', '', true);
END
$$;
