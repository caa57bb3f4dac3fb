CREATE OR REPLACE FUNCTION _wh_internal.partition_leaves(feed _wh.feeds)
    RETURNS TABLE (relid oid, relname text, year integer, month integer)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The tables that hold a feed's rows in partition storage, in order of time; month is NULL for a whole
    -- year. By the catalog: to_regclass finds nothing in a schema that the role may not use, and days would
    -- pass for missing.
    SELECT c.oid, c.relname::text, substr(c.relname::text, length(stem) + 2, 4)::integer,
        nullif(substr(c.relname::text, length(stem) + 7, 2), '')::integer
    FROM (SELECT _wh_internal.name_stem(feed.template_name) AS stem,
            (SELECT p.oid FROM pg_class p
            WHERE p.relnamespace = to_regnamespace(quote_ident(feed.schema_name))
                AND p.relname = _wh_internal.fit_name(feed.template_name)::name) AS parent) s
    JOIN pg_inherits i ON i.inhparent = s.parent
    JOIN pg_class c ON c.oid = i.inhrelid
    WHERE substr(c.relname::text, length(stem) + 1) ~ '^_[0-9]{4}(_[0-9]{2})?$'
    ORDER BY 3, 4
$$;
