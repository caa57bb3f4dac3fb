CREATE OR REPLACE FUNCTION _wh_internal.matview_union(feed _wh.feeds, template _wh.mv_templates, columns _wh.template_columns[]) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- What a tenant view selects: a branch for each slice and each yearly table, in order of time. Where the template
    -- names its time column, each branch repeats the bounds that its rows are known to keep: with
    -- constraint_exclusion = on the planner leaves out the branches that a report's own dates rule out.
    WITH years AS MATERIALIZED (
        SELECT y.year, y.relid, y.relname FROM _wh_internal.year_relations(feed) y
    ), branches AS (
        SELECT y.relid, y.relname, make_date(y.year, 1, 1) AS first_day, make_date(y.year, 12, 31) AS last_day FROM years y
        UNION ALL
        -- Beside a yearly table a daily slice of that year is a leftover: counting it would double its rows.
        SELECT s.relid, s.relname, s.slice_date, s.slice_date FROM _wh_internal.slice_relations(feed) s
        WHERE extract(year FROM s.slice_date) NOT IN (SELECT y.year FROM years y)
    ), selects AS (
        SELECT b.first_day, format('SELECT %s FROM %I.%I', _wh_internal.select_list(b.relid, columns), feed.schema_name, b.relname)
            || CASE WHEN EXISTS (
                SELECT FROM pg_attribute a WHERE a.attrelid = b.relid AND a.attname = template.time_column AND NOT a.attisdropped)
                THEN ' WHERE ' || _wh_internal.day_predicate(template, b.first_day, b.last_day) ELSE '' END AS branch
        FROM branches b
    )
    SELECT coalesce(string_agg(s.branch, E'\nUNION ALL ' ORDER BY s.first_day), _wh_internal.empty_select(columns))
    FROM selects s
$$;
