CREATE OR REPLACE FUNCTION _wh_internal.known_server(tenant_connection_name text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- The foreign server of an existing connection; raises an error if the connection does not exist.
BEGIN
    IF NOT EXISTS (SELECT FROM _wh.tenant_connections c WHERE c.tenant_name = tenant_connection_name) THEN
        RAISE EXCEPTION 'connection "%" does not exist', tenant_connection_name
            USING ERRCODE = 'undefined_object',
            HINT = (SELECT 'Known connections: ' || coalesce(string_agg(c.tenant_name, ', '
                ORDER BY c.tenant_name), 'none') FROM _wh.tenant_connections c);
    END IF;
    RETURN _wh_internal.server_name(tenant_connection_name);
END
$$;
