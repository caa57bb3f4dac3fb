CREATE OR REPLACE FUNCTION _wh_internal.matview_prepare(feed _wh.feeds, first_day date, last_day date)
RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    -- Nothing to do: loading a day creates its view.
    SELECT
$$;
