CREATE OR REPLACE FUNCTION _wh_internal.fill_schema(query text, schema_name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
    -- A query with a tenant's name in place of '{SCHEMA}', as a literal. A name that could end a surrounding
    -- comment or literal is inserted only where '{SCHEMA}' is a literal by itself, and the comments are left
    -- out. Sources read backslashes as plain characters.
    SELECT CASE WHEN query NOT LIKE '%''{SCHEMA}''%' THEN query
        WHEN schema_name ~ '^[[:alnum:]_ .-]+$'
        THEN replace(query, '''{SCHEMA}''', quote_literal(schema_name))
        ELSE (SELECT string_agg(CASE WHEN t.gap THEN E'\n' ELSE '' END || CASE WHEN t.word = '''{SCHEMA}'''
            AND t.kind = 'literal'
                THEN format('''%s''', replace(schema_name, '''', ''''''))
                ELSE _wh_internal.written(t.kind, t.word, false) END, '' ORDER BY t.n)
            FROM _wh_internal.tokens(query) t) END
$$;
