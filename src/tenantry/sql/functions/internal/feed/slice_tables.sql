CREATE OR REPLACE FUNCTION _wh_internal.slice_tables(feed _wh.feeds, only_daily boolean DEFAULT NULL)
RETURNS TABLE (relid oid, name text, filenode oid, first_day date, last_day date, daily boolean, folded boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The relations that reports read a feed's days from, with what they are filled with (filenode): daily materialized views
    -- that are populated, yearly tables, partitions; or only those that are daily, or are not. What a materialized view without rows will have, nobody knows.
    WITH years AS MATERIALIZED (
        SELECT y.year, y.relid, y.open FROM _wh_internal.year_relations(feed) y WHERE feed.storage = 'matview'
    ), found AS (
        SELECT s.relid, s.slice_date AS first_day, s.slice_date AS last_day, true AS daily, false AS folded
        FROM _wh_internal.slice_relations(feed) s
        WHERE feed.storage = 'matview' AND only_daily IS DISTINCT FROM false AND extract(year FROM s.slice_date) NOT IN (SELECT y.year FROM years y)
        UNION ALL
        SELECT y.relid, make_date(y.year, 1, 1), make_date(y.year, 12, 31), false, NOT y.open FROM years y WHERE y.year > 0
        UNION ALL
        SELECT l.relid, make_date(l.year, coalesce(l.month, 1), 1),
            (make_date(l.year, coalesce(l.month, 12), 1) + interval '1 month')::date - 1, false, false
        FROM _wh_internal.partition_leaves(feed) l WHERE feed.storage = 'partition' AND l.year > 0 AND coalesce(l.month, 1) BETWEEN 1 AND 12
    )
    SELECT f.relid, format('%I.%I', n.nspname, c.relname), c.relfilenode, f.first_day, f.last_day, f.daily, f.folded
    FROM found f JOIN pg_class c ON c.oid = f.relid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relispopulated AND f.daily IS NOT DISTINCT FROM coalesce(only_daily, f.daily)
$$;
