CREATE OR REPLACE FUNCTION _wh_internal.partition_finish(feed _wh.feeds, leaf oid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Index the table of an interrupted bulk load before something else is loaded into it; nothing to do for
-- other tables. The loader uses several sessions for it, and so may leave some indexes unfinished when it is
-- killed. Only the loader continues there, because dropping these indexes would block reports. Duplicate
-- rows are recorded as the failure of their days.
DECLARE
    target record;
    failure text;
BEGIN
    IF NOT EXISTS (SELECT FROM _wh_internal.table_states(feed) s
        WHERE s.relid = leaf AND s.state = 'unindexed') THEN
        RETURN;
    END IF;
    SELECT u.* INTO target FROM _wh_internal.unindexed_tables(feed) u
    WHERE u.relid = leaf AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = leaf);
    IF NOT FOUND OR NOT _wh_internal.index_begin(feed, leaf) THEN
        RETURN;
    END IF;
    BEGIN
        EXECUTE _wh_internal.kept_indexes(feed, _wh_internal.feed_template(feed),
            target.relname);
        PERFORM _wh_internal.index_end(feed, leaf);
    EXCEPTION WHEN unique_violation THEN
        failure := format('%s cannot be indexed: %s', leaf::regclass, SQLERRM);
        PERFORM _wh_internal.doubled_days(feed, leaf);
        PERFORM _wh_internal.write_log('partition_finish', 'ERROR', failure, to_jsonb(feed));
    END;
END
$$;
