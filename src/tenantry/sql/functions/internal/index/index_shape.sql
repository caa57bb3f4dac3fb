CREATE OR REPLACE FUNCTION _wh_internal.index_shape(index oid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- An index's definition without its name and its relation's, to find the same index on another relation.
    SELECT concat(CASE WHEN i.indisunique
        THEN 'UNIQUE ' END, substr(d.definition, strpos(d.definition, ' USING ')))
    FROM pg_index i, pg_get_indexdef(i.indexrelid) AS d (definition) WHERE i.indexrelid = index
$$;
