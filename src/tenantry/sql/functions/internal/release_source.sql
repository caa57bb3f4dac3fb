CREATE OR REPLACE FUNCTION _wh_internal.release_source(tenant_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    server text := _wh_internal.server_name(tenant_name);
    held boolean;
BEGIN
    EXECUTE format('SELECT %L = ANY (%I.dblink_get_connections())', server, _wh_internal.dblink_schema()) INTO held;
    IF held THEN
        EXECUTE format('SELECT %I.dblink_disconnect(%L)', _wh_internal.dblink_schema(), server);
    END IF;
END
$$;
