CREATE OR REPLACE FUNCTION _wh_internal.index_begin(feed _wh.feeds, leaf oid) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Hold a table that is to be indexed until the transaction ends, against the folding of its year and against
-- other sessions that would index it. Returns false if another session has already indexed it. It takes no
-- lock on the table itself: a load that waited for that lock would block the other sessions that build the
-- indexes, and this session waits for them.
DECLARE
    target record;
BEGIN
    feed := _wh_internal.hold_feed(feed);
    SELECT u.* INTO target FROM _wh_internal.unindexed_tables(feed) u WHERE u.relid = leaf;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM _wh_internal.await_lock(_wh_internal.year_lock(feed, target.year), true,
            format('%s.%s %s, which another session is folding', feed.schema_name, feed.template_name,
            target.year)),
        _wh_internal.await_lock(hashtextextended(jsonb_build_array('tenantry index', leaf)::text, 0), false,
            format('table %s, which another session is indexing', leaf::regclass));
    PERFORM _wh_internal.hear_of_changes();
    IF NOT EXISTS (SELECT FROM _wh_internal.unindexed_tables(feed) u WHERE u.relid = leaf) THEN
        RETURN false;
    END IF;
    -- While the others build the indexes, this session is idle.
    PERFORM set_config('idle_in_transaction_session_timeout', '0', true);
    RETURN true;
END
$$;
