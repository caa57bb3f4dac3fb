CREATE OR REPLACE FUNCTION _wh.create_combined_table_from_template_by_year(template_name text,
    target_schema text, target_year integer) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    started timestamptz := clock_timestamp();
    feed _wh.feeds := _wh_internal.find_feed(template_name, target_schema);
    template _wh.mv_templates := _wh_internal.feed_template(feed);
    result jsonb;
BEGIN
    IF target_year IS NULL OR target_year >= extract(year FROM _wh.current_date_utc()) THEN
        RAISE EXCEPTION 'year % is not over: it is % in UTC', target_year,
            to_char(_wh.current_date_utc()::timestamp, 'YYYY-MM-DD')
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Only a closed year becomes a yearly table.';
    END IF;
    feed := _wh_internal.hold_feed(feed);
    PERFORM _wh_internal.settle_feed(feed);
    PERFORM _wh_internal.await_lock(_wh_internal.year_lock(feed, target_year), false,
        format('%s.%s %s, whose days another session is loading', feed.schema_name, feed.template_name,
        target_year)), _wh_internal.hear_of_changes();
    PERFORM _wh_internal.require_complete_year(feed, target_year);
    result := jsonb_build_object('success', true, 'template', feed.template_name, 'schema', feed.schema_name,
        'year', target_year)
        || _wh_internal.storage_fold(feed, template, target_year) || jsonb_build_object('duration_seconds',
            _wh_internal.seconds_since(started));
    PERFORM _wh_internal.write_log('create_combined_table_from_template_by_year', 'INFO', 'year converted',
        to_jsonb(feed) || result);
    RETURN result;
END
$$;
COMMENT ON FUNCTION _wh.create_combined_table_from_template_by_year IS
    'Fold the daily slices of a closed, complete year into one yearly table; readers see every row exactly '
    'once throughout';
