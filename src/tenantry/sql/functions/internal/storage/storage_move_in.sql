CREATE OR REPLACE FUNCTION _wh_internal.storage_move_in(feed _wh.feeds, side _wh.feeds, folded integer[])
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Take in the copy of a move: the partitioned table of `side`, whose parts already have their final names.
-- feed.storage is the new one; `folded` are the years that were folded in the old one, and stay so.
BEGIN
    EXECUTE format('SELECT %s($1, $2, $3)', _wh_internal.storage_routine(feed.storage, 'move_in'))
        USING feed, side, folded;
END
$$;
