CREATE OR REPLACE FUNCTION _wh_internal.describe_tenant_views(template _wh.mv_templates) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Run describe_view for those of the tenants' views whose comments differ from the descriptions.
DECLARE
    name text := _wh_internal.fit_name(template.template_name);
    wanted jsonb := _wh_internal.view_descriptions(template);
BEGIN
    PERFORM _wh_internal.describe_view(f.schema_name, name, template)
    FROM _wh.feeds f LEFT JOIN _wh.view_comments v ON v.schema_name = f.schema_name AND v.view_name = name
    WHERE f.template_name = template.template_name AND coalesce(v.comments, '{}') <> wanted;
END
$$;
