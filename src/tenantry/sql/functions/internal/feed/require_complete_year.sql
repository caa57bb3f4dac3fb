CREATE OR REPLACE FUNCTION _wh_internal.require_complete_year(feed _wh.feeds, target_year integer)
    RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Raise an error unless every day of the year exists and the year is not folded yet.
DECLARE
    check_result jsonb := _wh.check_views_by_template_for_year(feed.template_name, feed.schema_name,
        target_year);
BEGIN
    IF (check_result ->> 'converted')::boolean THEN
        RAISE EXCEPTION 'yearly table %.% already exists', quote_ident(feed.schema_name),
                quote_ident(_wh_internal.yearly_name(feed.template_name, target_year))
            USING ERRCODE = 'duplicate_table',
                HINT = 'The year is folded; to load one of its days again: SELECT '
                '_wh.update_mv_by_template(template, connection, schema, date)';
    ELSIF check_result ->> 'status' = 'days to load again' THEN
        RAISE EXCEPTION 'year % of %.% is not ready: days whose last load failed: %; days loaded before '
            'they had ended: %', target_year, feed.schema_name,
                feed.template_name, jsonb_array_length(check_result -> 'failed_days'),
                jsonb_array_length(check_result -> 'stale_days')
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = check_result ->> 'next';
    ELSIF check_result ->> 'status' <> 'complete' THEN
        RAISE EXCEPTION 'year % of %.% is incomplete: % of % days are missing: %', target_year,
            feed.schema_name, feed.template_name,
                check_result ->> 'missing_count', check_result ->> 'expected_days',
                (SELECT string_agg(CASE WHEN r ->> 'from' = r ->> 'to' THEN r ->> 'from'
                    ELSE (r ->> 'from') || ' to ' || (r ->> 'to') END, ', ')
                 FROM jsonb_array_elements(check_result -> 'missing_ranges') r)
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = check_result ->> 'next';
    END IF;
END
$$;
