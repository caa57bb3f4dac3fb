CREATE OR REPLACE FUNCTION _wh_internal.stream_lock(feed _wh.feeds, first_day date, last_day date,
    asked timestamptz) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Lock some days, so that the source is asked for its columns and its rows in one transaction that begins
-- after all waiting here; the query that shows the source's own columns. `asked`: the moment that the
-- source's rows are of, if that has passed; somebody may have pulled newer ones since.
BEGIN
    IF NOT (_wh_internal.storage_traits((_wh_internal.hold_feed(feed)).storage)).streams THEN
        RAISE EXCEPTION '%.% was moved meanwhile to a storage that days cannot be copied into',
            feed.schema_name, feed.template_name
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Run the same command again.';
    END IF;
    PERFORM _wh_internal.lock_slice(feed, first_day + n) FROM generate_series(0, last_day - first_day) n;
    IF _wh_internal.loaded_since(feed, first_day, last_day, asked) THEN
        RAISE EXCEPTION '%.%: days were loaded by somebody else after the source was asked for them',
            feed.schema_name, feed.template_name
            USING ERRCODE = 'serialization_failure', HINT = 'Ask again.';
    END IF;
    RETURN _wh_internal.describe_query(feed, first_day, last_day);
END
$$;
