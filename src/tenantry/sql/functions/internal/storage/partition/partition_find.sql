CREATE OR REPLACE FUNCTION _wh_internal.partition_find(feed _wh.feeds, slice_date date) RETURNS regclass
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The table that holds a day in partition storage, or NULL.
    SELECT l.relid::regclass FROM _wh_internal.partition_leaves(feed) l
    WHERE l.year = extract(year FROM slice_date)
        AND coalesce(l.month = extract(month FROM slice_date), true)
$$;
