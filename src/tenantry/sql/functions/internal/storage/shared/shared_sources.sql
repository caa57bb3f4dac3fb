CREATE OR REPLACE FUNCTION _wh_internal.shared_sources(feed _wh.feeds, since date, until date)
RETURNS TABLE (relid oid, first_day date, last_day date, alone boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The shared table, whatever partitions it has.
    SELECT t.relid, since, until, false FROM _wh_internal.storage_table(feed) AS t (relid)
    WHERE t.relid IS NOT NULL
$$;
