CREATE OR REPLACE FUNCTION _wh_internal.server_name(tenant_name text) RETURNS text
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
    -- The foreign server of a connection, even of a deleted one; NULL if there never was one.
    SELECT s.server_name FROM _wh.source_servers s WHERE s.tenant_name = server_name.tenant_name
$$;
