CREATE OR REPLACE FUNCTION _wh_internal.fill_in(pattern text, schema_name text, view_name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
    -- Replace both placeholders in one pass, because a schema may be named "{VIEW_NAME}".
    SELECT string_agg(replace(p.part, '{SCHEMA}', schema_name), view_name ORDER BY p.n)
    FROM unnest(string_to_array(pattern, '{VIEW_NAME}')) WITH ORDINALITY AS p (part, n)
$$;
