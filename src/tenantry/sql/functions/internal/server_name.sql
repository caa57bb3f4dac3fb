CREATE OR REPLACE FUNCTION _wh_internal.server_name(tenant_name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
    -- The foreign server that carries a connection. dblink takes its name where it takes a connection string.
    SELECT _wh_internal.fit_name('wh_' || tenant_name)
$$;
