-- After the functions: what they write of a connection may have changed since it was stored. One with options
-- that are refused by now says so at its next use. Run as whadmin.
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
