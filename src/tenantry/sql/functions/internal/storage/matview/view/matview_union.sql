CREATE OR REPLACE FUNCTION _wh_internal.matview_union(feed _wh.feeds, template _wh.mv_templates,
    columns _wh.template_columns[]) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The query of a tenant view: a branch for each slice and each yearly table, in order of time. If the
    -- template names its time column, each branch repeats the bounds that its rows are known to keep: with
    -- constraint_exclusion = on the planner leaves out the branches that a report's own dates exclude.
    WITH years AS MATERIALIZED (
        SELECT y.year, y.relid FROM _wh_internal.year_relations(feed) y
    ), branches AS (
        SELECT y.relid, make_date(y.year, 1, 1) AS first_day,
        make_date(y.year, 12, 31) AS last_day FROM years y
        UNION ALL
        -- A daily slice beside the yearly table of its year is a leftover: counting it would double its
        -- rows.
        SELECT s.relid, s.slice_date, s.slice_date FROM _wh_internal.slice_relations(feed) s
        WHERE extract(year FROM s.slice_date) NOT IN (SELECT y.year FROM years y)
    ), others AS MATERIALIZED (
        -- Days whose rows were chosen by another time column, or by an unknown one, have no bounds that are
        -- certain.
        SELECT x.slice_date AS day FROM _wh.slices x
        WHERE x.schema_name = feed.schema_name AND x.template_name = feed.template_name
            AND x.loaded_at IS NOT NULL
            AND x.time_column IS DISTINCT FROM template.time_column
    ), bounds AS (
        SELECT b.*, b.first_day = b.last_day AS daily,
            template.time_column IS NOT NULL AND b.first_day NOT IN (SELECT o.day FROM others o)
            AND (b.first_day = b.last_day
            OR extract(year FROM b.first_day) NOT IN (SELECT extract(year FROM o.day) FROM others o))
            AND EXISTS (SELECT FROM pg_attribute a
                JOIN _wh.template_columns t ON t.template_name = template.template_name
                AND t.column_name = a.attname
                WHERE a.attrelid = b.relid AND a.attname = template.time_column AND NOT a.attisdropped
                    AND format_type(a.atttypid, a.atttypmod) = t.data_type) AS bounded,
            _wh_internal.day_value(template, b.relid) AS day
        FROM branches b
    ), selects AS (
        -- The day of a slice is a constant, so the planner leaves out the slices of days that a report does
        -- not ask for by `day`, whatever constraint_exclusion is.
        SELECT g.first_day, format('SELECT %s FROM %s', _wh_internal.select_list(g.relid, columns,
            CASE WHEN g.daily AND (g.bounded OR template.time_column IS NULL OR g.day IS NULL)
                THEN format('DATE %L', to_char(g.first_day::timestamp, 'YYYY-MM-DD'))
                ELSE g.day END), g.relid::regclass)
            || CASE WHEN g.bounded
                THEN ' WHERE ' || _wh_internal.day_predicate(template, g.first_day, g.last_day)
                ELSE '' END AS branch
        FROM bounds g
    )
    SELECT coalesce(string_agg(s.branch, E'\nUNION ALL ' ORDER BY s.first_day),
        _wh_internal.empty_select(columns))
    FROM selects s
$$;
