CREATE OR REPLACE FUNCTION _wh_internal.limit_readers() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Bring up to date what limited readers see in each public view, after readers or their tenants have changed.
DECLARE
    template _wh.mv_templates;
BEGIN
    FOR template IN SELECT t.* FROM _wh.mv_templates t
        WHERE to_regclass(format('public.%I', _wh_internal.fit_name(t.template_name))) IS NOT NULL
        ORDER BY t.template_name
    LOOP
        PERFORM _wh_internal.lock_view('public', template.template_name);
        PERFORM _wh_internal.hold_template_tenants(ARRAY[template.template_name]);
        PERFORM _wh_internal.storage_publish_public(template);
    END LOOP;
    PERFORM _wh_internal.let_in('public.tenantry_freshness');
END
$$;
