CREATE OR REPLACE FUNCTION _wh_internal.index_end(feed _wh.feeds, leaf oid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- A table has all of its indexes now. This is the last step, so a load that is killed before it leaves the
-- table to be indexed.
BEGIN
    EXECUTE format('ANALYZE %s', leaf::regclass);
    PERFORM _wh_internal.note_table(feed, (SELECT c.relname::text FROM pg_class c WHERE c.oid = leaf), NULL);
END
$$;
