CREATE OR REPLACE FUNCTION _wh_internal.unindexed_tables(feed _wh.feeds)
RETURNS TABLE (relid oid, relname text, year integer)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The tables that a bulk load has created without indexes (storage_stream_prepare) and that have not been
    -- indexed yet.
    SELECT r.relid, r.relname, extract(year FROM r.first_day)::integer
    FROM _wh_internal.storage_relations(feed, only_daily => false) r
    WHERE r.relid IN (SELECT s.relid FROM _wh_internal.table_states(feed) s WHERE s.state = 'unindexed')
        AND EXISTS (SELECT FROM _wh.mv_templates t WHERE t.template_name = feed.template_name)
$$;
