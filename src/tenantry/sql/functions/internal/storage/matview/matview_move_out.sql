CREATE OR REPLACE FUNCTION _wh_internal.matview_move_out(feed _wh.feeds) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    -- Nothing: the tenant view holds no rows, and what it reads is put aside by move_switch.
    SELECT
$$;
