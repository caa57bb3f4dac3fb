CREATE OR REPLACE FUNCTION _wh_internal.bare_query(query text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
    -- A query without its final semicolon.
    SELECT regexp_replace(query, ';[[:space:]]*$', '')
$$;
