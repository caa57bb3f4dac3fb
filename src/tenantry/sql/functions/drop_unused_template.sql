CREATE OR REPLACE FUNCTION _wh.drop_unused_template(template_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- For template authors: drop a template that no tenant uses and that has no data. A relation of its name in
-- public may be something else, so it stays.
DECLARE
    template _wh.mv_templates := _wh_internal.find_template(template_name);
    tenants text;
BEGIN
    DELETE FROM _wh.mv_templates t WHERE t.template_name = template.template_name;
    SELECT string_agg(f.schema_name, ', ' ORDER BY f.schema_name) INTO tenants FROM _wh.feeds f
        WHERE f.template_name = template.template_name;
    IF tenants IS NOT NULL THEN
        RAISE EXCEPTION 'template "%" is used by %', template.template_name, tenants
            USING ERRCODE = 'dependent_objects_still_exist',
            HINT = 'Ask whadmin to drop it: tenantry template '
                'drop ' || template.template_name || ' --with-data';
    ELSIF _wh_internal.relation_kind(format('public.%I',
        _wh_internal.fit_name(template.template_name))) IS NOT NULL THEN
        RAISE EXCEPTION 'template "%" has a view or table in public', template.template_name
            USING ERRCODE = 'dependent_objects_still_exist',
            HINT = 'Ask whadmin to drop both: tenantry template drop ' || template.template_name;
    END IF;
END
$$;
COMMENT ON FUNCTION _wh.drop_unused_template(text) IS 'For template authors: drop a template that no tenant '
    'uses';
