CREATE OR REPLACE FUNCTION _wh_internal.lock_slice(feed _wh.feeds, slice_date date) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    -- Loads of one slice queue here, and a load and the folding of its year exclude each other. Held until
    -- the transaction ends.
    SELECT _wh_internal.hold_feed(feed),
        _wh_internal.await_lock(_wh_internal.year_lock(feed, extract(year FROM slice_date)::integer), true,
            format('%s.%s %s, whose year is being folded', feed.schema_name, feed.template_name, slice_date)),
        _wh_internal.await_lock(hashtextextended(jsonb_build_array('tenantry slice', feed.schema_name,
            feed.template_name, slice_date)::text, 0),
            false, format('%s.%s %s, which another session is loading', feed.schema_name, feed.template_name,
                slice_date)),
        _wh_internal.hear_of_changes()
$$;
