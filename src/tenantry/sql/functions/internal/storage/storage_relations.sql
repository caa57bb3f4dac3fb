CREATE OR REPLACE FUNCTION _wh_internal.storage_relations(feed _wh.feeds, only_daily boolean DEFAULT NULL)
RETURNS TABLE (relid oid, relname text, first_day date, last_day date, daily boolean, folded boolean,
    trusted boolean, leftover boolean)
LANGUAGE plpgsql STABLE ROWS 10 SET search_path = pg_catalog, pg_temp AS $$
-- The relations that hold a feed's rows, by the catalog, with the days that each may hold; or only those
-- that hold a single day (`daily`), or only the others. folded: it belongs to a folded year. trusted: its
-- days count as loaded without a record, if no day of the relation has one. leftover: it is beside a
-- relation that holds its days, and no report reads it. ROWS: otherwise PostgreSQL would read all of pg_class
-- to find a handful.
BEGIN
    RETURN QUERY EXECUTE format('SELECT * FROM %s($1, $2)', _wh_internal.storage_routine(feed.storage,
        'relations')) USING feed, only_daily;
END
$$;
