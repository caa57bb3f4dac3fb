CREATE OR REPLACE FUNCTION _wh_internal.seconds_since(started timestamptz) RETURNS numeric
LANGUAGE sql VOLATILE STRICT SET search_path = pg_catalog, pg_temp AS $$
    SELECT round(extract(epoch FROM clock_timestamp() - started), 3)
$$;
