CREATE OR REPLACE FUNCTION _wh.update_mv_window_by_template(
    template_name text, tenant_connection_name text, target_schema text, start_date timestamp, end_date timestamp) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Days are loaded in their order, each in a subtransaction: a bad one undoes nothing but itself.
DECLARE
    started timestamptz := clock_timestamp();
    feed _wh.feeds;
    today date := _wh.current_date_utc();
    slice_date date;
    results jsonb[] := '{}';
    result jsonb;
    first_error text;
    first_state text;
    summary jsonb;
BEGIN
    IF start_date IS NULL OR end_date IS NULL OR NOT isfinite(start_date) OR NOT isfinite(end_date) THEN
        RAISE EXCEPTION 'a window needs two days, not % to %', coalesce(start_date::text, 'NULL'), coalesce(end_date::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF start_date::date > end_date::date THEN
        RAISE EXCEPTION 'the window begins on % and ends before it, on %', start_date::date, end_date::date
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Give the earlier day first; both days are included.';
    END IF;
    slice_date := _wh_internal.checked_day(start_date);
    feed := _wh_internal.open_feed(template_name, tenant_connection_name, target_schema);
    PERFORM _wh_internal.write_log('update_mv_window_by_template', 'INFO', 'window started',
        to_jsonb(feed) || jsonb_build_object('start_date', start_date::date, 'end_date', end_date::date));
    PERFORM _wh_internal.hold_source(feed.tenant_name);
    WHILE slice_date <= end_date::date LOOP
        IF slice_date > today THEN
            result := jsonb_build_object('date', slice_date, 'status', 'skipped', 'error', 'has not begun in UTC');
        ELSE
            BEGIN
                result := _wh_internal.load_slice(feed, slice_date);
            EXCEPTION WHEN OTHERS THEN
                first_error := coalesce(first_error, SQLERRM);
                first_state := coalesce(first_state, SQLSTATE);
                result := jsonb_build_object('date', slice_date, 'status', 'failed', 'error', SQLERRM, 'sqlstate', SQLSTATE);
                PERFORM _wh_internal.record_failure(feed, slice_date, SQLERRM);
                -- A lost connection stays lost: the next day logs in by itself.
                PERFORM _wh_internal.release_source(feed.tenant_name);
            END;
        END IF;
        results := results || result;
        slice_date := slice_date + 1;
    END LOOP;
    PERFORM _wh_internal.release_source(feed.tenant_name);

    SELECT jsonb_build_object('success', count(*) FILTER (WHERE r ->> 'status' = 'failed') = 0,
            'template', feed.template_name, 'schema', feed.schema_name, 'start_date', start_date::date, 'end_date', end_date::date,
            'processed_mvs', count(*) FILTER (WHERE r ->> 'status' = 'loaded'),
            'created', count(*) FILTER (WHERE r ->> 'action' = 'created'),
            'refreshed', count(*) FILTER (WHERE r ->> 'action' <> 'created'),
            'skipped', count(*) FILTER (WHERE r ->> 'status' = 'skipped'),
            'failed', count(*) FILTER (WHERE r ->> 'status' = 'failed'),
            'total_records', coalesce(sum((r ->> 'rows')::bigint), 0),
            'duration_seconds', _wh_internal.seconds_since(started))
    INTO summary FROM unnest(results) r;
    IF first_error IS NOT NULL AND (summary ->> 'processed_mvs')::integer = 0 THEN
        RAISE EXCEPTION 'no day of the window could be loaded; the first: %', first_error
            USING ERRCODE = first_state, DETAIL = jsonb_pretty(to_jsonb(results));
    END IF;
    PERFORM _wh_internal.publish_tenant(feed);
    PERFORM _wh_internal.write_log('update_mv_window_by_template',
        CASE WHEN first_error IS NULL THEN 'INFO' ELSE 'ERROR' END, 'window ended', to_jsonb(feed) || summary);
    RETURN summary || jsonb_build_object('date_results', to_jsonb(results));
EXCEPTION WHEN query_canceled OR OTHERS THEN
    IF feed.tenant_name IS NOT NULL THEN
        PERFORM _wh_internal.release_source(feed.tenant_name);
    END IF;
    RAISE;
END
$$;
COMMENT ON FUNCTION _wh.update_mv_window_by_template IS
    'Pull the slices of the days from start_date to end_date, both included; a summary with date_results, or an error if no day worked';
