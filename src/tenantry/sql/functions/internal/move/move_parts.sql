CREATE OR REPLACE FUNCTION _wh_internal.move_parts(feed _wh.feeds, template _wh.mv_templates, storage text,
    target_year integer)
RETURNS TABLE (month integer, first_day date, last_day date)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The tables that will hold a year in the other storage: one (month is NULL), or one for each of its
    -- months, if the template asks for months and the year is not folded.
    WITH year AS (
        SELECT NOT (_wh_internal.storage_traits(storage)).by_month OR template.partition_by = 'year'
            OR EXISTS (SELECT FROM _wh_internal.folded_years(feed) y WHERE y.year = target_year) AS whole
        WHERE target_year = ANY (_wh_internal.feed_years(feed))
    )
    SELECT NULL::integer, make_date(target_year, 1, 1), make_date(target_year, 12, 31) FROM year WHERE whole
    UNION ALL
    SELECT m.month, make_date(target_year, m.month, 1),
        (make_date(target_year, m.month, 1) + interval '1 month')::date - 1
    FROM year, generate_series(1, 12) AS m (month)
    WHERE NOT whole AND (
        EXISTS (SELECT FROM _wh_internal.storage_relations(feed, only_daily => false) r
            WHERE r.first_day < make_date(target_year, m.month, 1) + interval '1 month'
            AND r.last_day >= make_date(target_year, m.month, 1))
        OR EXISTS (SELECT FROM _wh_internal.present_days(feed) p
            WHERE p.slice_date >= make_date(target_year, m.month, 1)
            AND p.slice_date < make_date(target_year, m.month, 1) + interval '1 month'))
$$;
