CREATE OR REPLACE FUNCTION _wh_internal.shared_find(feed _wh.feeds, slice_date date) RETURNS regclass
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The table that holds a day, or NULL.
    SELECT l.relid::regclass FROM _wh_internal.shared_leaves(feed.template_name, feed.storage) l
    WHERE slice_date BETWEEN l.first_day AND l.last_day
$$;
