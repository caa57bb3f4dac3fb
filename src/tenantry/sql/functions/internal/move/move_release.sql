CREATE OR REPLACE FUNCTION _wh_internal.move_release(feed _wh.feeds) RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    -- Release the move locks that this session holds; unlocking one that it does not hold would raise a
    -- warning.
    SELECT pg_advisory_unlock(k.key)
    FROM unnest(ARRAY[_wh_internal.tenant_lock(feed.schema_name), _wh_internal.move_lock(feed)]) AS k (key)
    WHERE _wh_internal.advisory_holder(k.key) = pg_backend_pid()
$$;
