CREATE OR REPLACE FUNCTION _wh_internal.kept_base(schema_name text, template_name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
    -- The start of the names of a tenant's tables in _wh_data. A schema name that could be ambiguous is
    -- quoted, so "a.b" and "c" never get the same name as "a" and "b.c". Not by quote_ident(), because its
    -- list of keywords grows with PostgreSQL's versions.
    SELECT concat(CASE WHEN schema_name ~ '^[a-z0-9_]+$' THEN schema_name
        ELSE '"' || replace(schema_name, '"', '""') || '"' END, '.', template_name)
$$;
