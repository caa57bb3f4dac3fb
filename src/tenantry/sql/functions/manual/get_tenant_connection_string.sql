CREATE OR REPLACE FUNCTION _wh.get_tenant_connection_string(tenant_connection_name text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM _wh_internal.known_server(tenant_connection_name);
    IF NOT _wh_internal.holds_source(tenant_connection_name) THEN
        PERFORM _wh_internal.hold_source(tenant_connection_name);
    END IF;
    RETURN _wh_internal.server_name(tenant_connection_name);
END
$$;
COMMENT ON FUNCTION _wh.get_tenant_connection_string IS
    'What dblink() needs in this session to reach the tenant''s source: the name of a login that lasts until '
    'the session ends; not a secret';
