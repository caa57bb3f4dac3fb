CREATE OR REPLACE FUNCTION _wh_internal.keep_source(tenant_name text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- hold_source, unless a login is held already. Returns whether it logged in: who did so releases it. A login with a name
-- can be asked afterwards what the source said last (source_cancelled), one that dblink opens for a single query cannot.
DECLARE
    held boolean;
BEGIN
    EXECUTE format('SELECT coalesce(%L = ANY (%I.dblink_get_connections()), false)',
        _wh.get_tenant_connection_string(tenant_name), _wh_internal.dblink_schema()) INTO held;
    IF NOT held THEN
        PERFORM _wh_internal.hold_source(tenant_name);
    END IF;
    RETURN NOT held;
END
$$;
