CREATE OR REPLACE FUNCTION _wh_internal.storage_holder(feed _wh.feeds, slice_date date, OUT relid oid,
    OUT alone boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The relation that holds the rows of a day, or will hold them when this transaction ends; NULL if there is
-- none. alone: it holds no other day.
BEGIN
    EXECUTE format('SELECT * FROM %s($1, $2)', _wh_internal.storage_routine(feed.storage, 'holder'))
        USING feed, slice_date INTO relid, alone;
END
$$;
