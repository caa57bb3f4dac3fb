CREATE OR REPLACE FUNCTION _wh_internal.load_changed(feed _wh.feeds, slice_date date, digests jsonb,
    asked_at timestamptz, held boolean,
    caller_publishes boolean DEFAULT false) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Load one slice unless it has not changed since the source was asked. `held` means that the login of that
-- moment still exists, so what is pulled now matches the digest. A day that another session has loaded since
-- then is newer.
DECLARE
    day text := to_char(slice_date::timestamp, 'YYYY-MM-DD');
BEGIN
    PERFORM _wh_internal.storage_prepare(feed, slice_date, slice_date);
    PERFORM _wh_internal.lock_slice(feed, slice_date);
    IF EXISTS (SELECT FROM _wh_internal.unchanged_days(feed, slice_date, slice_date, digests, asked_at))
            OR held AND _wh_internal.loaded_since(feed, slice_date, slice_date, asked_at) THEN
        RETURN jsonb_build_object('date', day, 'status', 'unchanged');
    END IF;
    RETURN _wh_internal.load_slice(feed, slice_date, caller_publishes => caller_publishes,
        digest => CASE WHEN held THEN digests ->> day END, asked => CASE WHEN held THEN asked_at END);
END
$$;
