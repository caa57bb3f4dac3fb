CREATE OR REPLACE FUNCTION _wh_internal.year_relations(feed _wh.feeds)
RETURNS TABLE (year integer, relid oid, relname text, open boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The yearly tables of matview storage. An open one came by a move, and is not combined: its days are
    -- those on record.
    SELECT right(c.relname::text, 4)::integer, c.oid, c.relname::text, c.oid IN (SELECT t.relid
        FROM _wh_internal.table_states(feed) t WHERE t.state = 'open')
    FROM pg_class c, (SELECT _wh_internal.name_stem(feed.template_name) AS stem) s
    WHERE c.relnamespace = to_regnamespace(quote_ident(feed.schema_name)) AND c.relkind = 'r'
        AND c.relname >= (stem || '_')::name AND c.relname < (stem || '`')::name
        AND substr(c.relname::text, length(stem) + 2) ~ '^[0-9]{4}$'
    ORDER BY 1
$$;
