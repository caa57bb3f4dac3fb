CREATE OR REPLACE FUNCTION _wh_internal.slice_tables(feed _wh.feeds, only_daily boolean DEFAULT NULL)
RETURNS TABLE (relid oid, name text, filenode oid, first_day date, last_day date, daily boolean,
    trusted boolean)
LANGUAGE sql STABLE ROWS 10 SET search_path = pg_catalog, pg_temp AS $$
    -- The relations from which reports read a feed's days, with their current filenode: those of
    -- storage_relations that are populated and not leftovers. An unpopulated materialized view is left out,
    -- because nobody knows what it will hold.
    SELECT r.relid, format('%I.%I', n.nspname, c.relname), c.relfilenode, r.first_day, r.last_day, r.daily,
        r.trusted
    FROM _wh_internal.storage_relations(feed, only_daily) r JOIN pg_class c ON c.oid = r.relid
        JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relispopulated AND NOT r.leftover
$$;
