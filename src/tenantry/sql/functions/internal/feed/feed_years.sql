CREATE OR REPLACE FUNCTION _wh_internal.feed_years(feed _wh.feeds) RETURNS integer[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The years of which a feed has slices, yearly tables or partitions.
    SELECT coalesce(array_agg(DISTINCT y.year ORDER BY y.year), '{}') FROM (
        SELECT r.year FROM _wh_internal.year_relations(feed) r WHERE feed.storage = 'matview'
        UNION ALL
        SELECT extract(year FROM s.slice_date)::integer FROM _wh_internal.slice_relations(feed) s WHERE feed.storage = 'matview'
        UNION ALL
        SELECT l.year FROM _wh_internal.partition_leaves(feed) l WHERE feed.storage = 'partition'
    ) y
$$;
