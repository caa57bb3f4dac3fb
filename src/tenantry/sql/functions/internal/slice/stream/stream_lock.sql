CREATE OR REPLACE FUNCTION _wh_internal.stream_lock(feed _wh.feeds, first_day date, last_day date,
    asked timestamptz) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Lock some days before the source is queried, so that the query for its columns and the query for its rows
-- share one transaction that begins after all waiting here. Returns the query that returns the source's own
-- columns. `asked` is the time of the source's rows if it has already passed; another session may have loaded
-- newer ones since.
BEGIN
    IF NOT (_wh_internal.storage_traits((_wh_internal.hold_feed(feed)).storage)).streams THEN
        RAISE EXCEPTION '%.% was moved in the meantime to a storage that days cannot be copied into',
            feed.schema_name, feed.template_name
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Run the same command again.';
    END IF;
    PERFORM _wh_internal.lock_slice(feed, first_day + n) FROM generate_series(0, last_day - first_day) n;
    IF _wh_internal.loaded_since(feed, first_day, last_day, asked) THEN
        RAISE EXCEPTION '%.%: another session loaded some of its days after the source was queried',
            feed.schema_name, feed.template_name
            USING ERRCODE = 'serialization_failure', HINT = 'Run this again.';
    END IF;
    RETURN _wh_internal.describe_query(feed, first_day, last_day);
END
$$;
