CREATE OR REPLACE FUNCTION _wh_internal.holds_source(tenant_name text) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- Whether this session keeps a login to the source.
DECLARE
    held boolean;
BEGIN
    EXECUTE format('SELECT coalesce(%L = ANY (%I.dblink_get_connections()), false)',
        _wh_internal.server_name(tenant_name),
        _wh_internal.dblink_schema()) INTO held;
    RETURN held;
END
$$;
