CREATE OR REPLACE FUNCTION _wh_internal.folded_years(feed _wh.feeds) RETURNS TABLE (year integer)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The years that were combined into one table.
    SELECT y.year FROM _wh_internal.year_relations(feed) y WHERE feed.storage = 'matview' AND NOT y.open
    UNION ALL
    SELECT l.year FROM _wh_internal.partition_leaves(feed) l
    JOIN _wh_internal.table_states(feed) s ON s.relid = l.relid AND s.state = 'folded'
    WHERE feed.storage = 'partition' AND l.month IS NULL
$$;
