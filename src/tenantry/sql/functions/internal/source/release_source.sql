CREATE OR REPLACE FUNCTION _wh_internal.release_source(tenant_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF _wh_internal.holds_source(tenant_name) THEN
        EXECUTE format('SELECT %I.dblink_disconnect(%L)', _wh_internal.dblink_schema(),
            _wh_internal.server_name(tenant_name));
    END IF;
END
$$;
