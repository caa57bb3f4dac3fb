CREATE OR REPLACE FUNCTION _wh_internal.storage_move_out(feed _wh.feeds) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Clear the tenant's name for a move to another storage: put aside what the tenant's reports read
-- (tenantry_old_), or drop it if it holds no rows. Afterwards move_switch, which holds all locks, renames
-- the other relations with rows.
BEGIN
    EXECUTE format('SELECT %s($1)', _wh_internal.storage_routine(feed.storage, 'move_out')) USING feed;
END
$$;
