CREATE OR REPLACE FUNCTION _wh_internal.feed_key(feed _wh.feeds, day date) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The columns that tell the rows of a day apart, by a unique index of the relation that holds them; NULL if there is none.
    SELECT _wh_internal.unique_key(r.relid, ARRAY(SELECT c.column_name FROM _wh.template_columns c WHERE c.template_name = feed.template_name))
    FROM (
        SELECT _wh_internal.partition_find(feed, day)::oid AS relid WHERE feed.storage = 'partition'
        UNION ALL
        SELECT y.relid FROM _wh_internal.year_relations(feed) y WHERE feed.storage = 'matview' AND y.year = extract(year FROM day)
        UNION ALL
        SELECT s.relid FROM _wh_internal.slice_relations(feed) s WHERE feed.storage = 'matview' AND s.slice_date = day
    ) r
    WHERE r.relid IS NOT NULL LIMIT 1
$$;
