CREATE OR REPLACE FUNCTION _wh_internal.index_end(feed _wh.feeds, leaf oid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Record that a table has all of its indexes. This is the last step, so if a load is killed before it, the
-- table still counts as unindexed.
BEGIN
    EXECUTE format('ANALYZE %s', leaf::regclass);
    PERFORM _wh_internal.note_table(feed, (SELECT c.relname::text FROM pg_class c WHERE c.oid = leaf), NULL);
END
$$;
