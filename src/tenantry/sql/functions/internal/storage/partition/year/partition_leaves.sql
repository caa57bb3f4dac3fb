CREATE OR REPLACE FUNCTION _wh_internal.partition_leaves(feed _wh.feeds)
    RETURNS TABLE (relid oid, relname text, year integer, month integer)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The tables that hold a feed's rows in partition storage, in order of time; month is NULL for a whole
    -- year.
    SELECT c.oid, c.relname::text, substr(c.relname::text, length(stem) + 2, 4)::integer,
        nullif(substr(c.relname::text, length(stem) + 7, 2), '')::integer
    FROM _wh_internal.kept_stem(feed) AS s (stem)
    JOIN pg_inherits i ON i.inhparent = _wh_internal.kept_relation(_wh_internal.kept_name(feed))
    JOIN pg_class c ON c.oid = i.inhrelid
    WHERE substr(c.relname::text, length(stem) + 1) ~ '^_[0-9]{4}(_[0-9]{2})?$'
    ORDER BY 3, 4
$$;
