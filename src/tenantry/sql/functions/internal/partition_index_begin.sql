CREATE OR REPLACE FUNCTION _wh_internal.partition_index_begin(feed _wh.feeds, leaf oid) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Hold a table that is to be indexed until the transaction ends, against loads, the folding of its year, and whoever would
-- index it, too; false if somebody has done so meanwhile. Reports go on, and so do other sessions that make its indexes.
DECLARE
    target record;
BEGIN
    feed := _wh_internal.hold_feed(feed);
    SELECT u.* INTO target FROM _wh_internal.partition_unindexed(feed) u WHERE u.relid = leaf;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock_shared(_wh_internal.year_lock(feed, target.year)),
        pg_advisory_xact_lock(hashtextextended(jsonb_build_array('tenantry index', leaf)::text, 0));
    PERFORM _wh_internal.hear_of_changes();
    IF NOT EXISTS (SELECT FROM _wh_internal.partition_unindexed(feed) u WHERE u.relid = leaf) THEN
        RETURN false;
    END IF;
    EXECUTE format('LOCK TABLE %s IN SHARE MODE', leaf::regclass);
    RETURN true;
END
$$;
