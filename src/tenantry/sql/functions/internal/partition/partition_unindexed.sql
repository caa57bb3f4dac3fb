CREATE OR REPLACE FUNCTION _wh_internal.partition_unindexed(feed _wh.feeds) RETURNS TABLE (relid oid, relname text, year integer)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The tables that a bulk load made without indexes (partition_leaf) and that are to get them yet.
    SELECT l.relid, l.relname, l.year FROM _wh_internal.partition_leaves(feed) l
    WHERE feed.storage = 'partition' AND l.relid IN (SELECT s.relid FROM _wh_internal.table_states(feed) s WHERE s.state = 'unindexed')
        AND EXISTS (SELECT FROM _wh.mv_templates t WHERE t.template_name = feed.template_name)
$$;
