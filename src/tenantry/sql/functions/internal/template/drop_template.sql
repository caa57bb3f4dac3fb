CREATE OR REPLACE FUNCTION _wh_internal.drop_template(wanted text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Drop a template that no tenant uses, and its public view or table.
DECLARE
    template _wh.mv_templates := _wh_internal.find_template(wanted);
    view_name text := format('public.%I', _wh_internal.fit_name(template.template_name));
    root oid := _wh_internal.kept_relation(_wh_internal.partition_root(template));
    shared text := (SELECT string_agg(_wh_internal.spread(s.distributed, format('DROP TABLE %s',
        t.relid::regclass)) || '; ', '') FROM _wh.storages s
        CROSS JOIN LATERAL _wh_internal.storage_root(template, s.storage) AS t (relid)
        WHERE s.shared AND t.relid IS NOT NULL);
    tenants text;
BEGIN
    PERFORM _wh_internal.lock_view('public', template.template_name);
    DELETE FROM _wh.mv_templates t WHERE t.template_name = template.template_name;
    SELECT string_agg(f.schema_name, ', ' ORDER BY f.schema_name) INTO tenants FROM _wh.feeds f
        WHERE f.template_name = template.template_name;
    IF tenants IS NOT NULL THEN
        RAISE EXCEPTION 'template "%" is used by %', template.template_name, tenants
            USING ERRCODE = 'dependent_objects_still_exist';
    END IF;
    PERFORM _wh_internal.execute_patiently(concat(
        CASE _wh_internal.relation_kind(view_name) WHEN 'v' THEN format('DROP VIEW %s; ', view_name)
            -- The table of all tenants of versions before 0.2.
            WHEN 'p' THEN format('DROP TABLE %s; ', view_name) END,
        CASE WHEN root IS NOT NULL THEN format('DROP TABLE %s; ', root::regclass) END, shared));
    PERFORM _wh_internal.write_log('drop_template', 'INFO', 'template dropped', to_jsonb(template));
END
$$;
