CREATE OR REPLACE FUNCTION _wh_internal.hold_source(tenant_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Open one connection to the source and keep it for the loads that follow in this session: dblink looks for an open
-- connection of the given name before it looks for a foreign server, so every slice saves a login.
DECLARE
    server text := _wh.get_tenant_connection_string(tenant_name);
BEGIN
    PERFORM _wh_internal.release_source(tenant_name);
    EXECUTE format('SELECT %I.dblink_connect(%L, %L)', _wh_internal.dblink_schema(), server, server);
END
$$;
