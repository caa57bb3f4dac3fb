-- After the functions: what they derive from a connection may have changed since it was stored. If a
-- connection has options that are now refused, its next use reports it. Run as whadmin.
DO $$
DECLARE
    connection _wh.tenant_connections;
BEGIN
    FOR connection IN SELECT c.* FROM _wh.tenant_connections c LOOP
        BEGIN
            PERFORM _wh_internal.apply_connection(connection, NULL);
        EXCEPTION WHEN invalid_parameter_value OR fdw_invalid_option_name THEN
            RAISE WARNING '%', SQLERRM;
        END;
    END LOOP;
END
$$;
