CREATE OR REPLACE FUNCTION _wh_internal.index_definition(index oid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The part of an index's CREATE INDEX statement, as PostgreSQL writes it, that follows the relation:
    -- method, keys and the rest. It contains neither the name of the index nor that of the relation, so it
    -- can be compared with another index's.
    SELECT substr(pg_get_indexdef(i.indexrelid),
        length(format('CREATE %sINDEX %I ON %s.%I ', CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END,
        c.relname, CASE WHEN t.relnamespace = pg_my_temp_schema() THEN 'pg_temp'
            ELSE quote_ident(n.nspname) END, t.relname)) + 1)
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_class t ON t.oid = i.indrelid
    JOIN pg_namespace n ON n.oid = t.relnamespace
    WHERE i.indexrelid = index
$$;
