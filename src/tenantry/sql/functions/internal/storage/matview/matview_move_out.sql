CREATE OR REPLACE FUNCTION _wh_internal.matview_move_out(feed _wh.feeds) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    -- Nothing to do: the tenant view holds no rows, and move_switch puts aside what it reads.
    SELECT
$$;
