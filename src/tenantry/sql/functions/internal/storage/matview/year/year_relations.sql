CREATE OR REPLACE FUNCTION _wh_internal.year_relations(feed _wh.feeds)
RETURNS TABLE (year integer, relid oid, relname text, open boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The yearly tables of matview storage. An open one came by a move and is not folded: it has the days
    -- that are recorded. A table that somebody created in the tenant's schema also counts, if _wh_data has
    -- none.
    SELECT DISTINCT ON (1) right(c.relname::text, 4)::integer, c.oid, c.relname::text, c.oid IN (
        SELECT t.relid FROM _wh_internal.table_states(feed) t WHERE t.state = 'open')
    FROM (VALUES (1, to_regnamespace('_wh_data'), _wh_internal.kept_stem(feed)),
        (2, to_regnamespace(quote_ident(feed.schema_name)), _wh_internal.name_stem(feed.template_name)))
        AS p (rank, namespace, stem)
    JOIN pg_class c ON c.relnamespace = p.namespace AND c.relkind = 'r' AND NOT c.relispartition
        AND c.relname >= (stem || '_')::name AND c.relname < (stem || '`')::name
        AND substr(c.relname::text, length(stem) + 2) ~ '^[0-9]{4}$'
    ORDER BY 1, p.rank
$$;
