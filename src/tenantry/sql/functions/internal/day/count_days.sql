CREATE OR REPLACE FUNCTION _wh_internal.count_days(template _wh.mv_templates, relation text, predicate text)
    RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The number of rows of each UTC day in a relation, counting rows for which the predicate is true; NULL if
-- there are none. Rows are grouped by the start of their day, and only the start is turned into a date:
-- casting the time of each row takes longer.
DECLARE
    time_type text := (SELECT c.data_type FROM _wh.template_columns c
        WHERE c.template_name = template.template_name AND c.column_name = template.time_column);
    counts jsonb;
BEGIN
    EXECUTE format('SELECT jsonb_object_agg(to_char((day%s)::timestamp, ''YYYY-MM-DD''), n) FROM (SELECT %s '
        'AS day, count(*) AS n FROM %s WHERE %s GROUP BY 1) d',
        _wh_internal.day_zone(template),
        CASE WHEN time_type = 'date' THEN quote_ident(template.time_column)
            ELSE format('date_bin(INTERVAL ''1 day'', %I, %s)', template.time_column,
            _wh_internal.day_bound(template, DATE '2000-01-01')) END,
        relation, predicate) INTO counts;
    RETURN counts;
END
$$;
