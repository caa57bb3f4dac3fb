CREATE OR REPLACE FUNCTION _wh_internal.partition_find(feed _wh.feeds, slice_date date) RETURNS regclass
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The table that holds a day in partition storage, or NULL. Looked up by its name: partition_leaves reads
    -- all of them.
    SELECT c.oid::regclass
    FROM _wh_internal.kept_stem(feed) AS s (stem)
    JOIN pg_class c ON c.relname IN ((stem || to_char(slice_date::timestamp, '_YYYY'))::name,
        (stem || to_char(slice_date::timestamp, '_YYYY_MM'))::name)
    JOIN pg_inherits i ON i.inhrelid = c.oid
    WHERE i.inhparent = _wh_internal.kept_relation(_wh_internal.kept_name(feed))
    ORDER BY length(c.relname) DESC
$$;
