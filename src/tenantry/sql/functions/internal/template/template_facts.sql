CREATE OR REPLACE FUNCTION _wh_internal.template_facts()
RETURNS TABLE (template_name text, description text, storage text, time_column text, tenants text[],
    days bigint, outdated bigint,
    created_at timestamptz, updated_at timestamptz, own_queries text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    -- The templates, the tenants that use each, how many of its days are loaded, and how many of those were
    -- made by an earlier text of it. Template authors may call it, too; they can read nothing else of the
    -- tenants.
    SELECT t.template_name, t.description, t.storage, t.time_column,
        ARRAY(SELECT f.schema_name FROM _wh.feeds f WHERE f.template_name = t.template_name ORDER BY 1),
        (SELECT count(*) FROM _wh.slices s WHERE s.template_name = t.template_name
            AND s.loaded_at IS NOT NULL),
        (SELECT count(*) FROM _wh_internal.feeds_with_other_text(t) f
            CROSS JOIN LATERAL _wh_internal.day_states(f) d WHERE d.outdated),
        t.created_at, t.updated_at,
        ARRAY(SELECT o.schema_name FROM _wh.template_overrides o WHERE o.template_name = t.template_name
            ORDER BY 1)
    FROM _wh.mv_templates t ORDER BY t.template_name
$$;
