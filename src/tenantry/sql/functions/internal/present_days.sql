CREATE OR REPLACE FUNCTION _wh_internal.present_days(feed _wh.feeds) RETURNS TABLE (slice_date date)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The days that are there as slices: by the catalog for materialized views, by the record of loads for rows of tables.
    WITH tables AS MATERIALIZED (
        SELECT l.year, l.month FROM _wh_internal.partition_leaves(feed) l WHERE feed.storage = 'partition'
        UNION ALL
        SELECT y.year, NULL FROM _wh_internal.year_relations(feed) y WHERE feed.storage = 'matview' AND y.open
    )
    SELECT r.slice_date FROM _wh_internal.slice_relations(feed) r
    WHERE feed.storage = 'matview' AND extract(year FROM r.slice_date) NOT IN (SELECT t.year FROM tables t)
    UNION ALL
    SELECT s.slice_date FROM _wh.slices s
    JOIN tables t ON t.year = extract(year FROM s.slice_date) AND (t.month IS NULL OR t.month = extract(month FROM s.slice_date))
    WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name AND s.loaded_at IS NOT NULL
$$;
