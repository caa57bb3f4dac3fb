CREATE OR REPLACE FUNCTION _wh_internal.partition_sources(feed _wh.feeds, since date, until date)
RETURNS TABLE (relid oid, first_day date, last_day date, alone boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The tenant's table, whatever partitions it has.
    SELECT t.relid, since, until, false
    FROM _wh_internal.kept_relation(_wh_internal.kept_name(feed)) AS t (relid) WHERE t.relid IS NOT NULL
$$;
