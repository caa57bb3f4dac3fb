CREATE OR REPLACE FUNCTION _wh_internal.storage_prepare(feed _wh.feeds, first_day date, last_day date)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Create what some days need before the first of them is locked, because creating it may take the locks of
-- the views. It stays even if no day is loaded.
BEGIN
    EXECUTE format('SELECT %s($1, $2, $3)', _wh_internal.storage_routine(feed.storage, 'prepare'))
        USING feed, first_day, last_day;
END
$$;
