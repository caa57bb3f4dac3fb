CREATE OR REPLACE FUNCTION _wh_internal.spread(distributed boolean, statements text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Statements about a distributed table, so that Citus carries them out on all nodes. Everywhere else its
    -- propagation is off: what Tenantry keeps besides is the coordinator's alone.
    SELECT CASE WHEN distributed THEN concat(
        'SELECT pg_catalog.set_config(''citus.enable_ddl_propagation'', ''on'', true); ', statements,
        '; SELECT pg_catalog.set_config(''citus.enable_ddl_propagation'', ''off'', true)')
        ELSE statements END
$$;
