CREATE OR REPLACE FUNCTION _wh_internal.run_window(feed _wh.feeds, start_date timestamp, end_date timestamp,
    caller text,
    update_function text DEFAULT NULL, only_changed boolean DEFAULT false, tolerant boolean DEFAULT false)
        RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Load the days from start_date to end_date in order, each in a subtransaction, so that a bad day undoes only
-- itself. `update_function` is one of the operators' own functions, called with connection, schema and day.
-- With `only_changed`, the source is first asked which days differ, and the others are left alone. With
-- `tolerant`, the function raises no error if no day could be loaded; the summary says so.
DECLARE
    started timestamptz := clock_timestamp();
    latest date := _wh_internal.latest_day(feed.template_name);
    digests jsonb;
    held boolean := true;
    slice_date date := start_date::date;
    results jsonb[] := '{}'::jsonb[];
    result jsonb;
    first_error text;
    first_state text;
    mark text;
    summary jsonb;
BEGIN
    PERFORM _wh_internal.write_log(caller, 'INFO', 'window started',
        to_jsonb(feed) || jsonb_build_object('start_date', start_date::date, 'end_date', end_date::date));
    -- Before the first day is locked: a window that begins before the feed's span extends the span.
    PERFORM _wh_internal.extend_span(feed, start_date::date);
    IF update_function IS NULL THEN
        PERFORM _wh_internal.storage_prepare(feed, start_date::date, least(end_date::date, latest));
    END IF;
    IF only_changed AND slice_date <= latest THEN
        digests := _wh_internal.window_digests(feed, slice_date, least(end_date::date, latest));
    ELSE
        PERFORM _wh_internal.hold_source(feed.tenant_name);
    END IF;
    WHILE slice_date <= end_date::date LOOP
        IF slice_date > latest THEN
            result := jsonb_build_object('date', slice_date, 'status', 'skipped', 'error',
                'has not begun in UTC');
        ELSE
            BEGIN
                IF update_function IS NOT NULL THEN
                    result := _wh_internal.call_user_update(feed, slice_date, update_function);
                ELSIF digests IS NOT NULL THEN
                    result := _wh_internal.load_changed(feed, slice_date, digests, started, held,
                        caller_publishes => true);
                ELSE
                    result := _wh_internal.load_slice(feed, slice_date, caller_publishes => true);
                END IF;
            EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
                GET STACKED DIAGNOSTICS mark = CONSTRAINT_NAME;
                IF _wh_internal.is_own_cancel(SQLSTATE, mark) THEN
                    RAISE;
                END IF;
                first_error := coalesce(first_error, _wh_internal.visible(SQLERRM));
                first_state := coalesce(first_state, SQLSTATE);
                result := jsonb_build_object('date', slice_date, 'status', 'failed', 'error',
                    _wh_internal.visible(SQLERRM), 'sqlstate', SQLSTATE);
                PERFORM _wh_internal.record_failure(feed, slice_date, SQLERRM);
                -- A lost connection stays lost, so the next day logs in on its own.
                PERFORM _wh_internal.release_source(feed.tenant_name);
                held := false;
            END;
        END IF;
        results := results || result;
        slice_date := slice_date + 1;
    END LOOP;
    PERFORM _wh_internal.release_source(feed.tenant_name);

    SELECT jsonb_build_object('success', count(*) FILTER (WHERE r ->> 'status' = 'failed') = 0,
            'template', feed.template_name, 'schema', feed.schema_name, 'start_date', start_date::date,
            'end_date', end_date::date,
            'processed_mvs', count(*) FILTER (WHERE r ->> 'status' = 'loaded'),
            'created', count(*) FILTER (WHERE r ->> 'action' = 'created'),
            'refreshed', count(*) FILTER (WHERE r ->> 'action' <> 'created'),
            'skipped', count(*) FILTER (WHERE r ->> 'status' = 'skipped'),
            'failed', count(*) FILTER (WHERE r ->> 'status' = 'failed'),
            'total_records', coalesce(sum((r ->> 'rows')::bigint), 0),
            'duration_seconds', _wh_internal.seconds_since(started))
    INTO summary FROM unnest(results) r;
    IF only_changed THEN
        summary := summary || jsonb_build_object('unchanged', (SELECT count(*) FROM unnest(results) r
            WHERE r ->> 'status' = 'unchanged'));
    END IF;
    IF NOT tolerant AND first_error IS NOT NULL
        AND (summary ->> 'processed_mvs')::integer + coalesce((summary ->> 'unchanged')::integer, 0) = 0 THEN
        RAISE EXCEPTION 'no day of the window could be loaded; the first: %', first_error
            USING ERRCODE = CASE first_state WHEN '57014' THEN 'HV000'
            ELSE first_state END, DETAIL = (SELECT string_agg(r ->> 'error', E'\n')
                FROM unnest(results[1:5]) r);
    END IF;
    IF _wh_internal.feed_columns(feed) IS NOT NULL THEN
        PERFORM _wh_internal.storage_publish_tenant(feed);
    END IF;
    PERFORM _wh_internal.adopt_days(feed);
    PERFORM _wh_internal.write_log(caller, CASE WHEN first_error IS NULL THEN 'INFO'
        ELSE 'ERROR' END, 'window ended',
        to_jsonb(feed) || summary);
    PERFORM _wh_internal.prune_logs();
    RETURN summary || jsonb_build_object('date_results', to_jsonb(results));
EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
    PERFORM _wh_internal.release_source(feed.tenant_name);
    RAISE;
END
$$;
