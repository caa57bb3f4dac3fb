CREATE OR REPLACE FUNCTION _wh_internal.move_days(feed _wh.feeds, template _wh.mv_templates, first_day date,
    last_day date)
RETURNS TABLE (day date, row_count bigint, differs boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' AS $$
-- Compare the copy with what reports see, for each day of one year: the number of rows, and the sum of a
-- hash of each row's text.
DECLARE
    columns text := _wh_internal.column_list(template.template_name);
    predicate text := _wh_internal.day_predicate(template, first_day, last_day);
    kept text := coalesce((SELECT string_agg(s.body, ' UNION ALL ')
        FROM _wh_internal.move_sources(feed, template, extract(year FROM first_day)::integer) s
        WHERE s.first_day <= move_days.last_day AND s.last_day >= move_days.first_day),
            _wh_internal.empty_select(_wh_internal.feed_columns(feed)));
    side _wh.feeds := _wh_internal.side_feed(feed, 'tenantry_move_');
BEGIN
    RETURN QUERY EXECUTE format($q$
        WITH kept AS (SELECT %1$s AS day, count(*) AS n, sum(hashtextextended(ROW(%2$s)::text, 0)) AS hash
        FROM (%3$s) q WHERE %4$s GROUP BY 1),
            copied AS (SELECT %1$s AS day, count(*) AS n, sum(hashtextextended(ROW(%2$s)::text, 0)) AS hash
            FROM _wh_data.%5$I WHERE %4$s GROUP BY 1)
        SELECT day, coalesce(k.n, 0), (k.n, k.hash) IS DISTINCT FROM (c.n, c.hash) FROM kept k FULL
            JOIN copied c USING (day) ORDER BY 1
        $q$, format('(%I%s)::date', template.time_column, _wh_internal.day_zone(template)), columns, kept,
            predicate, _wh_internal.kept_name(side));
END
$$;
