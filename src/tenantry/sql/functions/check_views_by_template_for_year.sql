CREATE OR REPLACE FUNCTION _wh.check_views_by_template_for_year(template_name text, target_schema text, target_year integer) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- A closed year should have every day as a slice, or one yearly table and no slices; the current year, every day up to
-- today.
DECLARE
    feed _wh.feeds := _wh_internal.find_feed(template_name, target_schema);
    today date := _wh.current_date_utc();
    first_day date;
    last_day date;
    converted boolean;
    present date[];
    missing date[];
    ranges jsonb;
    status text;
    next_step text;
BEGIN
    IF target_year IS NULL OR target_year NOT BETWEEN 1 AND 9999 OR target_year > extract(year FROM today) THEN
        RAISE EXCEPTION 'year % cannot be checked: it is % in UTC', target_year, to_char(today::timestamp, 'YYYY-MM-DD')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    first_day := make_date(target_year, 1, 1);
    last_day := least(make_date(target_year, 12, 31), today);
    converted := EXISTS (SELECT FROM _wh_internal.folded_years(feed) y WHERE y.year = target_year);
    SELECT coalesce(array_agg(s.slice_date ORDER BY s.slice_date), '{}') INTO present
    FROM _wh_internal.present_days(feed) s WHERE s.slice_date BETWEEN first_day AND make_date(target_year, 12, 31);
    SELECT coalesce(array_agg(d.day ORDER BY d.day), '{}') INTO missing
    FROM (SELECT first_day + n AS day FROM generate_series(0, last_day - first_day) n) d
    WHERE NOT converted AND d.day <> ALL (present);
    SELECT coalesce(jsonb_agg(jsonb_build_object('from', g.first, 'to', g.last, 'days', g.days) ORDER BY g.first), '[]') INTO ranges
    FROM (SELECT min(m.day) AS first, max(m.day) AS last, count(*) AS days
          FROM unnest(missing) WITH ORDINALITY AS m(day, n) GROUP BY m.day - m.n::integer) g;
    status := CASE
        WHEN converted AND feed.storage = 'matview' AND cardinality(present) > 0 THEN 'stale slices beside the yearly table'
        WHEN converted THEN 'converted'
        WHEN cardinality(missing) > 0 THEN 'incomplete'
        WHEN target_year = extract(year FROM today) THEN 'complete to date'
        ELSE 'complete' END;
    next_step := CASE status
        WHEN 'stale slices beside the yearly table' THEN 'Drop the daily materialized views of the year: the tenant view reads the yearly table.'
        WHEN 'incomplete' THEN format('SELECT _wh.update_mv_window_by_template(%L, %L, %L, %L, %L)', feed.template_name, feed.tenant_name,
            feed.schema_name, ranges -> 0 ->> 'from', ranges -> -1 ->> 'to')
        WHEN 'complete' THEN format('SELECT _wh.create_combined_table_from_template_by_year(%L, %L, %s)', feed.template_name, feed.schema_name, target_year)
        END;
    RETURN jsonb_build_object('success', status IN ('complete', 'complete to date', 'converted'), 'status', status,
        'template', feed.template_name, 'schema', feed.schema_name, 'year', target_year,
        'expected_days', last_day - first_day + 1, 'found_days', CASE WHEN converted THEN last_day - first_day + 1 ELSE cardinality(present) END,
        'missing_count', cardinality(missing), 'missing_days', to_jsonb(missing), 'missing_ranges', ranges,
        'stale_mvs', CASE WHEN converted AND feed.storage = 'matview' THEN to_jsonb(present) ELSE '[]' END, 'converted', converted, 'next', next_step);
END
$$;
COMMENT ON FUNCTION _wh.check_views_by_template_for_year IS 'Whether a year of a tenant is complete: status, missing days, and what to run next';
