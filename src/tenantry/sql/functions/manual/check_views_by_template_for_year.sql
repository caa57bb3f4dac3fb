CREATE OR REPLACE FUNCTION _wh.check_views_by_template_for_year(template_name text, target_schema text,
    target_year integer) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- A closed year should have every day as a slice, or one yearly table and no slices. The current year should
-- have every day up to yesterday: today is never missing, and counts once it is loaded. A year can be folded
-- only if it has all of its days: days before the feed's span (`before_span` counts them) are missing from
-- the year, though not from the feed.
DECLARE
    feed _wh.feeds := _wh_internal.find_feed(template_name, target_schema);
    today date := _wh.current_date_utc();
    first_day date;
    last_day date;
    converted boolean;
    found integer;
    leftover date[];
    missing date[];
    failed date[];
    stale date[];
    ranges jsonb;
    status text;
    next_step text;
BEGIN
    IF target_year IS NULL OR target_year NOT BETWEEN 1 AND 9999 OR target_year > extract(year FROM today)
        THEN
        RAISE EXCEPTION 'year % cannot be checked: it is % in UTC', target_year,
            to_char(today::timestamp, 'YYYY-MM-DD')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    first_day := make_date(target_year, 1, 1);
    last_day := least(make_date(target_year, 12, 31), today);
    SELECT count(*) FILTER (WHERE d.present), coalesce(bool_or(d.folded), false),
        coalesce(array_agg(d.day) FILTER (WHERE NOT d.present AND d.day < today), '{}'),
        coalesce(array_agg(d.day) FILTER (WHERE d.failed AND d.present), '{}'),
            coalesce(array_agg(d.day) FILTER (WHERE d.stale AND NOT d.failed), '{}')
    INTO found, converted, missing, failed, stale FROM _wh_internal.day_states(feed, first_day, last_day) d;
    IF last_day = today AND NOT EXISTS (SELECT FROM _wh_internal.day_states(feed, today, today) d
        WHERE d.present) AND today > first_day THEN
        last_day := today - 1;
    END IF;
    -- Slices beside a yearly table, which no view reads.
    SELECT coalesce(array_agg(r.first_day ORDER BY r.first_day), '{}') INTO leftover
        FROM _wh_internal.storage_relations(feed, only_daily => true) r
    WHERE converted AND r.leftover AND extract(year FROM r.first_day) = target_year;
    SELECT coalesce(jsonb_agg(jsonb_build_object('from', g.first, 'to', g.last, 'days', g.days)
        ORDER BY g.first), '[]') INTO ranges
    FROM (SELECT min(m.day) AS first, max(m.day) AS last, count(*) AS days
          FROM unnest(missing) WITH ORDINALITY AS m(day, n) GROUP BY m.day - m.n::integer) g;
    status := CASE
        WHEN _wh_internal.fold_step(feed, target_year) IS NOT NULL THEN 'fold not finished'
        WHEN cardinality(leftover) > 0 THEN 'stale slices beside the yearly table'
        WHEN cardinality(missing) > 0 THEN 'incomplete'
        WHEN cardinality(failed || stale) > 0 THEN 'days to load again'
        WHEN converted THEN 'converted'
        WHEN target_year = extract(year FROM today) THEN 'complete to date'
        ELSE 'complete' END;
    next_step := CASE replace(status, 'fold not finished', 'complete')
        WHEN 'stale slices beside the yearly table'
        THEN 'Drop the daily materialized views of the year: the tenant view reads the yearly table.'
        WHEN 'complete'
            THEN format('SELECT _wh.create_combined_table_from_template_by_year(%L, %L, %s)',
            feed.template_name, feed.schema_name, target_year)
        WHEN 'incomplete'
            THEN format('SELECT _wh.update_mv_window_by_template(%L, %L, %L, %L, %L)', feed.template_name,
            feed.tenant_name,
            feed.schema_name, ranges -> 0 ->> 'from', ranges -> -1 ->> 'to')
        WHEN 'days to load again'
            THEN (SELECT format('SELECT _wh.update_mv_window_by_template(%L, %L, %L, %L, %L)',
            feed.template_name, feed.tenant_name,
            feed.schema_name, to_char(min(l)::timestamp, 'YYYY-MM-DD'),
                to_char(max(l)::timestamp, 'YYYY-MM-DD')) FROM unnest(failed || stale) l)
        END;
    RETURN jsonb_build_object('success', status IN ('complete', 'complete to date', 'converted'), 'status',
        status,
        'template', feed.template_name, 'schema', feed.schema_name, 'year', target_year,
        'expected_days', last_day - first_day + 1, 'found_days', found,
        'missing_count', cardinality(missing), 'missing_days', to_jsonb(missing), 'missing_ranges', ranges,
        'before_span', (SELECT count(*) FROM unnest(missing) m WHERE m < _wh_internal.first_day(feed)),
        'failed_days', to_jsonb(failed), 'stale_days', to_jsonb(stale),
        'stale_mvs', to_jsonb(leftover), 'converted', converted, 'next', next_step);
END
$$;
COMMENT ON FUNCTION _wh.check_views_by_template_for_year IS 'Whether a year of a tenant is complete: status, '
    'missing days, and what to run next';
