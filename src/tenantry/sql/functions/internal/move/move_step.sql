CREATE OR REPLACE FUNCTION _wh_internal.move_step(template_name text, target_schema text, storage text,
    state jsonb DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- One step of moving a feed to another storage, to be committed by itself. It takes what the previous step
-- returned, at first NULL. `phase` is what to do next: wait (for the session `pid`, which moves the feed),
-- copy (a year), hold (keep loads out), compare (a year), swap, release (let loads in), done. The session
-- holds the locks from one step to the next; an error releases them.
DECLARE
    feed _wh.feeds := _wh_internal.find_feed(template_name, target_schema);
    years jsonb;
    result jsonb;
BEGIN
    IF state IS NULL AND NOT pg_try_advisory_lock(_wh_internal.move_lock(feed)) THEN
        RETURN jsonb_build_object('phase', 'wait', 'pid',
            _wh_internal.advisory_holder(_wh_internal.move_lock(feed)));
    ELSIF state IS NULL OR state ->> 'phase' = 'wait' THEN
        IF state IS NOT NULL THEN
            PERFORM _wh_internal.await_lock(_wh_internal.move_lock(feed), false,
                format('%s.%s, which another session moves', feed.schema_name, feed.template_name), true);
            feed := _wh_internal.find_feed(template_name, target_schema);
        END IF;
        BEGIN
            -- Notice a killed program after a second, and not only when its statement has ended.
            PERFORM set_config('client_connection_check_interval', '1s', false);
        EXCEPTION WHEN invalid_parameter_value THEN
            NULL;
        END;
        result := _wh_internal.move_begin(feed, storage);
        IF storage IS NOT DISTINCT FROM feed.storage THEN
            RETURN jsonb_build_object('phase', 'release', 'from', feed.storage, 'moved', false, 'years', 0,
                'bytes', 0, 'rows', 0, 'days_again', 0);
        END IF;
        PERFORM _wh_internal.write_log('set_storage', 'INFO', 'move begun',
            to_jsonb(feed) || result || jsonb_build_object('to', storage));
        state := jsonb_build_object('from', feed.storage, 'moved', true, 'bytes', result -> 'bytes', 'rows',
            0, 'days_again', 0);
        years := result -> 'years';
        state := state || jsonb_build_object('phase', CASE years WHEN '[]' THEN 'hold'
            ELSE 'copy' END, 'left', years, 'years', jsonb_array_length(years));
    ELSIF state ->> 'phase' = 'copy' THEN
        PERFORM _wh_internal.move_year(feed, storage, (state -> 'left' ->> 0)::integer, false);
        state := state || jsonb_build_object('left', (state -> 'left') - 0);
        IF state -> 'left' = '[]' THEN
            state := state || '{"phase": "hold"}';
        END IF;
    ELSIF state ->> 'phase' = 'hold' THEN
        PERFORM _wh_internal.await_lock(_wh_internal.tenant_lock(feed.schema_name), false,
            format('tenant %s, on which another session works', feed.schema_name), true),
            _wh_internal.hear_of_changes();
        -- Includes years that were loaded or dropped meanwhile.
        SELECT coalesce(jsonb_agg(DISTINCT y.year), '[]') INTO years FROM (
            SELECT unnest(_wh_internal.feed_years(feed)) AS year
            UNION ALL SELECT l.year
                FROM _wh_internal.partition_leaves(_wh_internal.side_feed(feed, 'tenantry_move_')) l) y;
        state := state || jsonb_build_object('phase', CASE years WHEN '[]' THEN 'swap'
            ELSE 'compare' END, 'left', years, 'years', jsonb_array_length(years));
    ELSIF state ->> 'phase' = 'compare' THEN
        result := _wh_internal.move_year(feed, storage, (state -> 'left' ->> 0)::integer, true);
        state := state || jsonb_build_object('left', (state -> 'left') - 0, 'rows',
            (state ->> 'rows')::bigint + (result ->> 'rows')::bigint,
            'days_again', (state ->> 'days_again')::integer + (result ->> 'days_again')::integer);
        IF state -> 'left' = '[]' THEN
            state := state || '{"phase": "swap"}';
        END IF;
    ELSIF state ->> 'phase' = 'swap' THEN
        PERFORM _wh_internal.move_swap(feed, storage);
        state := state || '{"phase": "release"}';
        PERFORM _wh_internal.write_log('set_storage', 'INFO', 'storage changed',
            to_jsonb(feed) || state || jsonb_build_object('to', storage));
    ELSE
        -- After the swap has been committed, because the next session must see it.
        PERFORM _wh_internal.move_release(feed);
        state := state || '{"phase": "done"}';
    END IF;
    RETURN state;
EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
    PERFORM _wh_internal.move_release(feed);
    RAISE;
END
$$;
