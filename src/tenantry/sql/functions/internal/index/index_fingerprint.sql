CREATE OR REPLACE FUNCTION _wh_internal.index_fingerprint(is_unique boolean, definition text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
    SELECT md5(jsonb_build_array(is_unique, definition)::text)
$$;
