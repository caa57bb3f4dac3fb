CREATE OR REPLACE FUNCTION _wh_internal.adopt_publish(wanted_template text, wanted_schema text DEFAULT NULL)
    RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Make a tenant's view by hand one of Tenantry's, or the public view, and nothing else: reports wait until
-- this transaction ends. If a tenant's view only gets columns, the public view by hand goes on to read it,
-- and has its turn after all tenants.
DECLARE
    feed _wh.feeds;
BEGIN
    PERFORM _wh_internal.lock_view('public', wanted_template);
    IF wanted_schema IS NULL THEN
        PERFORM _wh_internal.hold_template_tenants(ARRAY[wanted_template]);
        PERFORM _wh_internal.storage_publish_public(_wh_internal.find_template(wanted_template));
        RETURN;
    END IF;
    feed := _wh_internal.hold_feed(_wh_internal.find_feed(wanted_template, wanted_schema));
    IF _wh_internal.only_appends(wanted_schema, _wh_internal.fit_name(wanted_template),
        _wh_internal.tenant_columns(feed)) THEN
        PERFORM set_config('tenantry.uniting', wanted_template, true);
    END IF;
    PERFORM _wh_internal.matview_publish_tenant(feed);
    PERFORM set_config('tenantry.uniting', '', true);
END
$$;
