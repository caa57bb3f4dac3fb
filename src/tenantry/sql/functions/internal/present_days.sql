CREATE OR REPLACE FUNCTION _wh_internal.present_days(feed _wh.feeds) RETURNS TABLE (slice_date date)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The days that are there as slices: by the catalog for materialized views, by the record of loads for partitions.
    WITH leaves AS MATERIALIZED (SELECT l.year, l.month FROM _wh_internal.partition_leaves(feed) l WHERE feed.storage = 'partition')
    SELECT r.slice_date FROM _wh_internal.slice_relations(feed) r WHERE feed.storage = 'matview'
    UNION ALL
    SELECT s.slice_date FROM _wh.slices s
    JOIN leaves l ON l.year = extract(year FROM s.slice_date) AND (l.month IS NULL OR l.month = extract(month FROM s.slice_date))
    WHERE s.schema_name = feed.schema_name AND s.template_name = feed.template_name AND s.loaded_at IS NOT NULL
$$;
