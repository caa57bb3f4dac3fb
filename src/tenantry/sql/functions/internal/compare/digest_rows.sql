CREATE OR REPLACE FUNCTION _wh_internal.digest_rows(digest text) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The number of rows that a digest covers (see digest_query).
    SELECT split_part(digest, ':', 2)::bigint
$$;
