CREATE OR REPLACE FUNCTION _wh_internal.storage_sources(feed _wh.feeds, since date, until date)
RETURNS TABLE (relid oid, first_day date, last_day date, alone boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The relations from which reports get the rows of some days, and the days that each one has, alone or with
-- others (told apart by the time column, or without one by a column slice_date). Relations without data are
-- left out.
BEGIN
    RETURN QUERY EXECUTE format('SELECT * FROM %s($1, $2, $3)', _wh_internal.storage_routine(feed.storage,
        'sources'))
    USING feed, since, until;
END
$$;
