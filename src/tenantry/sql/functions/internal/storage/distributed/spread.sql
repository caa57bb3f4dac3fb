CREATE OR REPLACE FUNCTION _wh_internal.spread(distributed boolean, VARIADIC statements text[]) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- These statements as one text for EXECUTE; for a distributed table, so that all nodes carry them out.
    SELECT CASE WHEN distributed THEN format('SELECT _wh_internal.in_cluster(%L::text[])', statements)
        ELSE array_to_string(statements, '; ') END
$$;
