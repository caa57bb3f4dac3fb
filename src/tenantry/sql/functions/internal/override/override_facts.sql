CREATE OR REPLACE FUNCTION _wh_internal.override_facts(template_name text DEFAULT NULL)
RETURNS TABLE (template text, tenant text, query text, drifted boolean, created_at timestamptz,
    updated_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    -- Tenants' own queries of a template, or of all. drifted: the template's columns have changed since the
    -- query was tried, so it may no longer return them.
    SELECT o.template_name, o.schema_name, o.query_template,
        o.columns IS DISTINCT FROM _wh_internal.columns_shape(_wh_internal.columns_of(o.template_name),
        collated => false),
        o.created_at, o.updated_at
    FROM _wh.template_overrides o
    WHERE o.template_name = coalesce(override_facts.template_name, o.template_name)
    ORDER BY o.template_name, o.schema_name
$$;
