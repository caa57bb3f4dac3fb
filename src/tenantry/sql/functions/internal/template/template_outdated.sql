CREATE OR REPLACE FUNCTION _wh_internal.template_outdated(template_name text)
RETURNS TABLE (tenant text, days bigint, first date, last date, tables name[], views bigint,
    range_capable boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    -- For each tenant: the days made by an earlier text of the template, the tables that do not match the
    -- template, the number of such daily views, and whether its source can report where its data begins.
    WITH old AS MATERIALIZED (
        SELECT o.schema_name, count(*) AS days, min(s.day) AS first, max(s.day) AS last
        FROM _wh.mv_templates t CROSS JOIN LATERAL _wh_internal.feeds_with_other_text(t) o
        CROSS JOIN LATERAL _wh_internal.day_states(o) s
        WHERE t.template_name = template_outdated.template_name AND s.outdated
        GROUP BY o.schema_name
    )
    SELECT f.schema_name, coalesce(d.days, 0), d.first, d.last, coalesce(u.tables, '{}'::name[]), u.views,
        _wh_internal.range_capable(_wh_internal.for_tenant(t, f.schema_name))
    FROM _wh.mv_templates t
    JOIN _wh.feeds f USING (template_name)
    LEFT JOIN old d ON d.schema_name = f.schema_name
    CROSS JOIN LATERAL (
        SELECT array_agg(DISTINCT u.relname
        ORDER BY u.relname) FILTER (WHERE u.slice_date IS NULL) AS tables, count(u.slice_date) AS views
        FROM _wh_internal.unfit_relations(f) u
    ) u
    WHERE t.template_name = template_outdated.template_name
        AND (d.days > 0 OR u.views > 0 OR u.tables IS NOT NULL)
    ORDER BY f.schema_name
$$;
