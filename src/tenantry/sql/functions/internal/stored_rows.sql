CREATE OR REPLACE FUNCTION _wh_internal.stored_rows(feed _wh.feeds, template _wh.mv_templates, first_day date, last_day date) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- A statement for the rows that reports see of some days, with the template's columns and the UTC day as slice_date. The
    -- tenant's view or table tells the days apart by the time column; without one, only the slices and yearly tables do.
    SELECT CASE WHEN template.time_column IS NOT NULL THEN
        format('SELECT %s, (%I%s)::date AS slice_date FROM %I.%I WHERE %s', _wh_internal.column_list(template.template_name),
            template.time_column, _wh_internal.day_zone(template), feed.schema_name, _wh_internal.fit_name(feed.template_name),
            _wh_internal.day_predicate(template, first_day, last_day))
    ELSE coalesce((
        SELECT string_agg(format('SELECT %s, %s AS slice_date FROM %I.%I WHERE %s',
            _wh_internal.select_list(r.relid, _wh_internal.feed_columns(feed)), r.day, feed.schema_name, r.relname, r.days), ' UNION ALL ')
        FROM (
            SELECT s.relid, s.relname, format('DATE %L', to_char(s.slice_date::timestamp, 'YYYY-MM-DD')) AS day, 'true' AS days
            FROM _wh_internal.slice_relations(feed) s
            WHERE s.slice_date BETWEEN first_day AND last_day
                AND extract(year FROM s.slice_date) NOT IN (SELECT y.year FROM _wh_internal.year_relations(feed) y)
            UNION ALL
            SELECT y.relid, y.relname, 'slice_date', format('slice_date BETWEEN %L AND %L',
                to_char(first_day::timestamp, 'YYYY-MM-DD'), to_char(last_day::timestamp, 'YYYY-MM-DD'))
            FROM _wh_internal.year_relations(feed) y
            WHERE y.year BETWEEN extract(year FROM first_day) AND extract(year FROM last_day)
        ) r),
        format('SELECT e.*, NULL::date AS slice_date FROM (%s) e', _wh_internal.empty_select(_wh_internal.feed_columns(feed)))) END
$$;
