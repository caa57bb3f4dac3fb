CREATE OR REPLACE FUNCTION _wh_internal.libpq_knows(keyword text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
-- Whether this server's libpq, through which dblink connects, knows a keyword. libpq refuses a connection
-- string with an unknown keyword.
BEGIN
    EXECUTE format('SELECT %I.dblink_fdw_validator($1, $2)', _wh_internal.dblink_schema())
    USING ARRAY[keyword || '=1'], 'pg_foreign_server'::regclass::oid;
    RETURN true;
EXCEPTION WHEN fdw_option_name_not_found THEN
    RETURN false;
END
$$;
