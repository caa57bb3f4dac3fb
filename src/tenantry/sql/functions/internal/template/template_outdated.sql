CREATE OR REPLACE FUNCTION _wh_internal.template_outdated(template_name text)
RETURNS TABLE (tenant text, days bigint, first date, last date, tables name[], views bigint,
    range_capable boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    -- For each tenant: the days made by an earlier text of the template, the tables that do not match the
    -- template, the number of such daily views, and whether its source can report where its data begins.
    WITH other AS MATERIALIZED (
        SELECT o.schema_name, o.template_name, o AS feed,
            _wh_internal.definition_hash(_wh_internal.for_tenant(t, o.schema_name)) AS hash
        FROM _wh.mv_templates t CROSS JOIN LATERAL _wh_internal.feeds_with_other_text(t) o
        WHERE t.template_name = template_outdated.template_name
    ), states AS MATERIALIZED (
        SELECT s.schema_name, s.doubtful FROM _wh_internal.feed_states() s
        WHERE EXISTS (SELECT FROM other) AND s.template_name = template_outdated.template_name
    ), old AS MATERIALIZED (
        -- Where a feed is not in doubt, its present days are those with a record.
        SELECT s.schema_name, count(*) AS days, min(s.slice_date) AS first, max(s.slice_date) AS last
        FROM other o JOIN states x ON x.schema_name = o.schema_name AND NOT x.doubtful
        JOIN _wh.slices s ON s.schema_name = o.schema_name AND s.template_name = o.template_name
        WHERE s.loaded_at IS NOT NULL AND s.definition_hash <> o.hash
        GROUP BY s.schema_name
        UNION ALL
        SELECT o.schema_name, count(*), min(s.day), max(s.day)
        FROM other o JOIN states x ON x.schema_name = o.schema_name AND x.doubtful
        CROSS JOIN LATERAL _wh_internal.day_states(o.feed) s
        WHERE s.outdated
        GROUP BY o.schema_name
    ), unfit AS MATERIALIZED (
        SELECT u.schema_name, array_agg(DISTINCT u.relname::name ORDER BY u.relname::name)
            FILTER (WHERE u.slice_date IS NULL) AS tables, count(u.slice_date) AS views
        FROM _wh_internal.unfit_feeds(template_outdated.template_name) u GROUP BY u.schema_name
    )
    SELECT f.schema_name, coalesce(d.days, 0), d.first, d.last, coalesce(u.tables, '{}'::name[]),
        coalesce(u.views, 0), _wh_internal.range_capable(_wh_internal.for_tenant(t, f.schema_name))
    FROM _wh.mv_templates t
    JOIN _wh.feeds f USING (template_name)
    LEFT JOIN old d ON d.schema_name = f.schema_name
    LEFT JOIN unfit u ON u.schema_name = f.schema_name
    WHERE t.template_name = template_outdated.template_name
        AND (d.days > 0 OR u.schema_name IS NOT NULL)
    ORDER BY f.schema_name
$$;
