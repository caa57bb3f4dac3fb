CREATE OR REPLACE FUNCTION _wh_internal.prune_logs() RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    -- A quarter of a year is enough to compare with last month, and keeps the table small.
    DELETE FROM _wh.function_logs WHERE created_at < now() - interval '90 days'
$$;
